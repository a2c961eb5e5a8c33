package replay

import (
	"slices"
	"sync/atomic"
	"time"

	"ngxreplay/replay/wire"
	"ngxreplay/replay/wire/h2"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A sample is what happened to one request that was sent, or dropped.
type sample struct {
	*request
	sent, first, done time.Duration // of the last attempt
	answer            answer
	failed            wire.Class // "" when answered
	text              string     // of the failure
	hash              uint64
	hashed            bool // the answer has a body, with this hash
	dropped           bool // it was never sent
	grpc              h2.GRPC
}

func (s *sample) lag() time.Duration      { return s.left() - s.due }
func (s *sample) response() time.Duration { return s.done - s.due }

// left is when the request left first: what further attempts take is the target's fault, not lateness of ours.
func (s *sample) left() time.Duration {
	if s.retries > 0 {
		return s.firstSent
	}
	return s.sent
}

// A recorder turns samples into measurements, on a goroutine of its own. The loops hand them over in chunks, which go
// round.
type recorder struct {
	chunks chan []sample // to be recorded
	spare  chan []sample // recorded
	free   chan<- *batch // where a batch goes when all of its requests are recorded
	names  *names

	overall   *Measure
	lag       *hdrhistogram.Histogram
	firstByte *hdrhistogram.Histogram
	lateness  time.Duration
	late      int64 // sent more than lateness after due
	lastSent  time.Duration
	lastDue   time.Duration
	lastDone  time.Duration // of the answered ones
	routes    []*Measure
	methods   []*Measure
	windows   *windows
	errors    map[wire.Class]*Failures
	slowest   slowest
	outcomes  func(Outcome) // nil when nobody asks
	grpc      [h2.GRPCOutcomes]int64

	afterRetry int64 // answered, but not at the first attempt

	responses atomic.Int64 // of overall, for those who watch
	failed    atomic.Int64
}

// Failures are the failed requests of one class.
type Failures struct {
	Count    int64    `json:"count"`
	Examples []string `json:"examples"` // a few different texts
}

const maxExamples = 3

// chunkSize is how many samples are handed over at a time, and flushEvery how long they may wait for others.
const (
	chunkSize  = 256
	flushEvery = 50 * time.Millisecond
)

func newRecorder(n *names, late time.Duration) *recorder {
	return &recorder{
		chunks:    make(chan []sample, 16),
		spare:     make(chan []sample, 16),
		lateness:  late,
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

// offer hands a chunk over. It reports false when the recorder is behind. Only a loop calls it.
func (r *recorder) offer(chunk []sample) bool {
	select {
	case r.chunks <- chunk:
		return true
	default:
		return false
	}
}

// spareChunk returns an empty chunk.
func (r *recorder) spareChunk() []sample {
	select {
	case chunk := <-r.spare:
		return chunk[:0]
	default:
		return make([]sample, 0, chunkSize)
	}
}

// run records until chunks is closed.
func (r *recorder) run() {
	for chunk := range r.chunks {
		for i := range chunk {
			if r.outcomes != nil {
				r.outcomes(chunk[i].outcome())
			}
			if !chunk[i].dropped {
				r.record(&chunk[i])
			}
			chunk[i].request.batch.release(r.free)
		}
		select {
		case r.spare <- chunk:
		default: // there are enough
		}
	}
	r.windows.end()
}

func (r *recorder) record(s *sample) {
	record(r.lag, s.lag())
	if s.lag() > r.lateness {
		r.late++
	}
	r.lastSent, r.lastDue = max(r.lastSent, s.left()), max(r.lastDue, s.due)
	r.overall.add(s)
	part(r.routes, s.route).add(s)
	part(r.methods, s.method).add(s)
	r.windows.add(s, s.lag() > r.lateness && !s.queued)
	if s.failed != "" {
		r.failed.Add(1)
		r.recordFailure(s)
		return
	}
	r.responses.Add(1)
	if s.retries > 0 {
		r.afterRetry++
	}
	r.grpc[s.grpc]++
	r.lastDone = max(r.lastDone, s.done)
	r.slowest.add(s)
	record(r.firstByte, s.first-s.sent)
}

// lateness is how long after due a request may leave before it counts as late, besides what Options.Slack allows.
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

// calls are the outcomes of calls of gRPC, as far as there were any.
func (r *recorder) calls() map[h2.GRPC]int64 {
	calls := make(map[h2.GRPC]int64)
	for outcome, n := range r.grpc[1:] {
		if n > 0 {
			calls[h2.GRPC(outcome+1)] = n
		}
	}
	return calls
}
