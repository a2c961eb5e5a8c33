package replay

import (
	"bytes"
	"errors"
	"time"

	"ngxreplay/replay/wire"
)

// MostRetries is the most that [Options.Retry] may be: a target that is down is not to be kept down by those who ask
// again.
const MostRetries = 10

// Retries are what was sent again because [Options.Retry] asked for it.
type Retries struct {
	// After counts them by how the attempt before each had failed. These failures are in no other count.
	After map[wire.Class]int64
	// Answered is how many requests were answered, but not at the first attempt.
	Answered int64
}

// Sent is how many attempts there were beside the first ones.
func (r Retries) Sent() int64 {
	var n int64
	for _, count := range r.After {
		n += count
	}
	return n
}

// retry sends the request on c, which failed, once more if it may be: at once, and on a new connection, whose place is
// that of c. It reports whether it did. The request remains one of the ledger.
func (l *loop) retry(c *conn, now time.Duration, class wire.Class, err error) bool {
	r := c.request
	if int(r.retries) >= l.opts.Retry || l.stopping.Load() || l.killing.Load() || !mayPass(class, err) || !isIdempotent(r.bytes) {
		return false
	}
	if r.retries == 0 {
		r.firstSent = c.sent
	}
	r.retries++
	l.retried[class]++
	if l.trunks != nil {
		l.sendAgain(c, now, setback{failed: c.failure(class, err), undo: func() { l.undoRetry(r, class) }})
		return true
	}
	l.land(c)
	l.end(c)
	l.open(r, now)
	return true
}

// undoRetry has the latest attempt of r counted no more.
func (l *loop) undoRetry(r *request, after wire.Class) {
	r.retries--
	if l.retried[after]--; l.retried[after] == 0 {
		delete(l.retried, after)
	}
}

// mayPass reports whether another attempt may end otherwise. An answer would be too long again, and a certificate wrong;
// what failed on our own side is no matter of the target.
func mayPass(class wire.Class, err error) bool {
	switch class {
	case wire.Cancelled, wire.Local, wire.TooLarge:
		return false
	}
	var identity *wire.IdentityError
	return !errors.As(err, &identity)
}

// isIdempotent reports whether a request does the same once and several times, by its method (RFC 9110, 9.2.2). It is
// the method that was sent that counts.
func isIdempotent(request []byte) bool {
	method, _, _ := bytes.Cut(request, []byte{' '})
	switch string(method) {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE":
		return true
	}
	return false
}
