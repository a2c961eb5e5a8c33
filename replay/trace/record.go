package trace

import (
	"encoding/binary"
	"time"

	"ngxreplay/replay/route"
)

// A sort record is: source, place of the path, rank + 1 (0 when the time is fine), request time when there is a rank,
// request.

// sourceNames numbers the sources, so that records need not repeat their names.
type sourceNames struct {
	names []string
	index map[string]int
	last  int // the number asked for last
}

func (s *sourceNames) number(name string) int {
	if s.last < len(s.names) && s.names[s.last] == name {
		return s.last
	}
	n, ok := s.index[name]
	if !ok {
		n = len(s.names)
		s.index[name] = n
		s.names = append(s.names, name)
	}
	s.last = n
	return n
}

// A timing is what a record says of its time besides its key, and of where it belongs.
type timing struct {
	source      int
	place       route.Place
	coarse      bool   // nothing is known but the second
	rank        uint32 // among the coarse ones of its source and second
	requestTime int64
}

func (t timing) appendTo(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(t.source))
	dst = binary.AppendUvarint(dst, uint64(t.place))
	if !t.coarse {
		return append(dst, 0)
	}
	dst = binary.AppendUvarint(dst, uint64(t.rank)+1)
	return binary.AppendUvarint(dst, uint64(t.requestTime))
}

// cutTiming returns the timing of a record and the request that follows it.
func cutTiming(record []byte) (t timing, request []byte, err error) {
	d := decoder{rest: record}
	t.source = int(d.uvarint())
	t.place = route.Place(d.uvarint())
	if rank := d.uvarint(); rank > 0 {
		t.coarse, t.rank = true, uint32(rank-1)
		t.requestTime = int64(d.uvarint())
	}
	if d.failed {
		return t, nil, errCorrupt
	}
	return t, d.rest, nil
}

// arrival is when the request of a record arrived, given its key: the earliest time at which it can have.
func (b *builder) arrival(earliest int64, record []byte) (int64, error) {
	t, _, err := cutTiming(record)
	if err != nil || !t.coarse {
		return earliest, err
	}
	second := floorDiv(earliest+t.requestTime, int64(time.Second))
	return earliest + int64(b.spreader.offset(second, t.source, t.rank)), nil
}

// decodeRecord fills r from record, whose bytes it borrows, and returns what of it is hashed, and the place of its path.
func (b *builder) decodeRecord(record []byte, r *Request) (traffic []byte, place route.Place, err error) {
	t, request, err := cutTiming(record)
	if err != nil || t.source < 0 || t.source >= len(b.sources.names) {
		return nil, place, errCorrupt
	}
	r.Source = b.sources.names[t.source]
	traffic, err = decodeTraffic(request, r)
	return traffic, t.place, err
}
