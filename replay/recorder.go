package replay

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ngxreplay/replay/wire"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A sample is what happened to one request that was sent.
type sample struct {
	*request
	sent, first, done time.Duration
	answer            answer
	failed            wire.Class // "" when answered
	text              string     // of the failure
}

func (s *sample) lag() time.Duration      { return s.sent - s.due }
func (s *sample) response() time.Duration { return s.done - s.due }

// A recorder turns samples into measurements. Connections append to shards, which costs them a lock that is rarely
// contended and an append; one goroutine empties the shards into the histograms.
type recorder struct {
	shards []shard
	names  *names

	overall   *Measure
	lag       *hdrhistogram.Histogram
	firstByte *hdrhistogram.Histogram
	late      int64 // sent more than a millisecond after due
	lastSent  time.Duration
	lastDue   time.Duration
	lastDone  time.Duration // of the answered ones
	routes    []*Measure
	methods   []*Measure
	windows   *windows
	errors    map[wire.Class]*Failures
	slowest   slowest

	responses atomic.Int64 // of overall, for those who watch
	failed    atomic.Int64
	spare     []sample
}

type shard struct {
	mu      sync.Mutex
	samples []sample
	_       [64]byte // keeps neighbours off the same cache line
}

// Failures are the failed requests of one class.
type Failures struct {
	Count    int64    `json:"count"`
	Examples []string `json:"examples"` // a few different texts
}

const maxExamples = 3

// drainEvery is how long samples wait in a shard.
const drainEvery = 50 * time.Millisecond

func newRecorder(n *names) *recorder {
	return &recorder{
		shards:    make([]shard, runtime.GOMAXPROCS(0)),
		names:     n,
		overall:   newMeasure(wholeDigits),
		lag:       hdrhistogram.New(lowest, highest, wholeDigits),
		firstByte: hdrhistogram.New(lowest, highest, wholeDigits),
		routes:    make([]*Measure, len(n.routes)),
		methods:   make([]*Measure, len(n.methods)),
		windows:   newWindows(),
		errors:    make(map[wire.Class]*Failures),
	}
}

// add takes a sample. Any goroutine may call it; different owners use different shards.
func (r *recorder) add(owner int, s sample) {
	shard := &r.shards[owner%len(r.shards)]
	shard.mu.Lock()
	shard.samples = append(shard.samples, s)
	shard.mu.Unlock()
}

// run drains the shards until stop is closed, and then once more.
func (r *recorder) run(stop <-chan struct{}) {
	ticker := time.NewTicker(drainEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			r.drain()
		case <-stop:
			r.drain()
			r.windows.close()
			return
		}
	}
}

func (r *recorder) drain() {
	for i := range r.shards {
		shard := &r.shards[i]
		shard.mu.Lock()
		samples := shard.samples
		shard.samples = r.spare[:0]
		shard.mu.Unlock()
		for j := range samples {
			r.record(&samples[j])
		}
		r.spare = samples
	}
}

func (r *recorder) record(s *sample) {
	record(r.lag, s.lag())
	if s.lag() > lateness {
		r.late++
	}
	r.lastSent, r.lastDue = max(r.lastSent, s.sent), max(r.lastDue, s.due)
	r.overall.add(s)
	part(r.routes, s.route).add(s)
	part(r.methods, s.method).add(s)
	r.windows.add(s)
	if s.failed != "" {
		r.failed.Add(1)
		r.recordFailure(s)
		return
	}
	r.responses.Add(1)
	r.lastDone = max(r.lastDone, s.done)
	r.slowest.add(s)
	record(r.firstByte, s.first-s.sent)
}

// lateness is how long after due a request may leave before it counts as late.
const lateness = time.Millisecond

func part(parts []*Measure, i int32) *Measure {
	if parts[i] == nil {
		parts[i] = newMeasure(partDigits)
	}
	return parts[i]
}

func (r *recorder) recordFailure(s *sample) {
	f := r.errors[s.failed]
	if f == nil {
		f = &Failures{}
		r.errors[s.failed] = f
	}
	f.Count++
	if len(f.Examples) < maxExamples && !slices.Contains(f.Examples, s.text) {
		f.Examples = append(f.Examples, s.text)
	}
}
