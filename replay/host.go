package replay

import (
	"context"
	"net"
	"time"

	"ngxreplay/replay/wire"
)

// connect makes a connection for requests of a host. The host says nothing where connections carry requests of any.
func (t Target) connect(ctx context.Context, host string) (net.Conn, error) {
	if t.DialHost == nil {
		return t.Dial(ctx)
	}
	return t.DialHost(ctx, host)
}

// saturated reports whether a closed loop has as many requests under way as it may.
func (l *loop) saturated() bool {
	return l.busy-l.waiting.len() >= l.limit || l.busy >= l.opts.MaxInFlight
}

// awaitsOwn reports whether requests of a lane wait for one of its connections although another lane's may be idle. Those of
// a closed loop do, as others can be sent meanwhile: else nearly every request to another host than the one before would
// end a connection and open one. Only so many wait, so that connections go where the traffic goes.
func (l *loop) awaitsOwn(lane *lane) bool {
	return l.opts.Closed && l.lanes.keyed && lane.open > 0 && l.waiting.len() < overtaking
}

// following returns which of the requests that wait is next when a connection of a lane is free. It may be one of another
// lane; nil lets the connection be idle. No request waits while a connection of its lane is idle, so that those who wait for
// one of their own wait for an answer that will come.
func (l *loop) following(lane *lane) *request {
	next := l.waiting.prefer(lane)
	if next.lane != lane && next.overtaken < overtaking && l.awaitsOwn(next.lane) {
		return nil
	}
	return next
}

// release takes the first of the requests that wait, to send it. In a closed loop it is due only now.
func (l *loop) release(now time.Duration) *request {
	r := l.waiting.pop()
	l.sent++
	if l.opts.Closed {
		r.due = now
	}
	return r
}

// hostNames are the server names of logged hosts. Logs may hold any number of them, so it forgets.
type hostNames struct {
	known map[string]string // by the host as it is logged
}

// Hosts that are remembered, and how long they may be, in bytes.
const (
	hostsKept   = 1024
	longestHost = 300
)

// of returns the server name of a host.
func (h *hostNames) of(host []byte) string {
	if name, ok := h.known[string(host)]; ok {
		return name
	}
	if len(host) > longestHost {
		return ""
	}
	if h.known == nil || len(h.known) == hostsKept {
		h.known = make(map[string]string)
	}
	name := wire.ServerName(host)
	h.known[string(host)] = name
	return name
}
