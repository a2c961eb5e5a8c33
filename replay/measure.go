package replay

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Histograms hold nanoseconds up to an hour, in steps of at least 64 ns. What lies beyond is recorded as an hour and
// counted as Clamped.
const (
	lowest  = int64(100 * time.Nanosecond)
	highest = int64(time.Hour)
)

// Digits of precision: the whole of a target is exact to 0.1 %, its parts to 1 %, which takes an eighth of the memory
// (about 30 kB a histogram instead of 250 kB).
const (
	wholeDigits = 3
	partDigits  = 2
)

// A Measure is the latency of a set of requests. Response and Service hold those that were answered; the others are
// in FailedAfter, by when they failed, so that a fast refusal does not look like a fast answer.
type Measure struct {
	Response    *hdrhistogram.Histogram // done - due
	Service     *hdrhistogram.Histogram // done - sent, of the last attempt
	FailedAfter *hdrhistogram.Histogram // done - due of failed requests
	Bytes       int64                   // of response bodies
	Status      map[int]int64
	Clamped     int64
	// SameStatus and SameSize count the answers that are what the log recorded: an equivalent status, as many bytes.
	// Sized counts those for which the log has a size.
	SameStatus, SameSize, Sized int64
}

func newMeasure(digits int) *Measure {
	return &Measure{
		Response:    hdrhistogram.New(lowest, highest, digits),
		Service:     hdrhistogram.New(lowest, highest, digits),
		FailedAfter: hdrhistogram.New(lowest, highest, partDigits),
		Status:      make(map[int]int64),
	}
}

// Responses is how many requests were answered.
func (m *Measure) Responses() int64 { return m.Response.TotalCount() }

// Failed is how many were not.
func (m *Measure) Failed() int64 { return m.FailedAfter.TotalCount() }

func (m *Measure) add(s *sample) {
	if s.failed != "" {
		m.Clamped += record(m.FailedAfter, s.done-s.due)
		return
	}
	m.Clamped += record(m.Response, s.done-s.due)
	record(m.Service, s.done-s.sent)
	m.Bytes += s.answer.bytes
	m.Status[int(s.answer.status)]++
	if Equivalent(int(s.logged.status), int(s.answer.status)) {
		m.SameStatus++
	}
	if s.logged.bytes >= 0 {
		m.Sized++
	}
	if s.logged.bytes == s.answer.bytes {
		m.SameSize++
	}
}

// record returns 1 when the value had to be clamped.
func record(h *hdrhistogram.Histogram, d time.Duration) (clamped int64) {
	v := max(int64(d), 0)
	if v > highest {
		v, clamped = highest, 1
	}
	if err := h.RecordValue(v); err != nil {
		panic("histogram refuses a value inside its range: " + err.Error())
	}
	return clamped
}

// A Window is one second of a replay.
type Window struct {
	Sent      int64 // requests that left in this second
	Responses int64 // answers that were complete in this second
	Failed    int64
	Bytes     int64
	Late      int64 // of Sent, those that left late although a connection was free
	// Percentiles of the response time of those answers, in nanoseconds; 0 without any.
	P50, P99, Max int64
}

// windows keeps one Window a second, and the histograms of the latest second with an answer and of the one before: the
// samples of several loops come out of order by as long as each may keep them, which is far less than a second.
type windows struct {
	list   []Window
	latest int
	hists  [2]*hdrhistogram.Histogram // of the even and of the odd seconds
}

func newWindows() *windows {
	w := &windows{}
	for i := range w.hists {
		w.hists[i] = hdrhistogram.New(lowest, highest, partDigits)
	}
	return w
}

func (w *windows) at(t time.Duration) *Window {
	i := max(int(t/time.Second), 0)
	for len(w.list) <= i {
		w.list = append(w.list, Window{})
	}
	return &w.list[i]
}

// add counts a sample, which left late by our own fault or not. An answer belongs to the second in which it was complete. A
// straggler's latency is counted into the oldest window that is still open, so that no answer is missing from the percentiles.
func (w *windows) add(s *sample, late bool) {
	sent := w.at(s.left())
	sent.Sent++
	if late {
		sent.Late++
	}
	window := w.at(s.done)
	if s.failed != "" {
		window.Failed++
		return
	}
	window.Responses++
	window.Bytes += s.answer.bytes
	second := int(s.done / time.Second)
	for w.latest < second {
		w.latest++
		w.close(w.latest - 2)
	}
	record(w.hists[max(second, w.latest-1)%2], s.done-s.due)
}

// end closes the windows that are open.
func (w *windows) end() {
	w.close(w.latest - 1)
	w.close(w.latest)
}

// close ends the window of a second, and makes its histogram free for another.
func (w *windows) close(second int) {
	if second < 0 {
		return
	}
	hist := w.hists[second%2]
	if hist.TotalCount() == 0 {
		return
	}
	window := &w.list[second]
	window.P50, window.P99, window.Max = hist.ValueAtPercentile(50), hist.ValueAtPercentile(99), hist.Max()
	hist.Reset()
}
