package replay

import (
	"context"
	"io"
	"net"
	"strings"
	"time"

	"ngxreplay/replay/wire"
)

// This file is what a loop does with its connections.

// newConn returns a connection that is still to be opened.
func (l *loop) newConn(of *lane) *conn {
	c := &conn{lane: of}
	if l.opts.HashBodies {
		c.reading.HashBodies()
	}
	return c
}

// adopt makes an open connection one of the loop's.
func (l *loop) adopt(raw net.Conn, c *conn) (link, error) {
	sock, ok, err := l.poller.adopt(raw)
	if err != nil {
		return nil, &wire.DialError{Err: err}
	}
	if ok {
		return sock, nil
	}
	return newStream(raw, c, &l.mail, &l.tasks), nil
}

// settle gives an open connection a place.
func (l *loop) settle(c *conn) error {
	if n := len(l.vacant); n > 0 {
		c.place = l.vacant[n-1]
		l.vacant = l.vacant[:n-1]
	} else {
		c.place = place{index: int32(len(l.places))}
		l.places = append(l.places, nil)
	}
	l.places[c.place.index] = c
	l.opened++
	if s, ok := c.link.(*stream); ok {
		s.start()
		return nil
	}
	return l.poller.watch(c.link, c.place)
}

// prime makes connections idle that were opened before the start. After an error it closes those that are left.
func (l *loop) prime(raws []net.Conn) (err error) {
	for i, raw := range raws {
		c := l.newConn(l.lanes.shared)
		if c.link, err = l.adopt(raw, c); err == nil {
			l.hold(c.lane, 1)
			err = l.settle(c)
		}
		if err != nil {
			for _, left := range raws[i+1:] {
				_ = left.Close() // nothing was sent on it
			}
			return err
		}
		l.lanes.put(c)
	}
	return nil
}

// open opens a connection for r, which counts as sent now.
func (l *loop) open(r *request, now time.Duration) {
	if r.numbered && r.lane.open > 0 && !r.resent && r.retries == 0 {
		l.doubled++
	}
	l.hold(r.lane, 1)
	c := l.newConn(r.lane)
	c.served = 1
	l.depart(c, r, now)
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(l.ctx)
	host := r.host // r may have ended before the connection is open
	l.tasks.Go(func() {
		raw, err := l.dial(ctx, host)
		n := note{conn: c, err: err}
		if err == nil {
			n.link, n.err = l.adopt(raw, c)
		}
		l.mail.post(n)
	})
}

// depart notes that r leaves on c.
func (l *loop) depart(c *conn, r *request, now time.Duration) {
	c.request, c.sent, c.first = r, now, 0
	c.reading.Begin(r.noBody, l.opts.MaxBody)
	l.flying.insert(c)
	if l.opts.FirstByte > 0 {
		l.silent.insert(c)
	}
}

// send writes r on c, which is idle.
func (l *loop) send(c *conn, r *request, now time.Duration) {
	c.served++
	l.depart(c, r, now)
	l.write(c)
}

func (l *loop) write(c *conn) {
	if n, err := c.link.write(c.request.bytes); err != nil {
		l.broken(c, err, n == 0)
	}
}

// handle does what an event allows.
func (l *loop) handle(e event) {
	c := l.places[e.index]
	if c == nil || c.place != e.place {
		return // of a connection that was closed meanwhile
	}
	if e.writable && !c.link.written() {
		if err := c.link.flush(); err != nil {
			l.broken(c, err, false)
			return
		}
	}
	if e.readable {
		l.read(c, e.ending)
	}
}

// read takes what came on c. ending says that its end follows.
func (l *loop) read(c *conn, ending bool) {
	for range readsAtOnce {
		n, err := c.link.read(l.buf)
		if n > 0 {
			l.received(c, l.buf[:n], ending || err != nil && err != errAgain)
		}
		switch {
		case c.closed:
			return
		case err == errAgain:
			if n == 0 || !ending {
				return
			}
		case err != nil:
			l.finished(c, err)
			return
		}
		if l.isDue() {
			break
		}
	}
	c.ending = c.ending || ending
	if !c.unread {
		c.unread = true
		l.unread = append(l.unread, c)
	}
}

// readOn reads where an earlier turn had to leave off: epoll will not speak of it again.
func (l *loop) readOn() {
	rest := l.unread
	l.unread = l.unreadSpare[:0]
	for _, c := range rest {
		c.unread = false
		if !c.closed {
			l.read(c, c.ending)
			l.keepTime()
		}
	}
	clear(rest)
	l.unreadSpare = rest
}

// readMail takes what goroutines have to say.
func (l *loop) readMail() {
	notes := l.mail.take(l.notes)
	for _, n := range notes {
		switch {
		case l.trunks != nil:
			l.readTrunkMail(n)
		case n.link != nil || n.conn.link == nil:
			l.dialled(n)
		case n.conn.closed:
		case n.wrote:
			l.broken(n.conn, n.err, true)
		default:
			l.streamed(n)
		}
		l.keepTime()
	}
	clear(notes)
	l.notes = notes
	l.findRoom()
}

// dialled goes on when a connection was opened, or could not be.
func (l *loop) dialled(n note) {
	c := n.conn
	c.cancel()
	switch {
	case c.closed: // nobody waits for it any more
		if n.link != nil {
			n.link.close()
		}
	case n.err != nil:
		l.fail(c, n.err)
	default:
		c.link = n.link
		if err := l.settle(c); err != nil {
			l.fail(c, &wire.DialError{Err: err})
			return
		}
		l.write(c)
	}
}

// streamed takes what a stream has read.
func (l *loop) streamed(n note) {
	c := n.conn
	if len(n.b) > 0 {
		l.received(c, n.b, n.err != nil)
	}
	switch {
	case c.closed:
	case n.err != nil:
		l.finished(c, n.err)
	default:
		c.link.(*stream).resume <- struct{}{}
	}
}

// received takes bytes that came on c.
func (l *loop) received(c *conn, b []byte, ending bool) {
	if c.request == nil {
		l.retire(c) // nobody asked
		return
	}
	now := l.time()
	if c.first == 0 {
		c.first = max(now, 1)
		l.silent.remove(c)
	}
	done, err := c.reading.Feed(b)
	switch {
	case err != nil:
		l.fail(c, err)
	case done:
		l.answered(c, now, c.reading.Close || ending || !c.link.written())
	}
}

// finished takes the end of a connection, good or bad.
func (l *loop) finished(c *conn, err error) {
	switch {
	case c.request == nil:
		l.retire(c)
	case err != io.EOF:
		l.broken(c, err, c.link.unreceived(c.request.bytes, err))
	default:
		if err = c.reading.End(); err == nil {
			l.answered(c, l.time(), true)
			return
		}
		l.broken(c, err, c.link.unreceived(c.request.bytes, io.EOF))
	}
}

// retire closes an idle connection.
func (l *loop) retire(c *conn) {
	l.lanes.remove(c)
	l.end(c)
	l.serve(l.time())
}

// broken ends a connection whose answer cannot come any more. A request that did not reach the target, because the
// target had given up a connection that was kept open, is sent once more; any other has failed. untouched says that
// nothing of it can have been processed.
func (l *loop) broken(c *conn, err error, untouched bool) {
	r := c.request
	if r == nil {
		l.retire(c)
		return
	}
	if !untouched || c.served < 2 || c.first != 0 || r.resent || l.killing.Load() {
		l.fail(c, err)
		return
	}
	r.resent = true
	l.reconnected++
	l.land(c)
	l.end(c)
	l.open(r, c.sent)
}

// land takes the request from c.
func (l *loop) land(c *conn) {
	l.flying.remove(c)
	l.silent.remove(c)
	c.request = nil
}

// answered records the answer to the request on c, and goes on.
func (l *loop) answered(c *conn, now time.Duration, last bool) {
	s := sample{request: c.request, sent: c.sent, first: c.first, done: now,
		answer: answer{int32(c.reading.Status), c.reading.BodyBytes}}
	s.hash, s.hashed = c.reading.BodyHash()
	l.record(now, s)
	l.land(c)
	l.busy--
	next := l.expireWaiting(now)
	keep := !last && l.lanes.keeps(c)
	if keep && next != nil && l.lanes.overtakes() {
		next = l.following(c.lane)
	}
	if !keep || next != nil && next.lane != c.lane {
		l.end(c)
		l.serve(now)
		return
	}
	if next != nil {
		l.send(c, l.release(now), now)
		return
	}
	l.lanes.put(c)
	if l.opts.Closed {
		l.refill(now)
	}
}

// refill sends the next request of a closed loop with the clock reading of the answer that made room for it.
func (l *loop) refill(now time.Duration) {
	ends := l.opts.Plan.Duration
	if ends > 0 && now >= ends || l.saturated() {
		return // dispatch sees to it
	}
	if r := l.peek(); r != nil {
		r.due = now
		l.advance()
		l.enter(r, now)
	}
}

// fail records that the request on c got no answer, unless it may be tried again.
func (l *loop) fail(c *conn, err error) {
	now, class := l.time(), wire.Classify(err)
	c.learn()
	if l.retry(c, now, class, err) {
		return
	}
	s := c.failure(class, err)
	s.done = now
	l.record(now, s)
	l.land(c)
	l.busy--
	l.end(c)
	l.serve(now)
}

// failure is what there is to tell of the request on c, which failed. It has no end yet.
func (c *conn) failure(class wire.Class, err error) sample {
	return sample{request: c.request, sent: c.sent, first: c.first, failed: class, text: excerpt(err.Error())}
}

// longestFailure is where the text of a failure is cut, in bytes: it may quote the target, as the names in its certificate.
const longestFailure = 1000

// excerpt holds on to no more than it returns.
func excerpt(text string) string {
	if len(text) <= longestFailure {
		return text
	}
	return strings.Clone(strings.ToValidUTF8(text[:longestFailure], ""))
}

// end closes c and gives its slot up.
func (l *loop) end(c *conn) {
	if c.closed {
		return
	}
	c.closed = true
	if l.trunks != nil {
		l.alight(c)
		return
	}
	l.hold(c.lane, -1)
	if c.link == nil {
		c.cancel()
		return
	}
	c.link.close()
	if at := c.place; l.places[at.index] == c {
		l.places[at.index] = nil
		l.vacant = append(l.vacant, place{at.index, at.generation + 1})
	}
}

// hold counts a connection that begins to open, or one less.
func (l *loop) hold(lane *lane, n int) {
	l.slots += n
	lane.open += n
	l.common.open.add(int64(n))
}

// serve opens connections for those that wait longest, as far as there are slots.
func (l *loop) serve(now time.Duration) {
	if l.trunks != nil {
		l.admit(now)
		return
	}
	for l.slots < l.opts.Connections {
		if l.expireWaiting(now) == nil {
			return
		}
		l.open(l.release(now), now)
	}
}

// record hands a sample to the recorder, with others.
func (l *loop) record(now time.Duration, s sample) {
	if len(l.chunk) == 0 {
		l.flushAt = now + flushEvery
	}
	l.chunk = append(l.chunk, s)
	if len(l.chunk) == chunkSize {
		l.flush(now)
	}
}

// mostFull is how many chunks may wait for a recorder that is behind. Beyond it the loop waits with them: late requests
// are seen and counted, memory that grows is not.
const mostFull = 128

// flush hands over what was recorded, if the recorder has room; else later.
func (l *loop) flush(now time.Duration) {
	if len(l.full) >= mostFull {
		l.held++
		l.recorder.chunks <- l.full[0]
		l.full = append(l.full[:0], l.full[1:]...)
	}
	if len(l.chunk) > 0 {
		l.full = append(l.full, l.chunk)
		l.chunk = l.recorder.spareChunk()
	}
	for len(l.full) > 0 && l.recorder.offer(l.full[0]) {
		l.full = append(l.full[:0], l.full[1:]...)
	}
	l.flushAt = now + flushEvery
	l.effort.look(now)
}

// handOver gives the recorder all that is left, and waits until it has room for it.
func (l *loop) handOver() {
	for _, chunk := range append(l.full, l.chunk) {
		l.recorder.chunks <- chunk
	}
	l.full, l.chunk = nil, nil
}
