package replay

import (
	"context"
	"io"
	"math/bits"
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
// a loop, and back when all their requests are recorded.
type loader struct {
	feeds []*feed // of the loops
	free  chan *batch
	begun chan struct{} // closed when the first batches are ready, or there will be none

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
	filling   []filling         // a batch for each feed
	usual     int               // how many bytes the requests of a batch have
	loaded    int64             // requests within the plan so far
	ended     bool              // the end of the traffic or of the plan was reached
	whole     bool              // it was that of the traffic
}

// Batches that are made ready ahead of need, and that are kept to be used again, for each loop.
const (
	batchesReady = 16
	batchesKept  = 128
)

func newLoader(source Requests, target Target, n *names, opts Options) *loader {
	plan := opts.Plan
	if opts.Closed {
		plan = pace.Plan{Speed: 1} // the trace's times do not count
	}
	loops := opts.threads()
	free := make(chan *batch, batchesKept*loops)
	l := &loader{
		feeds: newFeeds(loops, opts.Closed, batchesReady, free), free: free, begun: make(chan struct{}),
		source: source, plan: plan, format: target.Format, names: n, perClient: opts.PerClient, start: time.Now(),
		rows: make([]traffic.Request, batchSize*loops), filling: make([]filling, loops),
	}
	if target.DialHost != nil {
		l.hosts = &hostNames{}
	}
	return l
}

// run makes batches until the trace or the plan ends, or the context is cancelled.
func (l *loader) run(ctx context.Context) {
	defer l.end()
	for {
		more := l.next()
		for i, f := range l.feeds {
			b := l.filling[i].take()
			if b == nil {
				continue
			}
			l.usual = min(len(b.arena), batchBytes)
			select {
			case f.ready <- b:
				l.deliver()
			case <-f.left: // what it would get is beyond the end; the others may not be there yet
			case <-ctx.Done():
				return
			}
		}
		if l.begin(); !more {
			return
		}
	}
}

// begin says that there is something to send.
func (l *loader) begin() {
	select {
	case <-l.begun:
	default:
		close(l.begun)
	}
}

// end says that there will be no further batch.
func (l *loader) end() {
	for i, f := range l.feeds {
		if i == 0 || f.ready != l.feeds[0].ready {
			close(f.ready)
		}
	}
	l.begin()
	l.deliver()
}

// deliver wakes the loops that want to be.
func (l *loader) deliver() {
	for _, f := range l.feeds {
		f.deliver()
	}
}

// next deals the requests that come next to a batch for each feed. All are handed over as far as they are filled: no
// request waits for those that come after it. more is false at the end.
func (l *loader) next() (more bool) {
	rows := l.ahead()
	now := time.Now()
	n, size := 0, 0
	for n < len(rows) && size < batchBytes*len(l.feeds) {
		number := l.loaded + int64(n)
		due := l.plan.Due(rows[n].At, number)
		if !l.plan.Within(due) {
			l.ended = true
			break
		}
		row := rows[n].Recorded
		r := request{
			number: number,
			due:    due,
			logged: answer{row.Status, row.BodyBytes},
			route:  l.names.route(row.Route),
			method: l.names.method(row.Method),
			noBody: string(row.Method) == "HEAD",
			source: row.Source, line: row.Line,
		}
		if l.perClient {
			setClient(&r, &rows[n])
		}
		if l.hosts != nil {
			r.host = l.hosts.of(row.Host)
		}
		f := &l.filling[l.deal(number, &r)]
		size += f.add(l, r, row, wire.Sending{N: uint64(number), Client: rows[n].Client, Due: later(l.start.Add(due), now)})
		n++
	}
	l.loaded += int64(n)
	l.left = l.left[n:]
	if len(l.left) > 0 && !l.ended {
		return true
	}
	if l.err == io.EOF {
		l.whole, l.ended = !l.ended, true
	} else if l.err != nil {
		l.filling[0].open(l).err = l.err // the other feeds just end
		return false
	}
	return !l.ended
}

// deal says which loop sends r: each in turn, or the one of its client, whose requests stay in order.
func (l *loader) deal(number int64, r *request) int {
	loops := uint64(len(l.feeds))
	if !l.perClient {
		return int(uint64(number) % loops)
	}
	const golden = 0x9E3779B97F4A7C15 // what chose the clients, as --shard does, must not choose the loops
	loop, _ := bits.Mul64(r.client*golden, loops)
	return int(loop)
}

// A filling is a batch that is being filled.
type filling struct {
	batch *batch // nil when nothing is in it
	ends  []int  // scratch: where each request of the batch ends
}

// open returns the batch, a new one if there is none.
func (f *filling) open(l *loader) *batch {
	if f.batch == nil {
		f.batch, f.ends = l.blank(), f.ends[:0]
	}
	return f.batch
}

// add writes r, and returns how many bytes it has.
func (f *filling) add(l *loader, r request, row *trace.Request, sending wire.Sending) int {
	b := f.open(l)
	start := len(b.arena)
	b.arena = l.format.Append(b.arena, row, sending)
	r.batch = b
	b.requests = append(b.requests, r)
	f.ends = append(f.ends, len(b.arena))
	return len(b.arena) - start
}

// take returns the batch ready to be sent, or nil.
func (f *filling) take() *batch {
	b := f.batch
	if b == nil {
		return nil
	}
	start := 0
	for i, end := range f.ends { // the arena has found its place
		b.requests[i].bytes = b.arena[start:end:end]
		start = end
	}
	b.live.Store(int32(len(b.requests)))
	f.batch = nil
	return b
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
		return &batch{requests: make([]request, 0, batchSize), arena: make([]byte, 0, l.usual)}
	}
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

// endAt says that the replay ended by time after that many requests. It is called when run has returned.
func (l *loader) endAt(sent int64) { l.loaded, l.ended, l.whole = sent, true, false }

// planned is how many requests there are if nothing ends the traffic early. It may be known roughly only.
func (l *loader) planned() int64 { return max(l.source.Planned().Requests(), l.loaded) }
