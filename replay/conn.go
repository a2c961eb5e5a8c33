package replay

import (
	"container/list"
	"context"
	"time"

	"ngxreplay/replay/wire"
)

// A conn is a connection with the request on it. It belongs to the loop: nobody else touches it.
type conn struct {
	link    link // nil while it is being opened
	lane    *lane
	served  int           // requests sent on it
	quiet   *list.Element // in lanes.quiet, while idle
	request *request      // the one that has no answer yet; nil when idle
	sent    time.Duration // when request was sent, or its connection began to open
	first   time.Duration // when its answer began; 0 before
	reading wire.Reading
	place   place
	cancel  context.CancelFunc // ends opening it
	closed  bool
	beside  [2]beside // in the loop's two lists
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
	// read reads what is there. It returns errAgain when nothing is, and io.EOF at the end of the connection.
	read(b []byte) (n int, err error)
	// unreceived reports whether it is certain that the target closed before anything of the latest write reached it.
	unreceived() bool
	close()
}

// A beside holds the neighbours of a connection in a list.
type beside struct{ older, newer *conn }

// A flight is the connections that wait for something since they sent, the longest waiting first. As all may wait
// equally long, only the first needs to be looked at. The number tells the lists that a connection is in.
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
	c.beside[f.number] = beside{older, newer}
	f.join(older, c)
	f.join(c, newer)
}

// remove takes c out, if it is in.
func (f *flight) remove(c *conn) {
	at := c.beside[f.number]
	if at.older == nil && f.oldest != c {
		return
	}
	f.join(at.older, at.newer)
	c.beside[f.number] = beside{}
}

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
