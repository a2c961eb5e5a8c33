package trace

import (
	"encoding/binary"
	"time"
)

// A sort record is: precision, request time, source, request.

// sourceNames numbers the sources, so that records need not repeat their names.
type sourceNames struct {
	names []string
	index map[string]int64
}

func (s *sourceNames) number(name string) int64 {
	n, ok := s.index[name]
	if !ok {
		n = int64(len(s.names))
		s.index[name] = n
		s.names = append(s.names, name)
	}
	return n
}

func (b *builder) appendRecord(dst []byte, r *Request, at stamp) []byte {
	dst = binary.AppendVarint(dst, int64(at.precision))
	dst = binary.AppendVarint(dst, max(r.RequestTime, 0))
	dst = binary.AppendVarint(dst, b.sources.number(r.Source))
	return appendRequest(dst, r)
}

func recordTime(record []byte) (precision time.Duration, requestTime int64, err error) {
	d := decoder{rest: record}
	precision, requestTime = time.Duration(d.varint()), d.varint()
	if d.failed {
		return 0, 0, errCorrupt
	}
	return precision, requestTime, nil
}

// decodeRecord fills r from record, whose bytes it borrows, and returns what of it is hashed.
func (b *builder) decodeRecord(record []byte, r *Request) (traffic []byte, err error) {
	d := decoder{rest: record}
	d.varint()
	d.varint()
	source := d.varint()
	if d.failed || source < 0 || source >= int64(len(b.sources.names)) {
		return nil, errCorrupt
	}
	r.Source = b.sources.names[source]
	return decodeTraffic(d.rest, r)
}
