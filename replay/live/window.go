package live

import (
	"container/heap"
	"time"

	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"
)

const (
	// horizon is how far ahead of its due time a request is read. Files that are already there wait on the disk.
	horizon = time.Minute
	// lead is how long before it is due a request is handed to the replay: more than two ticks.
	lead = 250 * time.Millisecond
	// tolerance is how much later than ever the input may come before it counts as stalled.
	tolerance = 250 * time.Millisecond
	// settled is when a second that is over counts as logged, with the requests that share it.
	settled = 250 * time.Millisecond
	// The window holds at most that many requests and bytes of them; then nothing more is read.
	maxHeld      = 1 << 20
	maxHeldBytes = 256 << 20
)

// What keeps a request of a log that is followed from being sent. They count as filtered.
const (
	// Stale is logged more than a week ago.
	Stale trace.Rule = "stale"
	// Future is logged more than a minute from now: a clock is wrong.
	Future trace.Rule = "future"
	// TooLate came to be known more than a minute after it was due, by the time at which it was logged.
	TooLate trace.Rule = "too-late"
	// Ended was known, but not due when the replay ended.
	Ended trace.Rule = "ended"
)

// How far from its place a request may be logged.
const (
	maxAge   = 7 * 24 * time.Hour
	maxAhead = time.Minute
	maxLate  = time.Minute
)

// A held request waits until it is due.
type held struct {
	arrival int64 // nanoseconds since 1970
	seq     uint64
	late    bool // known only when it was due, or just before
	size    int
	request *trace.Request
}

// A window holds requests for the time that the replay is behind, and sorts them by arrival. Times are nanoseconds since
// 1970. It has no clock and no lock.
type window struct {
	delay  time.Duration
	behind time.Duration // a request is due that long after its arrival; 0 before the first
	newest int64         // the latest time logged
	queue  queue
	bytes  int
	extra  int // requests that wait for their second to be complete
	seq    uint64

	start    int64 // when the first request was released: the replay's own zero
	first    int64 // arrival of the request released first
	last     int64 // offset released last
	deadline int64 // nothing due from then on is released; 0 for none

	late    int64
	stalls  int64
	stalled time.Duration
}

// place decides what becomes of a request logged at t, in a file whose latest line so far was logged at head: the rule
// that leaves it out, or none. It moves the time behind.
func (w *window) place(t, head int64, precision time.Duration, now int64) trace.Rule {
	age := time.Duration(now - t)
	switch {
	case age > maxAge:
		return Stale
	case age < -maxAhead:
		return Future
	}
	w.newest = max(w.newest, t)
	age = time.Duration(now - head)
	if precision >= time.Second {
		age = max(age, precision+settled) // not known before
	}
	switch starved := time.Duration(now - w.newest); {
	case w.start == 0:
		w.behind = max(w.behind, w.delay+max(age, 0))
	case starved > w.behind+tolerance:
		w.stalls++
		w.stalled += w.delay + starved - w.behind
		w.behind = w.delay + starved
	}
	if now-t-int64(w.behind) > int64(maxLate) {
		return TooLate
	}
	return ""
}

// isEarly reports whether a request logged at t need not be read yet, or cannot be held.
func (w *window) isEarly(t, now int64) bool {
	switch {
	case w.behind == 0 || t-now > int64(maxAhead):
		return false
	case len(w.queue)+w.extra >= maxHeld || w.bytes >= maxHeldBytes:
		return true
	}
	return t+int64(w.behind) > now+int64(horizon)
}

// add takes a request that arrived then.
func (w *window) add(r *trace.Request, arrival int64, size int, now int64) {
	due := arrival + int64(w.behind)
	if due < now {
		w.late++
	}
	w.seq++
	heap.Push(&w.queue, held{arrival, w.seq, due < now+int64(lead)/2, size, r})
}

// release moves the requests that are nearly due to dst, by arrival, and sets their offsets, which never decrease.
func (w *window) release(dst []traffic.Request, now int64) int {
	n := 0
	for n < len(dst) && len(w.queue) > 0 {
		due := w.queue[0].arrival + int64(w.behind)
		if due > now+int64(lead) || w.deadline > 0 && due >= w.deadline {
			break
		}
		h := heap.Pop(&w.queue).(held)
		w.bytes -= h.size
		if w.start == 0 {
			w.start, w.first = now, h.arrival
		}
		if h.late {
			due = max(due, now)
		}
		w.last = max(w.last, due-w.start)
		h.request.Offset = w.last
		dst[n] = traffic.Request{Recorded: h.request, At: time.Duration(w.last)}
		n++
	}
	return n
}

// A queue is a heap of requests by arrival; those that arrived together keep the order in which they came.
type queue []held

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].arrival != q[j].arrival {
		return q[i].arrival < q[j].arrival
	}
	return q[i].seq < q[j].seq
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(held)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	old[len(old)-1] = held{}
	*q = old[:len(old)-1]
	return x
}
