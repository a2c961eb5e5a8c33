package trace

import (
	"encoding/binary"
	"errors"

	"ngxreplay/parse"
)

var errCorrupt = errors.New("corrupt sort record")

// appendRequest appends r in a compact form for sorting, in memory or on disk: the line number, and then the traffic,
// which is what is hashed. Source, Offset and Route are left out: the offset is not known before the sort, and the
// others say where a request was read and not what it is.
//
// The traffic is: two bytes, little-endian, with a bit for each field that is absent, from the lowest in the order of
// texts, numbers, headers; method, target and status; the texts and numbers that are there; and the headers, their
// number first. Texts are preceded by their length + 1, numbers are varints.
func appendRequest(dst []byte, r *Request) []byte {
	dst = binary.AppendVarint(dst, r.Line)
	at := len(dst)
	dst = append(dst, 0, 0)
	dst = appendBytes(dst, r.Method)
	dst = appendBytes(dst, r.Target)
	dst = binary.AppendVarint(dst, int64(r.Status))
	missing, bit := uint16(0), uint16(1)
	for _, text := range [...][]byte{r.Protocol, r.Scheme, r.Host, r.Referer, r.UserAgent, r.Body, r.Client, r.User} {
		if text == nil {
			missing |= bit
		} else {
			dst = appendBytes(dst, text)
		}
		bit <<= 1
	}
	for _, n := range [...]int64{r.BodyBytes, r.RequestTime, r.RequestLength, r.Connection, r.ConnectionRequests} {
		if n == parse.Absent {
			missing |= bit
		} else {
			dst = binary.AppendVarint(dst, n)
		}
		bit <<= 1
	}
	if len(r.Headers) == 0 {
		missing |= bit
	} else {
		dst = appendHeaders(dst, r.Headers)
	}
	binary.LittleEndian.PutUint16(dst[at:], missing)
	return dst
}

func appendHeaders(dst []byte, headers []Header) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(headers)))
	for _, h := range headers {
		dst = appendBytes(dst, h.Name)
		dst = appendBytes(dst, h.Value)
	}
	return dst
}

// appendBytes writes 0 for nil and length + 1 for everything else.
func appendBytes(dst, b []byte) []byte {
	if b == nil {
		return append(dst, 0)
	}
	dst = binary.AppendUvarint(dst, uint64(len(b))+1)
	return append(dst, b...)
}

// decodeRequest fills r from record, whose bytes it borrows. Source, Offset and Route are left as they are.
func decodeRequest(record []byte, r *Request) error {
	_, err := decodeTraffic(record, r)
	return err
}

// decodeTraffic is decodeRequest, and returns the traffic in record.
func decodeTraffic(record []byte, r *Request) (traffic []byte, err error) {
	d := decoder{rest: record}
	r.Line = d.varint()
	if len(d.rest) < 2 {
		return nil, errCorrupt
	}
	traffic = d.rest
	present, bit := ^binary.LittleEndian.Uint16(d.rest), uint16(1)
	d.rest = d.rest[2:]
	r.Method = d.bytes()
	r.Target = d.bytes()
	r.Status = int32(d.varint())
	for _, text := range [...]*[]byte{&r.Protocol, &r.Scheme, &r.Host, &r.Referer, &r.UserAgent, &r.Body, &r.Client, &r.User} {
		*text = nil
		if present&bit != 0 {
			*text = d.bytes()
		}
		bit <<= 1
	}
	for _, n := range [...]*int64{&r.BodyBytes, &r.RequestTime, &r.RequestLength, &r.Connection, &r.ConnectionRequests} {
		*n = parse.Absent
		if present&bit != 0 {
			*n = d.varint()
		}
		bit <<= 1
	}
	r.Headers = r.Headers[:0]
	if present&bit != 0 {
		d.headers(r)
	}
	if d.failed || len(d.rest) != 0 {
		return nil, errCorrupt
	}
	return traffic, nil
}

type decoder struct {
	rest   []byte
	failed bool
}

func (d *decoder) uvarint() uint64 {
	if len(d.rest) > 0 && d.rest[0] < 0x80 { // most often
		v := d.rest[0]
		d.rest = d.rest[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.failed = true
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) varint() int64 {
	v := d.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if n == 0 || d.failed {
		return nil
	}
	n--
	if n > uint64(len(d.rest)) {
		d.failed = true
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) headers(r *Request) {
	for range d.uvarint() {
		if d.failed {
			return
		}
		r.Headers = append(r.Headers, Header{Name: d.bytes(), Value: d.bytes()})
	}
}

// AppendRequest appends r to dst in a compact form that [DecodeRequest] of the same program reads. Offset, Route and
// Source are left out.
func AppendRequest(dst []byte, r *Request) []byte { return appendRequest(dst, r) }

// DecodeRequest fills r from what [AppendRequest] wrote. The bytes of r are those of record; Offset, Route and Source
// are left as they are, and the space of its Headers is used again.
func DecodeRequest(record []byte, r *Request) error { return decodeRequest(record, r) }
