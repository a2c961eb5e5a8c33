package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"ngxreplay/replay"
	"ngxreplay/replay/wire"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// FillTarget puts what a replay measured into t.
func FillTarget(t *Target, r *replay.Result) error {
	active := r.Active.Seconds()
	var err error
	var hdr hdrWriter
	latency := func(h *hdrhistogram.Histogram) Latency {
		l, encodeErr := newLatency(h, &hdr)
		err = cmp.Or(err, encodeErr)
		return l
	}
	statistics := func(m *replay.Measure) Statistics {
		s := Statistics{
			Count: m.Responses(), Failed: m.Failed(), Bytes: m.Bytes, Status: maps.Clone(m.Status),
			Response: latency(m.Response), Service: latency(m.Service),
		}
		if active > 0 {
			s.Rate = float64(s.Count) / active
		}
		return s
	}
	parts := func(parts []replay.Part) []Part {
		list := make([]Part, 0, len(parts))
		for _, p := range parts {
			list = append(list, Part{Name: p.Name, Statistics: statistics(p.Measure)})
		}
		return list
	}
	t.Ledger = r.Ledger
	t.ElapsedNS = int64(r.Elapsed)
	t.Opened, t.OpenAtOnce, t.Reconnected, t.Doubled = r.Opened, r.OpenAtOnce, r.Reconnected, r.Doubled
	t.Retried, t.RetriedAfter, t.AnsweredAfterRetry = r.Retries.Sent(), r.Retries.After, r.Retries.Answered
	t.Overall = statistics(r.Overall)
	t.FirstByte = latency(r.FirstByte)
	t.FailedIn = latency(r.Overall.FailedAfter)
	t.AsLogged = AsLogged{Status: r.Overall.SameStatus, Size: r.Overall.SameSize, Sized: r.Overall.Sized}
	t.Routes, t.Methods = parts(r.Routes), parts(r.Methods)
	t.Windows = windows(r.Windows)
	t.Mix = r.Mixed
	t.Errors = maskErrors(r.Errors)
	t.GRPC = r.GRPC
	t.Tool = Usage{
		CPUNS: int64(r.Own.CPU), PeakRSS: r.Own.PeakRSS, GCs: r.Own.GCs,
		GCPauseNS: int64(r.Own.GCPause), GCPauseMax: int64(r.Own.MaxGCPause),
	}
	t.Slowest = exemplars(r.Slowest)
	t.Fidelity = Fidelity{
		Lag: latency(r.Fidelity.Lag), Late: r.Fidelity.Late, RateError: r.Fidelity.RateError,
		Queued: r.Fidelity.Queued, Deepest: r.Fidelity.Deepest, TooLate: r.Fidelity.TooLate, ShiftedNS: int64(r.Fidelity.Shifted), Held: r.Fidelity.Held,
		Verdict: r.Fidelity.Verdict, Reasons: append([]string{}, r.Fidelity.Reasons...),
	}
	if r.Overall.Clamped > 0 {
		t.Fidelity.Reasons = append(t.Fidelity.Reasons,
			fmt.Sprintf("%d requests took more than %v and are counted as that", r.Overall.Clamped, time.Hour))
	}
	return err
}

// maskErrors masks the examples: there may be the request in them.
func maskErrors(all map[wire.Class]*replay.Failures) Errors {
	masked := make(Errors, len(all))
	for class, f := range all {
		m := *f
		m.Examples = slices.Clone(f.Examples)
		for i, text := range m.Examples {
			m.Examples[i] = Mask(text)
		}
		masked[class] = &m
	}
	return masked
}

func exemplars(slowest []replay.Exemplar) []Exemplar {
	list := make([]Exemplar, 0, len(slowest))
	for _, e := range slowest {
		list = append(list, Exemplar{
			Source: e.Source, Line: e.Line, Method: e.Method, Target: Mask(e.Target), Status: e.Status,
			Due: int64(e.Due), Lag: int64(e.Lag), Service: int64(e.Service), Response: int64(e.Response), Retries: e.Retries,
		})
	}
	return list
}

func newLatency(h *hdrhistogram.Histogram, hdr *hdrWriter) (Latency, error) {
	encoded, err := hdr.encode(h)
	if err != nil {
		return Latency{}, err
	}
	l := Latency{HDR: encoded}
	if h.TotalCount() == 0 {
		return l, nil
	}
	p := h.ValueAtPercentilesSlice([]float64{50, 90, 95, 99, 99.9})
	l.Min, l.Mean, l.Max = h.Min(), int64(h.Mean()), h.Max()
	l.P50, l.P90, l.P95, l.P99, l.P999 = p[0], p[1], p[2], p[3], p[4]
	return l, nil
}

func windows(list []replay.Window) []Window {
	windows := make([]Window, len(list))
	for i, w := range list {
		windows[i] = Window{
			Second: i, Sent: w.Sent, Responses: w.Responses, Failed: w.Failed, Bytes: w.Bytes, Late: w.Late,
			P50: w.P50, P99: w.P99, Max: w.Max,
		}
	}
	return windows
}

// HasData reports whether the target's numbers are worth showing.
func (t *Target) HasData() bool { return t.Overall.Count > 0 && t.Trouble == "" }

// isWhole reports whether the target was measured to the end of a replay that was what was asked for.
func (t *Target) isWhole() bool {
	return t.HasData() && t.Ledger.Abandoned == 0 && t.Fidelity.Verdict != replay.Unfaithful
}
