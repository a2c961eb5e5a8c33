package trace

// A window puts records that come in order of the earliest time at which they can arrive in order of their arrival. It
// holds what may still be overtaken: with draws below a second, one second of traffic.
//
// What comes in order already waits in a queue, which is all of a log of one server without request times; the others
// wait in a heap.
type window struct {
	queue []waiting
	head  int // of the queue
	heap  []waiting
	slots [][]byte // copies of the records
	free  []int32  // slots that are not in use
}

type waiting struct {
	key  key // arrival and tie
	slot int32
}

// push takes a copy of record.
func (w *window) push(arrival key, record []byte) {
	var slot int32
	if n := len(w.free); n > 0 {
		slot, w.free = w.free[n-1], w.free[:n-1]
	} else {
		slot = int32(len(w.slots))
		w.slots = append(w.slots, nil)
	}
	w.slots[slot] = append(w.slots[slot][:0], record...)
	added := waiting{arrival, slot}
	if n := len(w.queue); n > w.head && arrival.compare(w.queue[n-1].key) < 0 {
		w.up(added)
		return
	}
	if len(w.queue) == cap(w.queue) && w.head > len(w.queue)/2 {
		w.queue, w.head = w.queue[:copy(w.queue, w.queue[w.head:])], 0
	}
	w.queue = append(w.queue, added)
}

// pop yields, in order, what arrives before a time.
func (w *window) pop(before int64, yield func(arrival key, record []byte) error) error {
	for {
		first, queued, ok := w.first()
		if !ok || first.key.time >= before {
			return nil
		}
		if err := w.take(first, queued, yield); err != nil {
			return err
		}
	}
}

// flush yields, in order, all that is left.
func (w *window) flush(yield func(arrival key, record []byte) error) error {
	for {
		first, queued, ok := w.first()
		if !ok {
			return nil
		}
		if err := w.take(first, queued, yield); err != nil {
			return err
		}
	}
}

// first is what arrives first, and whether it waits in the queue.
func (w *window) first() (first waiting, queued, ok bool) {
	queued = w.head < len(w.queue)
	switch {
	case queued && (len(w.heap) == 0 || w.queue[w.head].key.compare(w.heap[0].key) < 0):
		return w.queue[w.head], true, true
	case len(w.heap) > 0:
		return w.heap[0], false, true
	}
	return first, false, false
}

func (w *window) take(first waiting, queued bool, yield func(arrival key, record []byte) error) error {
	if queued {
		w.head++
		if w.head == len(w.queue) {
			w.queue, w.head = w.queue[:0], 0
		}
	} else {
		w.down()
	}
	w.free = append(w.free, first.slot)
	return yield(first.key, w.slots[first.slot])
}

// up adds to the heap.
func (w *window) up(added waiting) {
	w.heap = append(w.heap, added)
	i := len(w.heap) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if w.heap[parent].key.compare(added.key) <= 0 {
			break
		}
		w.heap[i] = w.heap[parent]
		i = parent
	}
	w.heap[i] = added
}

// down takes the first off the heap.
func (w *window) down() {
	n := len(w.heap) - 1
	moved := w.heap[n]
	w.heap = w.heap[:n]
	i := 0
	for child := 1; child < n; child = 2*i + 1 {
		if child+1 < n && w.heap[child+1].key.compare(w.heap[child].key) < 0 {
			child++
		}
		if moved.key.compare(w.heap[child].key) <= 0 {
			break
		}
		w.heap[i] = w.heap[child]
		i = child
	}
	if n > 0 {
		w.heap[i] = moved
	}
}
