package replay

import (
	"container/list"
	"time"
)

// A lane is the connections that a request may leave on: all of the target's, or those of one logged client, of one host,
// or of one client to one host.
type lane struct {
	idle flight // the one used last is taken first: few warm connections carry a light load
	open int    // connections, and those that are being opened

	// Of a client or a host:
	key  laneKey
	last time.Duration // when its latest request arrived, in trace time
	ends time.Duration // how long after that its idle connections end
	gone bool          // its connections are closed when they become idle
}

// A laneKey is whose connections a lane has. What does not matter is zero.
type laneKey struct {
	client uint64
	host   string
}

func newLane(key laneKey, ends time.Duration) *lane {
	return &lane{idle: flight{number: inIdle}, key: key, ends: ends}
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

// lanes are one lane that all share, or one for each client, host or both. A client's connections end by nginx's rules in
// trace time, so that a replay at twice the speed opens as many as production did. There are no more lanes than there may
// be connections, however many hosts and clients a log invents.
type lanes struct {
	keyed     bool // not all share one
	perClient bool
	most      int
	shared    *lane
	byKey     map[laneKey]*list.Element // of order
	order     *list.List                // of *lane, the one that was quiet longest first
	quiet     flight                    // of all lanes, the one that is idle longest first
}

func newLanes(perClient, perHost bool, connections int) lanes {
	return lanes{
		keyed: perClient || perHost, perClient: perClient, most: connections,
		shared: newLane(laneKey{}, 0), byKey: map[laneKey]*list.Element{}, order: list.New(), quiet: flight{number: inQuiet},
	}
}

// enter puts r in its lane. It returns the idle connections that have ended in trace time, for the caller to close.
func (l *lanes) enter(r *request) (retired []*conn) {
	if !l.keyed {
		r.lane = l.shared
		return nil
	}
	key := laneKey{r.client, r.host}
	for e := l.order.Front(); e != nil && e.Value.(*lane).over(r.offset); e = l.order.Front() {
		retired = append(retired, l.end(e)...)
	}
	e := l.byKey[key]
	if e != nil && r.fresh {
		retired = append(retired, l.end(e)...)
		e = nil
	}
	if e == nil {
		if l.order.Len() >= l.most {
			retired = append(retired, l.end(l.order.Front())...)
		}
		ends := keepaliveIdle
		if r.numbered {
			ends = numberedIdle
		}
		e = l.order.PushBack(newLane(key, ends))
		l.byKey[key] = e
	}
	l.order.MoveToBack(e)
	r.lane = e.Value.(*lane)
	r.lane.last = r.offset
	return retired
}

// end forgets a lane and returns its idle connections.
func (l *lanes) end(e *list.Element) []*conn {
	lane := l.order.Remove(e).(*lane)
	delete(l.byKey, lane.key)
	lane.gone = true
	var idle []*conn
	for c := lane.idle.oldest; c != nil; c = lane.idle.oldest {
		l.remove(c)
		idle = append(idle, c)
	}
	return idle
}

// put makes c idle.
func (l *lanes) put(c *conn) {
	c.lane.idle.push(c)
	if l.keyed {
		l.quiet.push(c)
	}
}

// take takes an idle connection for r, or returns nil.
func (l *lanes) take(r *request) *conn {
	c := r.lane.idle.newest
	if c != nil {
		l.remove(c)
	}
	return c
}

// remove takes c out of the idle ones, when it is one.
func (l *lanes) remove(c *conn) {
	c.lane.idle.remove(c)
	l.quiet.remove(c)
}

// evict takes the connection that is idle longest, so that one of another lane can be opened instead, or returns nil.
func (l *lanes) evict() *conn {
	c := l.quiet.oldest
	if c != nil {
		l.remove(c)
	}
	return c
}

// keeps reports whether c stays open for another request of its lane.
func (l *lanes) keeps(c *conn) bool {
	return !l.keyed || !c.lane.gone && (!l.perClient || c.served < keepaliveRequests)
}

// overtakes reports whether a request may leave before one that waits for a connection of another lane. Clients keep their
// order: which connection ends for which shows in the target.
func (l *lanes) overtakes() bool { return l.keyed && !l.perClient }
