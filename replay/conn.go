package replay

import (
	"context"
	"time"

	"ngxreplay/replay/wire"
)

// A conn is a connection with the request on it. It belongs to the loop: nobody else touches it.
type conn struct {
	link    link   // nil while it is being opened
	trunk   *trunk // of HTTP/2: the connection that carries this request; else nil
	passage *passage
	lane    *lane
	served  int           // requests sent on it
	request *request      // the one that has no answer yet; nil when idle
	sent    time.Duration // when request was sent, or its connection began to open
	first   time.Duration // when its answer began; 0 before
	reading wire.Reading
	place   place
	cancel  context.CancelFunc // ends opening it
	closed  bool
	unread  bool // in loop.unread
	ending  bool // of unread: its end follows
	beside  [flights]beside
}

// A place is where the loop finds a connection that the poller speaks of. Places are used again; the generation tells
// whose it was.
type place struct{ index, generation int32 }

// A link carries the bytes of a connection, and never makes the loop wait.
type link interface {
	// write begins to write b, which must stay as it is until it is written or the link is closed. It returns how much
	// was written so far. An error with n = 0 means that nothing left.
	write(b []byte) (n int, err error)
	// flush writes more of what is left.
	flush() error
	// written reports whether all has left.
	written() bool
	// read reads what is there, up to len(b). It returns errAgain with or after the last of it, and io.EOF at the end of the
	// connection.
	read(b []byte) (n int, err error)
	// unreceived reports whether it is certain, by how the connection ended, that the target cannot have read the latest
	// write, which is request, wholly.
	unreceived(request []byte, end error) bool
	close()
}

// A beside holds the neighbours of a connection in a list.
type beside struct{ older, newer *conn }

// The flights that a connection may be in, each with its number.
const (
	inFlying = iota
	inSilent
	inIdle
	inQuiet
	flights
)

// A flight is a list of connections, the longest waiting first. Those that wait for something since they sent may all
// wait equally long: only the first needs to be looked at. Taking one out costs the same wherever it is.
type flight struct {
	number         int
	oldest, newest *conn
}

// insert adds c by when it sent: nearly always the end.
func (f *flight) insert(c *conn) {
	older := f.newest
	for older != nil && older.sent > c.sent {
		older = older.beside[f.number].older
	}
	newer := f.oldest
	if older != nil {
		newer = older.beside[f.number].newer
	}
	f.join(older, c)
	f.join(c, newer)
}

// push adds c as the newest, whenever it sent.
func (f *flight) push(c *conn) {
	f.join(f.newest, c)
	f.join(c, nil)
}

// remove takes c out, if it is in.
func (f *flight) remove(c *conn) {
	if !f.holds(c) {
		return
	}
	at := c.beside[f.number]
	f.join(at.older, at.newer)
	c.beside[f.number] = beside{}
}

// holds reports whether c is in. Of the flights with one number c may be in this one only.
func (f *flight) holds(c *conn) bool { return c.beside[f.number].older != nil || f.oldest == c }

// join makes two connections neighbours. nil stands for an end.
func (f *flight) join(older, newer *conn) {
	if older == nil {
		f.oldest = newer
	} else {
		older.beside[f.number].newer = newer
	}
	if newer == nil {
		f.newest = older
	} else {
		newer.beside[f.number].older = older
	}
}
