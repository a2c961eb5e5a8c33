package replay

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"ngxreplay/replay/wire"
)

// A Dial makes a connection to the target. Its errors are those of [wire.Dialer].
type Dial func(ctx context.Context) (net.Conn, error)

// A loop is the dispatcher: it sends requests when they are due, waits, reads the answers and gives them to the
// recorder. One goroutine runs it, on one locked thread, and owns all of it except where a comment says otherwise:
// nothing is locked. Opening connections is left to goroutines, which report by mail.
type loop struct {
	opts     Options
	limit    int // requests of a closed loop at a time
	clock    Clock
	poller   poller
	dial     func(ctx context.Context, host string) (net.Conn, error)
	feed     *feed
	recorder *recorder
	common   *common        // the other loops' too
	mail     mailbox        // anybody's
	tasks    sync.WaitGroup // goroutines that leave mail
	ctx      context.Context
	cancel   context.CancelFunc // ends dialling

	batch *batch // being taken
	taken int    // of it
	ended bool   // there will be no further batch
	err   error  // why it ended early

	lanes   lanes
	places  []*conn // by place.index; nil where none is
	vacant  []place // of places, with the next generation
	flying  flight  // waits for its whole answer
	silent  flight  // waits for the first byte of it
	unread  []*conn // had more to read than one turn allows
	waiting queue
	trunks  *trunks // of HTTP/2, instead of lanes and places; else nil
	buf     []byte  // for reading
	// Memory that is used again.
	notes       []note
	unreadSpare []*conn

	chunk   []sample      // not handed over yet
	full    [][]sample    // chunks that the recorder had no room for
	flushAt time.Duration // when chunk is handed over although it is not full

	counts
	effort  effort        // of the thread
	slots   int           // connections open or being opened
	busy    int           // requests sent or waiting
	shift   time.Duration // of everything that is due, as this loop last saw it
	stopped bool          // nothing more is sent

	stopping, killing atomic.Bool  // asked for, by anybody
	published         atomic.Int64 // sent, for those who watch

	now  time.Duration // the latest reading of the clock
	soon time.Duration // when dispatch wants to be asked again
	away absence

	overdue, mute error // of the two timeouts
}

// counts are what a loop did.
type counts struct {
	requests    int64 // that were taken from batches
	sent        int64
	dropped     int64 // in all
	expired     int64 // of these, because they waited for a connection longer than the timeout
	tooLate     int64 // of these, because we were too late with them
	abandoned   int64 // taken, but neither sent nor dropped when the replay was stopped
	queued      int64 // requests that had to wait for a connection
	opened      int64 // connections that were made
	reconnected int64 // requests that were sent again, on a new connection
	doubled     int64 // requests that got a further connection beside that which the log gives them
	held        int64 // times that the recorder was waited for

	retried map[wire.Class]int64 // attempts beside the first: see Retries.After
	timeUp  bool                 // the replay ended by time before the loader did
}

// add adds what another loop did.
func (c *counts) add(o *counts) {
	c.requests += o.requests
	c.sent += o.sent
	c.dropped += o.dropped
	c.expired += o.expired
	c.tooLate += o.tooLate
	c.abandoned += o.abandoned
	c.queued += o.queued
	c.opened += o.opened
	c.reconnected += o.reconnected
	c.doubled += o.doubled
	c.held += o.held
	c.timeUp = c.timeUp || o.timeUp
	for class, n := range o.retried {
		if c.retried == nil {
			c.retried = map[wire.Class]int64{}
		}
		c.retried[class] += n
	}
}

const (
	// patience is how long the loop waits when there is nothing to wait for.
	patience = time.Hour
	// sendsAtOnce is how many requests leave, and readsAtOnce how often a connection is read, before the loop looks
	// after the others.
	sendsAtOnce = 64
	readsAtOnce = 16
	readBuffer  = 64 << 10
)

// newLoop makes a loop, without connections. What it dials ends with kill.
func newLoop(kill context.Context, target Target, f *feed, rec *recorder, opts Options, p poller) *loop {
	l := &loop{
		opts: opts, limit: min(opts.Connections, opts.MaxInFlight), dial: target.connect, feed: f, recorder: rec, poller: p,
		lanes: newLanes(opts.PerClient, target.DialHost != nil, opts.Connections), flying: flight{number: inFlying}, silent: flight{number: inSilent},
		buf:   make([]byte, readBuffer),
		chunk: make([]sample, 0, chunkSize), counts: counts{retried: map[wire.Class]int64{}},
		overdue: fmt.Errorf("no complete answer within %v: %w", opts.Timeout, os.ErrDeadlineExceeded),
		mute:    fmt.Errorf("no byte of an answer within %v: %w", opts.FirstByte, os.ErrDeadlineExceeded),
	}
	l.join(&common{})
	l.mail.wakeUp = p.wake
	l.ctx, l.cancel = context.WithCancel(kill)
	return l
}

// join makes l one of several loops.
func (l *loop) join(c *common) { l.common, l.waiting.depth = c, &c.waiting }

// run replays until every request of the loader has come to its end. stop abandons what has not been sent; kill also
// what has no answer yet.
func (l *loop) run(stop, kill context.Context) error {
	defer context.AfterFunc(stop, func() { l.stopping.Store(true); l.mail.wake() })()
	defer context.AfterFunc(kill, func() { l.killing.Store(true); l.mail.wake() })()
	l.away.back = l.time()
	l.effort.look(l.clock.Now())
	for {
		wait := l.dispatch()
		wait = min(wait, l.expire())
		if l.over() {
			break
		}
		if len(l.unread) > 0 {
			wait = 0
		}
		l.published.Store(l.sent)
		l.away.back = l.now + min(wait, l.poller.longest())
		for _, e := range l.poller.wait(wait) {
			l.handle(e)
			l.keepTime()
		}
		l.readOn()
		l.readMail()
		if l.stopping.Load() {
			l.stop()
		}
		if l.killing.Load() {
			l.kill()
		}
	}
	l.published.Store(l.sent)
	l.effort.look(l.clock.Now())
	l.handOver()
	return l.err
}

// over reports whether nothing is left to do.
func (l *loop) over() bool { return (l.ended || l.stopped) && l.busy == 0 }

// close ends what is left. No answer is outstanding any more.
func (l *loop) close() {
	l.cancel()
	for _, c := range l.places {
		if c != nil {
			l.end(c)
		}
	}
	l.closeTrunks()
	l.tasks.Wait()
	for _, n := range l.mail.take(nil) { // opened too late
		if n.link != nil {
			n.link.close()
		}
		if n.trunk != nil {
			n.trunk.link.Close()
		}
	}
	l.tasks.Wait() // closing may take a goroutine
	l.mail.close()
	l.poller.close()
}

// stop abandons the requests that wait for a connection, and all that were to come. Those that were sent already have failed.
func (l *loop) stop() {
	if l.stopped {
		return
	}
	l.stopped = true
	now := l.time()
	for r := l.waiting.pop(); r != nil; r = l.waiting.pop() {
		if !l.giveUp(r, now) {
			l.abandoned++
			l.busy--
		}
	}
}

// kill gives up the requests that wait for an answer.
func (l *loop) kill() {
	l.stop()
	for l.flying.oldest != nil {
		l.fail(l.flying.oldest, context.Canceled)
	}
}

// peek returns the next request without taking it. It returns nil when none is ready.
func (l *loop) peek() *request {
	if l.stopped || l.ended {
		return nil
	}
	for l.batch == nil {
		b, more := l.feed.poll()
		if b == nil {
			l.ended = !more
			return nil
		}
		if l.begin(b); l.ended {
			return nil
		}
	}
	return &l.batch.requests[l.taken]
}

// begin goes on with b.
func (l *loop) begin(b *batch) {
	l.batch, l.taken = b, 0
	if len(b.requests) == 0 {
		l.leave()
	}
}

// advance takes the request that peek returned. The batch may be filled again as soon as its last request has ended: it
// must not be looked at after that one was taken.
func (l *loop) advance() {
	l.requests++
	if l.taken++; l.taken == len(l.batch.requests) {
		l.leave()
	}
}

func (l *loop) leave() {
	if l.batch.err != nil {
		l.ended, l.err = true, l.batch.err
	}
	l.batch = nil
}

// dispatch sends what is due, and returns how long to wait for more.
func (l *loop) dispatch() time.Duration {
	now := l.time()
	l.expect(turn)
	for range sendsAtOnce {
		if l.opts.Closed && l.saturated() {
			l.expect(patience)
			return patience
		}
		r := l.peek()
		if r == nil {
			return patience
		}
		if l.opts.Closed {
			if ends := l.opts.Plan.Duration; ends > 0 && now >= ends {
				l.quit()
				return patience
			}
			r.due = now
		} else if l.shift = l.common.shift.load(); l.shift > 0 && !l.opts.Plan.Within(r.due+l.shift) {
			l.quit() // what was shifted beyond the end of the replay is not part of it
			return patience
		} else if early := r.due + l.shift - now; early > 0 {
			l.expect(max(early, l.opts.Slack))
			if early <= l.opts.Spin {
				return 0
			}
			return max(early-l.opts.Spin, l.opts.Slack)
		} else {
			r.due += l.shift
		}
		l.advance()
		l.enter(r, now)
		now = l.time()
	}
	l.expect(turn)
	return 0
}

// quit ends the loop by time.
func (l *loop) quit() {
	l.ended, l.timeUp = true, true
	close(l.feed.left)
}

// enter sends a request that is due, has it wait, or drops it.
func (l *loop) enter(r *request, now time.Duration) {
	if late := now - r.due; late > lateness+l.opts.Slack {
		switch {
		case l.opts.Late == LateShift:
			l.common.shift.raise(l.shift + late)
		case l.opts.Late == LateDrop && late > lateDrop:
			l.tooLate++
			l.drop(r, now)
			return
		}
	}
	if l.busy >= l.opts.MaxInFlight {
		l.drop(r, now)
		return
	}
	l.busy++
	if l.trunks != nil {
		l.board(r, now)
		return
	}
	for _, c := range l.lanes.enter(r) {
		l.end(c)
	}
	if c := l.lanes.take(r); c != nil {
		l.sent++
		l.send(c, r, now)
		return
	}
	if l.slots < l.opts.Connections {
		l.sent++
		l.open(r, now)
		return
	}
	l.await(r, now)
	if l.awaitsOwn(r.lane) {
		return
	}
	if c := l.lanes.evict(); c != nil {
		l.end(c)
		l.serve(now)
	}
}

// await has a request wait for a connection.
func (l *loop) await(r *request, now time.Duration) {
	r.since = now
	if !l.opts.Closed { // a closed loop has it wait on purpose
		r.queued = true
		l.queued++
	}
	l.waiting.push(r)
}

// drop forgets a request that was not sent.
func (l *loop) drop(r *request, now time.Duration) {
	l.dropped++
	if l.opts.Outcomes == nil {
		r.batch.release(l.feed.free)
		return
	}
	l.record(now, sample{request: r, done: now, dropped: true})
}

// expire fails what has taken longer than it may, and returns how long it is until the next does.
func (l *loop) expire() time.Duration {
	now := l.time()
	l.away.end(now)
	wait := patience
	if l.opts.FirstByte > 0 {
		wait = l.expireFlight(&l.silent, now, l.opts.FirstByte, l.mute)
	}
	wait = min(wait, l.expireFlight(&l.flying, now, l.opts.Timeout, l.overdue))
	if r := l.expireWaiting(now); r != nil {
		wait = min(wait, l.away.left(r.since+l.opts.Timeout, now)+1)
	}
	if len(l.chunk) > 0 || len(l.full) > 0 {
		if now >= l.flushAt {
			l.flush(now)
		}
		wait = min(wait, max(l.flushAt-now, 0))
	}
	return wait
}

func (l *loop) expireFlight(f *flight, now, timeout time.Duration, err error) time.Duration {
	for f.oldest != nil {
		c := f.oldest
		if left := l.away.left(c.sent+timeout, now); left > 0 {
			return left
		}
		if c.link == nil && c.trunk == nil {
			l.fail(c, &wire.DialError{Err: fmt.Errorf("no connection within %v: %w", timeout, os.ErrDeadlineExceeded)})
		} else {
			l.fail(c, err)
		}
	}
	return patience
}

// expireWaiting drops the requests that have waited for a connection longer than the timeout: nobody waits for them any
// more, and a target that hangs would hold the replay for hours. It returns the first that is left.
func (l *loop) expireWaiting(now time.Duration) *request {
	for {
		r := l.waiting.first()
		if r == nil || l.away.left(r.since+l.opts.Timeout, now) >= 0 {
			return r
		}
		l.waiting.pop()
		if l.giveUp(r, now) {
			continue
		}
		l.expired++
		l.busy--
		l.drop(r, now)
	}
}
