package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"ngxreplay/replay/wire"
	"ngxreplay/replay/wire/h2"
)

// This file is what a loop does with connections of HTTP/2. Each request on one is a conn of its own, for the lists and the
// record, and has a goroutine.

// A trunk is a connection that carries many requests at a time. It belongs to the loop.
type trunk struct {
	link *h2.Conn
	busy int  // requests on it that have not come to their end
	full bool // it had no room when it was last asked
	gone bool // it takes no more
}

// trunks are the open connections of a loop that speaks HTTP/2.
type trunks struct {
	open     []*trunk
	setbacks map[*request]setback // of those that wait to be sent once more
	wanting  atomic.Bool          // requests wait for room: who makes some says so
	room     atomic.Bool          // somebody did
}

// A passage is one request on a trunk. It is its goroutine's until it is posted.
type passage struct {
	left, began atomic.Int64 // when the request left and the answer began; 0 before
	counted     bool         // as sent, since its trunk began to open
	done        time.Duration
	answer      h2.Answer
	err         error
}

// mostTrunks is how many connections of HTTP/2 there may be. All are looked at for each request.
const mostTrunks = 1000

// beginHTTP2 makes trunks of the connections that were opened before the start, and deals them to the loops. The first was the
// probe: when it cannot be used, none can.
func (ls loops) beginHTTP2(ctx context.Context, raws []net.Conn) (err error) {
	for _, l := range ls {
		l.trunks = newTrunks()
	}
	for i, raw := range raws {
		if err != nil {
			_ = raw.Close() // nothing was sent on it
			continue
		}
		l := ls[i%len(ls)]
		var link *h2.Conn
		if link, err = h2.Connect(ctx, raw, l.opts.Timeout); err == nil {
			l.hold(l.lanes.shared, 1)
			l.lay(&trunk{link: link})
		}
	}
	return err
}

func newTrunks() *trunks { return &trunks{setbacks: make(map[*request]setback)} }

// lay begins to use t.
func (l *loop) lay(t *trunk) {
	l.opened++
	l.trunks.open = append(l.trunks.open, t)
	t.link.Watch(func() {
		if l.trunks.wanting.Load() {
			l.trunks.room.Store(true)
			l.mail.wake()
		}
	})
}

// board sends r on a trunk, or has it wait.
func (l *loop) board(r *request, now time.Duration) {
	if l.waiting.len() == 0 && l.place(r, now) {
		return
	}
	l.await(r, now)
	l.awaitRoom(now)
}

// awaitRoom has whoever makes room say so. There may be some since before anybody knew that it is wanted: then all trunks
// are asked once more.
func (l *loop) awaitRoom(now time.Duration) {
	if !l.trunks.wanting.Swap(true) {
		l.trunks.askAll()
	}
	l.admit(now)
}

// askAll forgets which trunks had no room.
func (t *trunks) askAll() {
	for _, open := range t.open {
		open.full = false
	}
}

// place sends r on an idle trunk, on a new one while there may be more, or on the least busy one that has room.
func (l *loop) place(r *request, now time.Duration) bool {
	l.prune()
	for {
		t := l.trunks.leastBusy()
		switch {
		case (t == nil || t.busy > 0) && l.slots < l.opts.Connections:
			l.sent++
			l.openTrunk(r, now)
			return true
		case t == nil:
			return false
		case t.link.Reserve():
			l.sent++
			c := &conn{}
			l.depart(c, r, now)
			l.pass(c, t)
			return true
		}
		t.full = true
	}
}

// admit sends those that wait longest, as far as there is room.
func (l *loop) admit(now time.Duration) {
	for r := l.expireWaiting(now); r != nil; r = l.expireWaiting(now) {
		due := r.due
		if l.opts.Closed && r.retries == 0 && !r.resent {
			r.due = now // as there is room only now
		}
		if !l.place(r, l.trunks.setbacks[r].leaves(now)) {
			r.due = due
			return
		}
		delete(l.trunks.setbacks, r)
		l.waiting.pop()
	}
	l.trunks.wanting.Store(false)
}

// leastBusy returns the trunk with the fewest requests of those that may have room, or nil.
func (t *trunks) leastBusy() (best *trunk) {
	for _, candidate := range t.open {
		if !candidate.full && (best == nil || candidate.busy < best.busy) {
			best = candidate
		}
	}
	return best
}

// prune gives up the trunks that take no more requests. What is under way on them may still be answered.
func (l *loop) prune() {
	l.trunks.open = slices.DeleteFunc(l.trunks.open, func(t *trunk) bool {
		if t.gone = t.link.Gone(); t.gone {
			l.hold(l.lanes.shared, -1)
			l.closeEmpty(t)
		}
		return t.gone
	})
}

// closeEmpty closes a trunk that is gone when nothing is under way on it.
func (l *loop) closeEmpty(t *trunk) {
	if t.gone && t.busy == 0 {
		l.tasks.Go(t.link.Close)
	}
}

// closeTrunks closes what is open, when nothing is under way.
func (l *loop) closeTrunks() {
	if l.trunks == nil {
		return
	}
	for _, t := range l.trunks.open {
		l.tasks.Go(t.link.Close)
	}
}

// openTrunk opens a trunk for r, which counts as sent now.
func (l *loop) openTrunk(r *request, now time.Duration) {
	l.hold(l.lanes.shared, 1)
	c := &conn{}
	l.depart(c, r, now)
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(l.ctx)
	l.tasks.Go(func() {
		n := note{conn: c}
		raw, err := l.dial(ctx, "")
		if err == nil {
			var link *h2.Conn
			if link, err = h2.Connect(ctx, raw, l.opts.Timeout); err == nil {
				n.trunk = &trunk{link: link}
			}
		}
		n.err = err
		l.mail.post(n)
	})
}

// pass sends the request of c on t, which has room for it. The bytes are copied: net/http may still read them when the
// request has come to its end and its batch is filled again.
func (l *loop) pass(c *conn, t *trunk) {
	c.trunk = t
	t.busy++
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(context.Background()) // the loop itself gives up what is under way
	p := &passage{}
	c.passage = p
	x := h2.Exchange{
		Request: bytes.Clone(c.request.bytes), MaxBody: l.opts.MaxBody, Hash: l.opts.HashBodies,
		Left:  func() { p.left.Store(int64(l.clock.Now())) },
		Began: func() { l.began(c, p) },
	}
	l.tasks.Go(func() {
		p.answer, p.err = t.link.Do(ctx, x)
		p.done = l.clock.Now()
		l.mail.post(note{conn: c, passage: p})
	})
}

// began notes that an answer began. The loop is told when it waits for that.
func (l *loop) began(c *conn, p *passage) {
	p.began.Store(max(int64(l.clock.Now()), 1))
	if l.opts.FirstByte > 0 {
		l.mail.post(note{conn: c})
	}
}

// readTrunkMail takes what a goroutine has to say.
func (l *loop) readTrunkMail(n note) {
	c := n.conn
	switch {
	case c.trunk == nil:
		l.trunkOpened(c, n.trunk, n.err)
	case c.closed: // nobody waits for it any more
	case n.passage != nil:
		l.arrived(c, n.passage)
	default:
		l.silent.remove(c)
	}
}

// findRoom goes on where a trunk has got room.
func (l *loop) findRoom() {
	if l.trunks == nil || !l.trunks.room.Swap(false) {
		return
	}
	l.trunks.askAll()
	l.admit(l.time())
}

// trunkOpened goes on when a trunk was opened, or could not be.
func (l *loop) trunkOpened(c *conn, t *trunk, err error) {
	c.cancel()
	switch {
	case c.closed:
		if t != nil { // nobody waits for it any more
			l.tasks.Go(t.link.Close)
		}
	case err != nil:
		l.fail(c, err)
	case !t.link.Reserve():
		l.tasks.Go(t.link.Close)
		refused := fmt.Errorf("%w: it takes none at all", wire.ErrStreamRefused)
		if t.link.Gone() {
			refused = fmt.Errorf("%w as soon as it was open", wire.ErrGoAway)
		}
		l.fail(c, refused)
	default:
		l.lay(t)
		l.pass(c, t)
		c.passage.counted = true
		l.admit(l.time())
	}
}

// arrived records what became of the request on c, and goes on.
func (l *loop) arrived(c *conn, p *passage) {
	now := l.time()
	c.learn()
	switch {
	case p.err == nil:
		l.record(now, sample{request: c.request, sent: c.sent, first: c.first, done: p.done,
			answer: answer{int32(p.answer.Status), p.answer.Bytes}, grpc: p.answer.GRPC,
			hash: p.answer.Hash, hashed: p.answer.Hashed})
		l.land(c)
		l.busy--
		l.end(c)
		l.admit(now)
		if l.opts.Closed {
			l.refill(now)
		}
	case errors.Is(p.err, h2.ErrUntouched) && c.first == 0 && !c.request.resent && !l.killing.Load():
		r := c.request
		r.resent = true
		l.reconnected++
		l.sendAgain(c, now, setback{
			failed: c.failure(wire.Classify(p.err), p.err), sent: c.sent,
			undo: func() { r.resent = false; l.reconnected-- },
		})
	default:
		l.fail(c, p.err)
	}
}

// learn takes over when the request on c left and when its answer began, as far as they did.
func (c *conn) learn() {
	p := c.passage
	if p == nil {
		return
	}
	c.first = time.Duration(p.began.Load())
	if !c.request.resent && !p.counted {
		c.sent = max(c.sent, time.Duration(p.left.Load()))
	}
}

// alight takes c off its trunk, or gives up opening one.
func (l *loop) alight(c *conn) {
	c.cancel()
	if c.trunk == nil {
		l.hold(l.lanes.shared, -1)
		return
	}
	c.trunk.busy--
	c.trunk.full = false
	l.closeEmpty(c.trunk)
}
