package replay

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ngxreplay/replay/wire"
)

// A Dial makes a connection to the target. Its errors are those of [wire.Dialer].
type Dial func(ctx context.Context) (net.Conn, error)

// A pool holds the connections to one target. A request is written by the goroutine that dispatches, on an idle
// connection; the connection's own goroutine reads the answer and records it. Without an idle connection one is
// opened, up to the limit; beyond it requests wait in order, and the next connection that becomes free takes them.
type pool struct {
	dial     Dial
	clock    Clock
	recorder *recorder
	limit    int           // connections
	inFlight int           // requests sent and waiting; more are dropped
	timeout  time.Duration // from sent to the complete answer
	ctx      context.Context
	cancel   context.CancelFunc // ends dialling

	mu      sync.Mutex
	lanes   lanes
	conns   map[*conn]struct{}
	slots   int // connections open or being opened
	peak    int // of slots
	waiting queue
	deepest int // of waiting

	busy      atomic.Int64 // requests sent or waiting
	finishing atomic.Bool  // nothing more is sent; drained is closed when busy is 0
	drained   chan struct{}
	drainOnce sync.Once
	free      chan struct{} // of a closed loop: holds one item for each request that is sent; nil otherwise

	workers sync.WaitGroup
	sent    atomic.Int64
	dropped atomic.Int64 // in all
	expired atomic.Int64 // of these, because they waited for a connection longer than the timeout
	queued  atomic.Int64 // requests that had to wait for a connection
	opened  atomic.Int64 // connections that were made
}

func newPool(ctx context.Context, dial Dial, rec *recorder, opts Options) *pool {
	p := &pool{
		dial: dial, recorder: rec,
		limit: opts.Connections, inFlight: opts.MaxInFlight, timeout: opts.Timeout,
		lanes:   newLanes(opts.PerClient),
		conns:   make(map[*conn]struct{}),
		drained: make(chan struct{}),
	}
	p.ctx, p.cancel = context.WithCancel(ctx)
	if opts.Closed {
		p.free = make(chan struct{}, opts.Connections)
	}
	return p
}

// awaitFree blocks until a request can be sent in a closed loop, or ctx ends.
func (p *pool) awaitFree(ctx context.Context) {
	select {
	case p.free <- struct{}{}:
	case <-ctx.Done():
	}
}

// prime opens up to n connections, and at least one, before start. The first is the probe of the target: its error is
// returned.
func (p *pool) prime(ctx context.Context, n int) error {
	for i := range min(max(n, 1), p.limit) {
		raw, err := p.dial(ctx)
		if err != nil {
			if i == 0 {
				return err
			}
			return nil // the target has its own limit; the replay will show it
		}
		if p.lanes.perClient {
			return raw.Close() // it was the probe; clients open their own
		}
		p.adopt(raw, p.lanes.shared)
		p.takeSlot()
	}
	return nil
}

// start lets the connections work.
func (p *pool) start(clock Clock) {
	p.clock = clock
	p.workers.Go(p.watchTimeouts)
	for c := range p.conns {
		p.lanes.put(c)
		p.workers.Go(func() { p.occupy(c, nil) })
	}
}

// timeoutSteps is how finely timeouts are kept, as a part of the timeout: a timer for each request would cost more
// than the request's other bookkeeping.
const timeoutSteps = 20

func (p *pool) watchTimeouts() {
	ticker := time.NewTicker(min(max(p.timeout/timeoutSteps, time.Millisecond), time.Second))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.expire()
		case <-p.ctx.Done():
			return
		}
	}
}

func (p *pool) adopt(raw net.Conn, l *lane) *conn {
	c := &conn{wire: wire.NewConn(raw), lane: l, shard: len(p.conns)}
	p.conns[c] = struct{}{}
	p.opened.Add(1)
	return c
}

// takeSlot reports whether one more connection may be opened, and counts it. Its caller holds mu.
func (p *pool) takeSlot() bool {
	if p.slots == p.limit {
		return false
	}
	p.slots++
	p.peak = max(p.peak, p.slots)
	return true
}

// send sends r now, or has it wait, or drops it. Only the dispatcher calls it.
func (p *pool) send(r *request) {
	if p.busy.Add(1) > int64(p.inFlight) {
		p.release(1)
		p.dropped.Add(1)
		return
	}
	p.mu.Lock()
	retired := p.lanes.enter(r)
	p.mu.Unlock()
	if len(retired) > 0 {
		p.workers.Go(func() { closeAll(retired) })
	}
	for {
		p.mu.Lock()
		c := p.lanes.take(r)
		if c == nil {
			if p.takeSlot() {
				p.mu.Unlock()
				p.workers.Go(func() { p.occupy(nil, r) })
				return
			}
			r.queued = true
			p.waiting.push(r)
			p.deepest = max(p.deepest, p.waiting.len())
			evicted := p.lanes.evict()
			p.mu.Unlock()
			p.queued.Add(1)
			if evicted != nil {
				_ = evicted.wire.Close() // its goroutine takes r, or one that waits longer
			}
			return
		}
		p.mu.Unlock()
		if c.begin(r, p.clock.Now()) {
			p.sent.Add(1)
			c.write(r)
			return
		}
	}
}

// closeAll closes idle connections, whose goroutines take notice.
func closeAll(conns []*conn) {
	for _, c := range conns {
		_ = c.wire.Close() // already closed is fine
	}
}

// occupy keeps one slot busy: it answers for c, or opens a connection for r when c is nil, and goes on with another
// connection as long as requests wait.
func (p *pool) occupy(c *conn, r *request) {
	for {
		if c == nil {
			c = p.open(r)
		}
		if c != nil {
			p.work(c)
			c = nil
		}
		if r = p.next(); r == nil {
			return
		}
	}
}

// open opens a connection and sends r on it. It returns nil when it could not, with the failure recorded.
func (p *pool) open(r *request) *conn {
	sent := p.clock.Now()
	p.sent.Add(1)
	raw, err := p.dial(p.ctx)
	if err != nil {
		p.fail(r, sent, 0, err)
		return nil
	}
	p.mu.Lock()
	c := p.adopt(raw, r.lane)
	p.mu.Unlock()
	if p.ctx.Err() != nil {
		_ = raw.Close() // adopted too late for close to see it; work records the failure
	}
	c.begin(r, sent)
	c.writeAll(r.bytes)
	return c
}

// work reads the answers that come on c, and sends what waits, until c cannot be used again.
func (p *pool) work(c *conn) {
	for p.answer(c) {
		r, keep := p.nextOrIdle(c)
		if !keep {
			break
		}
		if r != nil {
			c.begin(r, p.clock.Now())
			p.sent.Add(1)
			c.writeAll(r.bytes)
		}
	}
	_ = c.wire.Close() // the answers are complete, or the failure is recorded already
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
}

// answer waits for one answer and records it. It reports whether the connection can be used again.
func (p *pool) answer(c *conn) bool {
	err := c.wire.Await()
	first := p.clock.Now()
	r := c.current.Load()
	if r == nil {
		if c.current.CompareAndSwap(nil, closed) {
			p.forget(c)
			return false // closed by the target, or it speaks without being asked
		}
		// A request was put on c after its end or these bytes came: they are no answer to it.
		r = c.current.Load()
		if err == nil {
			err = errUnasked
		}
	}
	if err != nil {
		p.fail(r, time.Duration(c.sent.Load()), 0, p.cause(c, err))
		return false
	}
	response, err := c.wire.ReadResponse(r.noBody)
	if err != nil {
		p.fail(r, time.Duration(c.sent.Load()), first, p.cause(c, err))
		return false
	}
	p.recorder.add(c.shard, sample{
		request: r, sent: time.Duration(c.sent.Load()), first: first, done: p.clock.Now(),
		answer: answer{int32(response.Status), response.BodyBytes},
	})
	c.current.Store(nil)
	p.release(1)
	return !response.Close
}

var errUnasked = fmt.Errorf("%w: bytes came before the request was sent", wire.ErrProtocol)

// cause is why c failed, as seen by whoever knew first.
func (p *pool) cause(c *conn, err error) error {
	if c.timedOut.Load() {
		return os.ErrDeadlineExceeded
	}
	if p.ctx.Err() != nil {
		return p.ctx.Err()
	}
	if wrote := c.writeErr.Load(); wrote != nil {
		return *wrote
	}
	return err
}

func (p *pool) fail(r *request, sent, first time.Duration, err error) {
	p.recorder.add(0, sample{
		request: r, sent: sent, first: first, done: p.clock.Now(), failed: wire.Classify(err), text: err.Error(),
	})
	p.release(1)
}

// release says that n requests are neither sent nor waiting any more.
func (p *pool) release(n int64) {
	select {
	case <-p.free: // never, without a closed loop
	default:
	}
	if p.busy.Add(-n) == 0 && p.finishing.Load() {
		p.drainOnce.Do(func() { close(p.drained) })
	}
}

// finish waits until every request has its answer. When ctx is cancelled, requests that still wait for a connection
// are abandoned; it returns how many. When kill is cancelled it does not wait any longer.
func (p *pool) finish(ctx, kill context.Context) (abandoned int64) {
	p.busy.Add(1) // so that release meets finishing with something to release
	p.finishing.Store(true)
	p.release(1)
	select {
	case <-p.drained:
		return 0
	case <-ctx.Done():
		abandoned = p.abandon()
	case <-kill.Done():
	}
	select {
	case <-p.drained:
	case <-kill.Done():
		abandoned += p.abandon()
	}
	return abandoned
}

// next takes the longest waiting request for a slot without a connection, or gives the slot up.
func (p *pool) next() *request {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.takeWaiting()
	if r == nil {
		p.slots--
	}
	return r
}

// nextOrIdle takes the longest waiting request for c, or makes c idle. It reports false when c is to be closed: the
// request that waits longest is another client's, or c has served as many as a connection of a client does.
func (p *pool) nextOrIdle(c *conn) (r *request, keep bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if first := p.waiting.first(); first != nil && first.lane != c.lane || !p.lanes.keeps(c) {
		return nil, false
	}
	if r = p.takeWaiting(); r == nil {
		p.lanes.put(c)
	}
	return r, true
}

// takeWaiting takes the longest waiting request. Those that have waited longer than the timeout are dropped: nobody
// waits for them any more, and a target that hangs would hold the replay for hours. Its caller holds mu.
func (p *pool) takeWaiting() *request {
	for {
		r := p.waiting.pop()
		if r == nil || p.clock.Now()-r.due <= p.timeout {
			return r
		}
		p.expired.Add(1)
		p.dropped.Add(1)
		p.release(1)
	}
}

// forget takes a connection that ended while idle out of the idle ones.
func (p *pool) forget(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lanes.remove(c)
}

// expire breaks the connections whose answer is overdue. Their goroutines record the timeout.
func (p *pool) expire() {
	now := p.clock.Now()
	for _, c := range p.connections() {
		r := c.current.Load()
		if r != nil && r != closed && now-time.Duration(c.sent.Load()) > p.timeout {
			c.timedOut.Store(true)
			_ = c.wire.Close() // already closed is fine
		}
	}
}

// connections are those there are, to be closed without holding mu: closing TLS writes.
func (p *pool) connections() []*conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Keys(p.conns))
}

// abandon forgets the requests that wait for a connection, and returns how many there were.
func (p *pool) abandon() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := int64(p.waiting.len())
	p.waiting = queue{}
	p.release(n)
	return n
}

// close ends all connections. Answers still outstanding fail as cancelled.
func (p *pool) close() {
	p.cancel()
	for _, c := range p.connections() {
		_ = c.wire.Close() // already closed is fine
	}
	p.workers.Wait()
}
