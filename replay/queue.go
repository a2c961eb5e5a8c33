package replay

import "slices"

// A queue holds requests in order.
type queue struct {
	items []*request
	head  int
	depth *gauge // how many wait, in all such queues, that would rather not
}

func (q *queue) len() int { return len(q.items) - q.head }

func (q *queue) push(r *request) {
	q.items = append(q.items, r)
	if r.queued {
		q.depth.add(1)
	}
}

// pushFirst makes r the next that pop will return.
func (q *queue) pushFirst(r *request) {
	if r.queued {
		q.depth.add(1)
	}
	if q.head > 0 {
		q.head--
		q.items[q.head] = r
		return
	}
	q.items = slices.Insert(q.items, 0, r)
}

// first returns the next request that pop will return, or nil.
func (q *queue) first() *request {
	if q.len() == 0 {
		return nil
	}
	return q.items[q.head]
}

// pop returns nil when the queue is empty. The room of those that left is used again when it is half of all.
func (q *queue) pop() *request {
	if q.len() == 0 {
		return nil
	}
	r := q.items[q.head]
	q.items[q.head] = nil
	q.head++
	if r.queued {
		q.depth.add(-1)
	}
	if q.head*2 >= len(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return r
}

// overtaking is how many requests may be preferred to the first, and how far behind it they may be.
const overtaking = 64

// prefer puts the first request of a lane before the others, if it is not far behind and the first one has not been
// overtaken too often: its connection need not be closed then. It returns the first.
func (q *queue) prefer(lane *lane) *request {
	near := q.items[q.head:min(q.head+overtaking, len(q.items))]
	at := slices.IndexFunc(near, func(r *request) bool { return r.lane == lane })
	if at > 0 && near[0].overtaken < overtaking {
		near[0].overtaken++
		r := near[at]
		copy(near[1:], near[:at])
		near[0] = r
	}
	return q.first()
}
