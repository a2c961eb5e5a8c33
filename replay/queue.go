package replay

// A queue holds requests in order. The zero value is empty.
type queue struct {
	items []*request
	head  int
}

func (q *queue) len() int { return len(q.items) - q.head }

func (q *queue) push(r *request) { q.items = append(q.items, r) }

// first returns the next request that pop will return, or nil.
func (q *queue) first() *request {
	if q.len() == 0 {
		return nil
	}
	return q.items[q.head]
}

// pop returns nil when the queue is empty. Half of the memory is given back when half of it is unused.
func (q *queue) pop() *request {
	if q.len() == 0 {
		return nil
	}
	r := q.items[q.head]
	q.items[q.head] = nil
	q.head++
	if q.head*2 >= len(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return r
}
