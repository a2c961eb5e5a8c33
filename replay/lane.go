package replay

import (
	"container/list"
	"slices"
	"time"
)

// A lane is the connections that a request may leave on: all of the target's, or those of one logged client.
type lane struct {
	idle []*conn // the one used last on top: few warm connections carry a light load

	// Of a client:
	client uint64
	last   time.Duration // when its latest request arrived, in trace time
	ends   time.Duration // how long after that its idle connections end
	gone   bool          // its connections are closed when they become idle
}

// over reports whether the idle connections of a client have ended by that trace time.
func (l *lane) over(now time.Duration) bool { return now-l.last > l.ends }

// The rules by which nginx ends a kept connection, unless told otherwise (keepalive_timeout, keepalive_requests).
const (
	keepaliveIdle     = 75 * time.Second
	keepaliveRequests = 1000
	// numberedIdle is that of connections that the log numbers: it says itself which request came on which, so that only
	// those that never come again need to end.
	numberedIdle = time.Hour
)

// lanes are one lane that all share, or one a client. A client's connections end by nginx's rules in trace time, so
// that a replay at twice the speed opens as many as production did.
type lanes struct {
	perClient bool
	shared    *lane
	byClient  map[uint64]*list.Element // of order
	order     *list.List               // of *lane, the one that was quiet longest first
	quiet     *list.List               // of *conn, the one that is idle longest first
}

func newLanes(perClient bool) lanes {
	return lanes{perClient: perClient, shared: &lane{}, byClient: map[uint64]*list.Element{}, order: list.New(), quiet: list.New()}
}

// enter puts r in its lane. It returns the idle connections that have ended in trace time, for the caller to close.
func (l *lanes) enter(r *request) (retired []*conn) {
	if !l.perClient {
		r.lane = l.shared
		return nil
	}
	for e := l.order.Front(); e != nil && e.Value.(*lane).over(r.offset); e = l.order.Front() {
		retired = append(retired, l.end(e)...)
	}
	e := l.byClient[r.client]
	if e != nil && r.fresh {
		retired = append(retired, l.end(e)...)
		e = nil
	}
	if e == nil {
		ends := keepaliveIdle
		if r.numbered {
			ends = numberedIdle
		}
		e = l.order.PushBack(&lane{client: r.client, ends: ends})
		l.byClient[r.client] = e
	}
	l.order.MoveToBack(e)
	r.lane = e.Value.(*lane)
	r.lane.last = r.offset
	return retired
}

// end forgets a client's lane and returns its idle connections.
func (l *lanes) end(e *list.Element) []*conn {
	lane := l.order.Remove(e).(*lane)
	delete(l.byClient, lane.client)
	lane.gone = true
	idle := lane.idle
	lane.idle = nil
	for _, c := range idle {
		l.quiet.Remove(c.quiet)
	}
	return idle
}

// put makes c idle.
func (l *lanes) put(c *conn) {
	c.lane.idle = append(c.lane.idle, c)
	if l.perClient {
		c.quiet = l.quiet.PushBack(c)
	}
}

// take takes an idle connection for r, or returns nil.
func (l *lanes) take(r *request) *conn {
	n := len(r.lane.idle)
	if n == 0 {
		return nil
	}
	c := r.lane.idle[n-1]
	r.lane.idle = r.lane.idle[:n-1]
	if l.perClient {
		l.quiet.Remove(c.quiet)
	}
	return c
}

// remove takes c out of the idle ones, when it is one.
func (l *lanes) remove(c *conn) {
	i := slices.Index(c.lane.idle, c)
	if i < 0 {
		return
	}
	c.lane.idle = slices.Delete(c.lane.idle, i, i+1)
	if l.perClient {
		l.quiet.Remove(c.quiet)
	}
}

// evict takes the connection that is idle longest, so that another client's can be opened instead, or returns nil.
func (l *lanes) evict() *conn {
	e := l.quiet.Front()
	if e == nil {
		return nil
	}
	c := e.Value.(*conn)
	l.remove(c)
	return c
}

// keeps reports whether c stays open for another request of its lane.
func (l *lanes) keeps(c *conn) bool {
	return !l.perClient || !c.lane.gone && c.served < keepaliveRequests
}
