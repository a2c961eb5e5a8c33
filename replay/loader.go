package replay

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"ngxreplay/replay/pace"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"
)

// Requests is the traffic as a replay reads it, in order of time. *[traffic.Traffic] is one.
type Requests interface {
	traffic.Stream
	Info() *trace.Info                // of the trace
	Span() time.Duration              // offset of the last one
	Planned() traffic.Counts          // how many there will be
	Counts() traffic.Counts           // how many were read so far
	Mixed(first int64) *traffic.Mixed // of the first requests; nil without a mix
}

// A loader turns a trace into batches of requests that only need to be written. The batches go round: from the loader to
// the loop, and back when all their requests are recorded.
type loader struct {
	ready  chan *batch
	free   chan *batch
	hungry atomic.Bool // the loop found nothing ready, and wants to be woken
	wake   func()

	source Requests
	plan   pace.Plan
	format wire.Format
	names  *names
	// perClient numbers the clients, or the connections where the log does.
	perClient bool
	hosts     *hostNames // nil when connections carry requests of any host
	start     time.Time  // about when the replay begins
	rows      []traffic.Request
	left      []traffic.Request // of rows: those that are in no batch yet
	err       error             // what the source said after rows
	sizes     []int             // scratch: where each request of the batch ends
	loaded    int64             // requests within the plan so far
	ended     bool              // the end of the traffic or of the plan was reached
	whole     bool              // it was that of the traffic
}

// Batches that are made ready ahead of need, and that are kept to be used again.
const (
	batchesReady = 4
	batchesKept  = 32
)

func newLoader(source Requests, plan pace.Plan, target Target, n *names, perClient bool) *loader {
	l := &loader{
		ready: make(chan *batch, batchesReady), free: make(chan *batch, batchesKept),
		source: source, plan: plan, format: target.Format, names: n, perClient: perClient, start: time.Now(),
		rows: make([]traffic.Request, batchSize),
	}
	if target.DialHost != nil {
		l.hosts = &hostNames{}
	}
	return l
}

// run makes batches until the trace or the plan ends, or the context is cancelled.
func (l *loader) run(ctx context.Context) {
	defer l.deliver()
	defer close(l.ready)
	for {
		b, more := l.next()
		if len(b.requests) > 0 || b.err != nil {
			select {
			case l.ready <- b:
				l.deliver()
			case <-ctx.Done():
				return
			}
		}
		if !more || b.err != nil {
			return
		}
	}
}

// deliver wakes the loop, if it wants to be.
func (l *loader) deliver() {
	if l.hungry.Load() {
		l.wake()
	}
}

// poll returns the next batch, or nil when none is ready. more is false at the end. Only the loop calls it.
func (l *loader) poll() (b *batch, more bool) {
	for {
		select {
		case b, more = <-l.ready:
			l.hungry.Store(false)
			return b, more
		default:
		}
		if l.hungry.Load() {
			return nil, true
		}
		l.hungry.Store(true) // and look once more: the loader may not have seen it
	}
}

// blank returns a batch to fill.
func (l *loader) blank() *batch {
	select {
	case b := <-l.free:
		b.requests, b.arena = b.requests[:0], b.arena[:0]
		if cap(b.arena) > 2*batchBytes {
			b.arena = nil // of a large body
		}
		return b
	default:
		return &batch{requests: make([]request, 0, batchSize)}
	}
}

func (l *loader) next() (b *batch, more bool) {
	rows := l.ahead()
	now := time.Now()
	b = l.blank()
	l.sizes = l.sizes[:0]
	for i := range rows {
		due := l.plan.Due(rows[i].At, l.loaded+int64(i))
		if !l.plan.Within(due) {
			l.ended = true
			break
		}
		if len(b.arena) >= batchBytes {
			break
		}
		row := rows[i].Recorded
		b.arena = l.format.Append(b.arena, row, wire.Sending{
			N: uint64(l.loaded) + uint64(i), Client: rows[i].Client, Due: later(l.start.Add(due), now),
		})
		l.sizes = append(l.sizes, len(b.arena))
		r := request{
			batch:  b,
			due:    due,
			logged: answer{row.Status, row.BodyBytes},
			route:  l.names.route(row.Route),
			method: l.names.method(row.Method),
			noBody: string(row.Method) == "HEAD",
			source: row.Source, line: row.Line,
		}
		if l.perClient {
			setClient(&r, &rows[i])
		}
		if l.hosts != nil {
			r.host = l.hosts.of(row.Host)
		}
		b.requests = append(b.requests, r)
	}
	start := 0
	for i, end := range l.sizes {
		b.requests[i].bytes = b.arena[start:end:end]
		start = end
	}
	b.live.Store(int32(len(b.requests)))
	l.loaded += int64(len(b.requests))
	l.left = l.left[len(b.requests):]
	if len(l.left) > 0 && !l.ended {
		return b, true
	}
	if l.err == io.EOF {
		l.whole, l.ended = !l.ended, true
	} else if l.err != nil {
		b.err = l.err
	}
	return b, !l.ended
}

// ahead returns the requests that come next: those that the last batch had no room for, or the next of the source.
func (l *loader) ahead() []traffic.Request {
	if len(l.left) == 0 && l.err == nil {
		var n int
		n, l.err = l.source.Read(l.rows)
		l.left = l.rows[:n]
	}
	return l.left
}

// later is when a request leaves that is due at one time and written at another.
func later(due, now time.Time) time.Time {
	if due.Before(now) {
		return now // requests without due times, or a replay that is behind
	}
	return due
}

// setClient says whose connection carries r.
func setClient(r *request, row *traffic.Request) {
	r.offset, r.client = row.At, row.Client
	if connection, logged := row.Connection(); logged {
		r.client, r.numbered, r.fresh = connection, true, row.Recorded.ConnectionRequests == 1
	}
}

// total is how many requests of the traffic lie within the plan. A replay that was stopped early reads on to know; what
// cannot be read counts as within. It is called when run has returned.
func (l *loader) total() int64 {
	if !l.ended && l.plan.Duration == 0 {
		return l.planned()
	}
	for !l.ended {
		for _, row := range l.ahead() {
			if !l.plan.Within(l.plan.Due(row.At, l.loaded)) {
				l.ended = true
				break
			}
			l.loaded++
		}
		l.left = nil
		if l.err == io.EOF {
			l.whole, l.ended = !l.ended, true
		} else if l.err != nil {
			return l.planned()
		}
	}
	return l.loaded
}

// end says that the replay ended by time after that many requests. It is called when run has returned.
func (l *loader) end(sent int64) { l.loaded, l.ended, l.whole = sent, true, false }

// planned is how many requests there are if nothing ends the traffic early. It may be known roughly only.
func (l *loader) planned() int64 { return max(l.source.Planned().Requests(), l.loaded) }
