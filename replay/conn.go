package replay

import (
	"container/list"
	"sync/atomic"
	"time"

	"ngxreplay/replay/wire"
)

// A conn is a connection with the request on it.
type conn struct {
	wire   *wire.Conn
	lane   *lane
	served int           // requests sent on it
	quiet  *list.Element // in lanes.quiet, while idle
	shard  int
	// current is the request that was sent and has no answer yet; nil when idle; closed when it cannot be used.
	current  atomic.Pointer[request]
	sent     atomic.Int64 // when current was sent
	timedOut atomic.Bool
	writeErr atomic.Pointer[error]
}

// closed marks a connection that was given up while it was idle.
var closed = new(request)

// begin puts r on an idle connection. It reports false when the target has closed it meanwhile.
func (c *conn) begin(r *request, now time.Duration) bool {
	c.sent.Store(int64(now))
	c.served++
	return c.current.CompareAndSwap(nil, r)
}

// largeRequest is what surely fits a socket's send buffer, in bytes. More could block the thread that sends.
const largeRequest = 16 << 10

func (c *conn) write(r *request) {
	if len(r.bytes) > largeRequest {
		go c.writeAll(r.bytes)
		return
	}
	c.writeAll(r.bytes)
}

// writeAll leaves the reading goroutine to find out that the connection is broken: an answer may have come before.
func (c *conn) writeAll(b []byte) {
	if _, err := c.wire.Write(b); err != nil {
		c.writeErr.Store(&err)
	}
}
