package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ngxreplay/replay/pace"
	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"
	"ngxreplay/replay/wire/h2"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A Target is where requests go and how they are written for it.
type Target struct {
	Dial   Dial
	Format wire.Format
	// DialHost, when set, makes connections that carry the requests of one host only, as TLS has one server name for a
	// connection. The host is as [wire.ServerName] has it, and "" where the log holds none. Dial then only probes.
	DialHost func(ctx context.Context, host string) (net.Conn, error)
}

// Options say how a trace is replayed.
type Options struct {
	Plan        pace.Plan
	Connections int           // most connections to the target
	MaxInFlight int           // most requests sent or waiting; more are dropped
	Timeout     time.Duration // from sent to the complete answer, of an attempt
	FirstByte   time.Duration // from sent to its first byte; 0 is no limit of its own
	MaxBody     int64         // most bytes of an answer's body; 0 is any number
	HTTP2       bool          // requests leave over HTTP/2, by net/http's client; connections then carry several at a time
	Prime       int           // connections opened before the start; one is, whatever this says
	// PerClient gives each client of the log connections of its own, which end by nginx's keepalive rules in trace time.
	PerClient bool
	// Closed sends each request as soon as a connection is free, whatever the trace and the plan say of time: a closed
	// loop, which shows what a target can do, and hides how long a user would have waited.
	Closed bool
	// Slack is how late a request may leave so that several can leave at one waking. It saves processor time.
	Slack time.Duration
	// Spin is how long before a request is due the waiting becomes asking again and again. It costs a processor.
	Spin time.Duration
	Late Late // what becomes of requests that we are late with; "" is LateCatchUp
	// Retry is how often a request that got no usable answer is sent again, at once and on a new connection, if its method
	// may be repeated: at most MostRetries. Each attempt has the timeouts to itself. Over HTTP/2 any connection will do.
	Retry int
	// Threads is how many threads send, each on its share of Connections and MaxInFlight; 0 is one. Requests that are due
	// close together may leave in another order on different threads.
	Threads int
	// HashBodies hashes the bodies of answers as they pass.
	HashBodies bool
	// Outcomes is told of each request that was sent or dropped, off the threads that send, by one goroutine or several.
	// A replay must not wait for it: it should take no longer than sending does. nil asks for nothing.
	Outcomes func(Outcome)
}

// A Late says what becomes of requests that leave late by our own fault.
type Late string

const (
	LateCatchUp Late = "catchup" // they leave at once
	LateDrop    Late = "drop"    // those more than 100 ms late are dropped
	LateShift   Late = "shift"   // they leave at once, and what follows is due later by as much; the duration stays
)

// lateDrop is how late a request must be to be dropped by LateDrop: what a user would notice.
const lateDrop = 100 * time.Millisecond

// Validate joins everything that is wrong with o.
func (o Options) Validate() error {
	errs := []error{o.Plan.Validate()}
	if o.Connections < 1 {
		errs = append(errs, fmt.Errorf("connections %d: want at least 1", o.Connections))
	}
	if o.MaxInFlight < 1 {
		errs = append(errs, fmt.Errorf("max in flight %d: want at least 1", o.MaxInFlight))
	}
	errs = append(errs, o.validateThreads())
	if o.PerClient && o.Prime > 1 {
		errs = append(errs, errors.New("connections per client open when their clients come: none can be opened before"))
	}
	if o.PerClient && o.Closed {
		errs = append(errs, errors.New("--pace max keeps a number of connections busy: give that with --connections, or each client its own at another pace"))
	}
	if o.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("timeout %v: want more than 0", o.Timeout))
	}
	if o.FirstByte < 0 || o.FirstByte > o.Timeout {
		errs = append(errs, fmt.Errorf("timeout of the first byte %v: want at most that of the whole answer, %v", o.FirstByte, o.Timeout))
	}
	if o.MaxBody < 0 {
		errs = append(errs, fmt.Errorf("max body %d: want 0 for any, or more", o.MaxBody))
	}
	for name, d := range map[string]time.Duration{"slack": o.Slack, "spin": o.Spin} {
		if d < 0 || d > time.Second {
			errs = append(errs, fmt.Errorf("%s %v: want 0 to 1s", name, d))
		}
	}
	if o.Retry < 0 || o.Retry > MostRetries {
		errs = append(errs, fmt.Errorf("retry %d: want 0 to %d", o.Retry, MostRetries))
	}
	if o.HTTP2 && o.PerClient {
		errs = append(errs, errors.New("connections per client are of HTTP/1: give a number with --connections, or leave --http 2 out"))
	} else if o.HTTP2 && o.Connections > mostTrunks {
		errs = append(errs, fmt.Errorf("connections %d: want at most %d with --http 2, as each carries many requests at a time", o.Connections, mostTrunks))
	}
	switch o.Late {
	case "", LateCatchUp, LateDrop, LateShift:
	default:
		errs = append(errs, fmt.Errorf("late %q: want catchup, drop or shift", o.Late))
	}
	return errors.Join(errs...)
}

// A Part is a route or a method with its measurements.
type Part struct {
	Name string
	*Measure
}

// A Result is what one target did.
type Result struct {
	Ledger    Ledger
	Fidelity  Fidelity
	Overall   *Measure
	FirstByte *hdrhistogram.Histogram // first - sent
	Routes    []Part                  // most requested first
	Methods   []Part
	Windows   []Window
	Errors    map[wire.Class]*Failures
	Own       Usage
	Mixed     *traffic.Mixed    // nil without a mix
	Slowest   []Exemplar        // the longest response times, the longest first
	GRPC      map[h2.GRPC]int64 // the outcomes of calls of gRPC
	// Opened is how many connections were made, and OpenAtOnce the most that were open or being opened at one time.
	Opened     int64
	OpenAtOnce int
	// Reconnected is how many requests were sent again on a new connection, because the target had closed the kept one
	// before anything of them reached it. Each counts once in the ledger.
	Reconnected int64
	// Doubled is how many requests got a further connection of their client, because that which the log gives them
	// ($connection) was still busy: the target is slower than it was, or the log's connection carried several at a time.
	Doubled int64
	Retries Retries       // requests that were sent again because of Options.Retry
	Elapsed time.Duration // from the start until nothing was outstanding
	// Active is what rates are taken over: from the start to the last answer or, if that is later, to when the last
	// request of the trace was due. A failure that takes longer does not stretch it.
	Active time.Duration
}

// A Replay is one run of a trace against one target. Progress may be asked for while Run works.
type Replay struct {
	source   Requests
	target   Target
	opts     Options
	names    *names
	recorder *recorder
	watched  atomic.Pointer[watched]
	length   time.Duration // as planned
	// newPoller returns what a loop waits with, for connections like one that was opened.
	newPoller func(net.Conn) poller
}

// New prepares a replay. The source must not be used by anybody else until Run returns.
func New(source Requests, target Target, opts Options) *Replay {
	n := newNames(source.Info())
	return &Replay{
		source: source, target: target, opts: opts, names: n, recorder: newRecorder(n, lateness+opts.Slack),
		length:    opts.Plan.Length(source.Span(), source.Planned().Requests()),
		newPoller: func(probe net.Conn) poller { return newPoller(probe, opts.threads()) },
	}
}

// Run replays the trace. When ctx is cancelled it stops sending, waits for the answers that are outstanding, and
// returns what was measured; when kill is cancelled it does not wait. An unreachable target is an error, found before
// the first request is sent. Any other error comes with the result up to then.
func (r *Replay) Run(ctx, kill context.Context) (*Result, error) {
	if err := r.opts.Validate(); err != nil {
		return nil, err
	}
	return r.run(ctx, kill, StartClock)
}

func (r *Replay) run(ctx, kill context.Context, startClock func() (Clock, func())) (*Result, error) {
	load := newLoader(r.source, r.target, r.names, r.opts)
	loadCtx, stopLoading := context.WithCancel(ctx)
	defer stopLoading()
	if live, ok := r.source.(interface{ Stop() }); ok { // a source that waits for its requests waits no longer
		defer context.AfterFunc(loadCtx, live.Stop)()
	}
	open, err := prime(ctx, r.target.Dial, r.opts)
	if err != nil {
		return nil, err
	}
	shared := &common{}
	ls := r.newLoops(kill, load.feeds, shared, open[0])
	if ls[0].lanes.keyed { // it was the probe; clients and hosts open their own
		for _, raw := range open {
			_ = raw.Close() // nothing was sent on it
		}
		open = nil
	}
	if r.opts.HTTP2 {
		if err := ls.beginHTTP2(ctx, open); err != nil {
			ls.close()
			return nil, err
		}
		open = nil
	}
	r.recorder.free, r.recorder.outcomes = load.free, r.opts.Outcomes
	var background sync.WaitGroup
	background.Go(func() { load.run(loadCtx) })
	used := startUsage()
	<-load.begun // the clock starts when there is something to send
	clock, stopClock := startClock()
	defer stopClock()
	r.watched.Store(&watched{clock, ls})
	background.Go(r.recorder.run)
	if err = ls.prime(open); err == nil {
		err = ls.run(ctx, kill, clock)
	}
	elapsed := clock.Now()
	stopLoading()
	close(r.recorder.chunks)
	background.Wait()
	ls.close()

	did := ls.counts()
	result := r.result(&did, shared, elapsed)
	result.Own = used()
	if did.timeUp {
		load.endAt(did.requests)
	}
	result.Ledger = r.ledger(&did, load)
	// Several threads do not stop at one request, but within the few that each had ready: then it is nearly these.
	result.Mixed = r.source.Mixed(result.Ledger.Sent + result.Ledger.Dropped)
	result.Fidelity.more = moreThreads(ls.busiest(), r.opts.threads(), runtime.NumCPU())
	result.Fidelity.judge(result.Ledger, result.Windows)
	if more := result.Fidelity.more; r.opts.Closed && more != "" {
		result.Fidelity.Reasons = append(result.Fidelity.Reasons, "the target may be able to do more: "+more)
	}
	return result, errors.Join(err, result.Ledger.Check())
}

// prime opens the connections that there are before the start, and at least one. The first is the probe of the target:
// its error is returned.
func prime(ctx context.Context, dial Dial, opts Options) ([]net.Conn, error) {
	var open []net.Conn
	for i := range min(max(opts.Prime, 1), opts.Connections) {
		raw, err := dial(ctx)
		if err != nil && i == 0 {
			return nil, err
		}
		if err != nil {
			break // the target has its own limit; the replay will show it
		}
		open = append(open, raw)
	}
	return open, nil
}

func (r *Replay) result(did *counts, shared *common, elapsed time.Duration) *Result {
	rec, shifted := r.recorder, shared.shift.load()
	return &Result{
		Overall:   rec.overall,
		FirstByte: rec.firstByte,
		Routes:    parts(r.names.routes, rec.routes),
		Methods:   parts(r.names.methods, rec.methods),
		Windows:   rec.windows.list,
		Errors:    rec.errors,
		Slowest:   rec.slowest.exemplars,
		GRPC:      rec.calls(),
		Elapsed:   elapsed,
		Opened:    did.opened, OpenAtOnce: int(shared.open.most.Load()), Reconnected: did.reconnected, Doubled: did.doubled,
		Retries: Retries{did.retried, rec.afterRetry},
		Active:  max(rec.lastDone, min(elapsed, r.length)),
		Fidelity: Fidelity{
			Lag:       rec.lag,
			Late:      rec.late,
			RateError: rateError(rec.lastDue-shifted, rec.lastSent),
			Queued:    did.queued,
			Deepest:   int(shared.waiting.most.Load()),
			Expired:   did.expired,
			TooLate:   did.tooLate,
			Shifted:   shifted,
			Held:      did.held,
		},
	}
}

// ledger brings the counts of the parts together.
func (r *Replay) ledger(did *counts, load *loader) Ledger {
	total := load.total()
	counts, beyond := r.source.Counts(), int64(0)
	if !load.whole {
		counts = r.source.Planned()
		beyond = max(counts.Requests()-total, 0)
	} // else nothing lies beyond the end of the traffic: what the loader missed must not balance
	return Ledger{
		Requests:  counts.Trace,
		Repeated:  counts.Repeated,
		Copied:    counts.Copied,
		Thinned:   counts.Thinned,
		Beyond:    beyond,
		Scheduled: total,
		Sent:      did.sent,
		Dropped:   did.dropped,
		Abandoned: did.abandoned + total - did.requests,
		Responses: r.recorder.overall.Responses(),
		Failed:    r.recorder.overall.Failed(),
	}
}

// parts are the measured ones of the names, the most requested first.
func parts(names []string, measures []*Measure) []Part {
	var list []Part
	for i, m := range measures {
		if m != nil {
			list = append(list, Part{names[i], m})
		}
	}
	slices.SortStableFunc(list, func(a, b Part) int {
		return cmp.Compare(b.Responses()+b.Failed(), a.Responses()+a.Failed())
	})
	return list
}
