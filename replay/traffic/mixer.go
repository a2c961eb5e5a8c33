package traffic

import (
	"errors"
	"fmt"
	"io"
	"math"

	"ngxreplay/replay/pace"
	"ngxreplay/replay/trace"
)

// A mixer keeps when requests come and changes which: the n-th request of its source gives the time, and the class drawn
// for it what is sent, the next of its class. A class that has run out begins again with its first.
//
// It reads its source ahead as far as it must to find a request of the class drawn. What it passes on the way waits in
// queues, one for each class and one for the times.
type mixer struct {
	source  Stream
	mix     Mix
	draws   *pace.Mix
	drawn   int // the class of the next slot, or -1
	queues  []queue
	slots   queue
	spool   *spool
	codec   codec
	entire  bool  // read the source to its end before the first request
	end     error // of the source
	unnamed int64 // requests of no class
	sent    int64
	in      []Request
	rows    []trace.Request
}

func newMixer(source Stream, mix Mix, s *spool) (*mixer, error) {
	draws, err := mix.draws()
	if err != nil {
		return nil, err
	}
	n := len(mix.classes)
	m := &mixer{
		source: source, mix: mix, draws: draws, drawn: -1,
		queues: make([]queue, n), slots: queue{spool: s}, spool: s, codec: newCodec(),
		in: make([]Request, readAhead),
	}
	for i := range m.queues {
		m.queues[i] = queue{spool: s, keep: true}
	}
	return m, nil
}

// maxAhead is how many times faster than it sends a mixer may have to read for a class. For a class that is rarer than
// that the replay would wait: the source is read before it starts.
const maxAhead = 8

// expect tells what the source holds of each class, of how many requests, to the request. A class that will not run
// out need not be kept.
func (m *mixer) expect(classes []int64, requests int64) {
	for i := range m.queues {
		share := m.draws.Share(i)
		m.queues[i].keep = math.Ceil(share*float64(requests))+1 > float64(classes[i])
		m.entire = m.entire || share*float64(requests) > maxAhead*float64(classes[i])
	}
}

func (m *mixer) Read(dst []Request) (n int, err error) {
	if len(m.rows) < len(dst) {
		m.rows = make([]trace.Request, len(dst))
	}
	for m.entire && m.end == nil {
		m.scan()
	}
	for n < len(dst) {
		if m.slots.unread == 0 {
			if m.end != nil {
				return n, m.end
			}
			m.scan()
			continue
		}
		if m.drawn < 0 {
			m.drawn = m.draws.Next()
		}
		if ready, err := m.supply(m.drawn); err != nil {
			return n, err
		} else if !ready {
			continue
		}
		dst[n].Recorded = &m.rows[n]
		if err := m.take(&dst[n]); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// supply makes sure that a request of the class is there, and reports whether it is already.
func (m *mixer) supply(class int) (ready bool, err error) {
	q := &m.queues[class]
	switch {
	case q.unread > 0:
		return true, nil
	case m.end == nil:
		m.scan()
		return false, nil
	case m.end != io.EOF:
		return false, m.end
	case q.total == 0:
		return false, fmt.Errorf("mix: no request is %s", m.mix.classes[class].name)
	case !q.keep:
		return false, errors.New("mix: the trace holds fewer requests than it states; build it again")
	}
	q.rewind()
	return true, nil
}

// take fills the next slot with the next request of the class drawn.
func (m *mixer) take(r *Request) error {
	slot, err := m.slots.next()
	if err != nil {
		return err
	}
	record, err := m.queues[m.drawn].next()
	if err != nil {
		return err
	}
	if err := m.codec.decode(record, r); err != nil {
		return err
	}
	r.At = slotTime(slot)
	m.sent++
	m.drawn = -1
	return nil
}

// scan reads a batch into the queues.
func (m *mixer) scan() {
	n, err := m.source.Read(m.in)
	m.end = err
	for i := range m.in[:n] {
		r := &m.in[i]
		slot := slotRecord(r.At)
		if err := m.slots.add(slot[:]); err != nil {
			m.end = err
			return
		}
		class := m.mix.class(r.Recorded)
		if class < 0 {
			m.unnamed++
			continue
		}
		if err := m.queues[class].add(m.codec.encode(r)); err != nil {
			m.end = err
			return
		}
	}
}
