package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ngxreplay/replay/pace"
	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A Target is where requests go and how they are written for it.
type Target struct {
	Dial   Dial
	Format wire.Format
}

// Options say how a trace is replayed.
type Options struct {
	Plan        pace.Plan
	Connections int           // most connections to the target
	MaxInFlight int           // most requests sent or waiting; more are dropped
	Timeout     time.Duration // from sent to the complete answer
	Prime       int           // connections opened before the start; one is, whatever this says
	// PerClient gives each client of the log connections of its own, which end by nginx's keepalive rules in trace time.
	PerClient bool
	// Closed sends each request as soon as a connection is free, whatever the trace and the plan say of time: a closed
	// loop, which shows what a target can do, and hides how long a user would have waited.
	Closed bool
}

// Validate joins everything that is wrong with o.
func (o Options) Validate() error {
	errs := []error{o.Plan.Validate()}
	if o.Connections < 1 {
		errs = append(errs, fmt.Errorf("connections %d: want at least 1", o.Connections))
	}
	if o.MaxInFlight < 1 {
		errs = append(errs, fmt.Errorf("max in flight %d: want at least 1", o.MaxInFlight))
	}
	if o.PerClient && o.Prime > 1 {
		errs = append(errs, errors.New("connections per client open when their clients come: none can be opened before"))
	}
	if o.PerClient && o.Closed {
		errs = append(errs, errors.New("--pace max keeps a number of connections busy: give that with --connections, or each client its own at another pace"))
	}
	if o.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("timeout %v: want more than 0", o.Timeout))
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
	Mixed     *traffic.Mixed // nil without a mix
	Slowest   []Exemplar     // the longest response times, the longest first
	// Opened is how many connections were made, and OpenAtOnce the most that were open or being opened at one time.
	Opened     int64
	OpenAtOnce int
	Elapsed    time.Duration // from the start until nothing was outstanding
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
}

// New prepares a replay. The source must not be used by anybody else until Run returns.
func New(source Requests, target Target, opts Options) *Replay {
	n := newNames(source.Info())
	return &Replay{
		source: source, target: target, opts: opts, names: n, recorder: newRecorder(n),
		length: opts.Plan.Length(source.Span(), source.Planned().Requests()),
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
	plan := r.opts.Plan
	if r.opts.Closed {
		plan = pace.Plan{Speed: 1} // the trace's times do not count
	}
	load := &loader{source: r.source, plan: plan, format: r.target.Format, names: r.names,
		perClient: r.opts.PerClient, start: time.Now()}
	loadCtx, stopLoading := context.WithCancel(ctx)
	defer stopLoading()
	if live, ok := r.source.(interface{ Stop() }); ok { // a source that waits for its requests waits no longer
		defer context.AfterFunc(loadCtx, live.Stop)()
	}
	batches := make(chan batch, 4)
	var background sync.WaitGroup
	background.Go(func() { load.run(loadCtx, batches) })

	p := newPool(kill, r.target.Dial, r.recorder, r.opts)
	if err := p.prime(ctx, r.opts.Prime); err != nil {
		stopLoading()
		background.Wait()
		p.close()
		return nil, err
	}
	used := startUsage()
	first, more := <-batches // the clock starts when there is something to send
	clock, stopClock := startClock()
	defer stopClock()
	p.start(clock)
	r.watched.Store(&watched{clock, p})
	stopRecording := make(chan struct{})
	background.Go(func() { r.recorder.run(stopRecording) })

	d := &dispatcher{clock: clock, pool: p, batches: batches, closed: r.opts.Closed, ends: r.opts.Plan.Duration}
	var err error
	if more {
		err = d.run(ctx, first)
	}
	stopLoading()
	abandoned := d.unsent + p.finish(ctx, kill)
	elapsed := clock.Now()
	p.close()
	close(stopRecording)
	background.Wait()

	result := r.result(p, elapsed)
	result.Own = used()
	if d.ended {
		load.end(d.taken)
	}
	result.Ledger = r.ledger(p, d, load, abandoned)
	result.Mixed = r.source.Mixed(result.Ledger.Sent + result.Ledger.Dropped)
	result.Fidelity.judge(result.Ledger, result.Windows)
	return result, errors.Join(err, result.Ledger.Check())
}

func (r *Replay) result(p *pool, elapsed time.Duration) *Result {
	rec := r.recorder
	return &Result{
		Overall:   rec.overall,
		FirstByte: rec.firstByte,
		Routes:    parts(r.names.routes, rec.routes),
		Methods:   parts(r.names.methods, rec.methods),
		Windows:   rec.windows.list,
		Errors:    rec.errors,
		Slowest:   rec.slowest.list(),
		Elapsed:   elapsed,
		Opened:    p.opened.Load(), OpenAtOnce: p.peak,
		Active: max(rec.lastDone, min(elapsed, r.length)),
		Fidelity: Fidelity{
			Lag:       rec.lag,
			Late:      rec.late,
			RateError: rateError(rec.lastDue, rec.lastSent),
			Queued:    p.queued.Load(),
			Deepest:   p.deepest,
			Expired:   p.expired.Load(),
		},
	}
}

// ledger brings the counts of the parts together.
func (r *Replay) ledger(p *pool, d *dispatcher, load *loader, abandoned int64) Ledger {
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
		Sent:      p.sent.Load(),
		Dropped:   p.dropped.Load(),
		Abandoned: abandoned + total - d.taken,
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
