package replay

import "time"

// A setback is an attempt that ended and is to be followed by another, of a request that waits until a connection of HTTP/2
// has room for it. The request was sent, whatever comes: if it gets no room, it has failed as this attempt did.
type setback struct {
	failed sample        // what there is to tell then
	sent   time.Duration // when the next attempt counts as sent; 0 is when it leaves
	undo   func()        // has the next attempt counted no more
}

// leaves is when the next attempt counts as sent, if it leaves now.
func (s setback) leaves(now time.Duration) time.Duration {
	if s.sent > 0 {
		return s.sent
	}
	return now
}

// sendAgain sends the request on c once more, or as soon as there is room for it.
func (l *loop) sendAgain(c *conn, now time.Duration, s setback) {
	r := c.request
	l.land(c)
	l.end(c)
	l.sent-- // until it leaves
	if l.place(r, s.leaves(now)) {
		return
	}
	l.trunks.setbacks[r] = s
	if l.stopped {
		l.giveUp(r, now)
		return
	}
	r.queued, r.since = true, now
	l.waiting.pushFirst(r) // it is the oldest, and a new connection surely takes what comes first
	l.awaitRoom(now)
}

// giveUp records how the attempt of r ended that was to be followed by another. It reports false for a request that was
// never sent.
func (l *loop) giveUp(r *request, now time.Duration) bool {
	if l.trunks == nil {
		return false
	}
	s, was := l.trunks.setbacks[r]
	if !was {
		return false
	}
	delete(l.trunks.setbacks, r)
	s.undo()
	s.failed.done = now
	l.sent++
	l.busy--
	l.record(now, s.failed)
	return true
}
