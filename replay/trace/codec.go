package trace

import (
	"encoding/binary"
	"errors"
)

var errCorrupt = errors.New("corrupt sort record")

// appendRequest appends r in a compact form for sorting, in memory or on disk. Offset and Route are left out: they
// are not known before the sort.
func appendRequest(dst []byte, r *Request) []byte {
	dst = appendBytes(dst, r.Method)
	dst = appendBytes(dst, r.Target)
	dst = appendBytes(dst, r.Protocol)
	dst = appendBytes(dst, r.Scheme)
	dst = appendBytes(dst, r.Host)
	dst = appendBytes(dst, r.Referer)
	dst = appendBytes(dst, r.UserAgent)
	dst = appendBytes(dst, r.Body)
	dst = appendBytes(dst, r.Client)
	dst = appendBytes(dst, r.User)
	dst = binary.AppendVarint(dst, int64(r.Status))
	dst = binary.AppendVarint(dst, r.BodyBytes)
	dst = binary.AppendVarint(dst, r.RequestTime)
	dst = binary.AppendVarint(dst, r.RequestLength)
	dst = binary.AppendVarint(dst, r.Connection)
	dst = binary.AppendVarint(dst, r.ConnectionRequests)
	dst = binary.AppendVarint(dst, r.Line)
	dst = binary.AppendUvarint(dst, uint64(len(r.Headers)))
	for _, h := range r.Headers {
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
	d := decoder{rest: record}
	r.Method = d.bytes()
	r.Target = d.bytes()
	r.Protocol = d.bytes()
	r.Scheme = d.bytes()
	r.Host = d.bytes()
	r.Referer = d.bytes()
	r.UserAgent = d.bytes()
	r.Body = d.bytes()
	r.Client = d.bytes()
	r.User = d.bytes()
	r.Status = int32(d.varint())
	r.BodyBytes = d.varint()
	r.RequestTime = d.varint()
	r.RequestLength = d.varint()
	r.Connection = d.varint()
	r.ConnectionRequests = d.varint()
	r.Line = d.varint()
	r.Headers = r.Headers[:0]
	for range d.uvarint() {
		if d.failed {
			break
		}
		r.Headers = append(r.Headers, Header{Name: d.bytes(), Value: d.bytes()})
	}
	if d.failed || len(d.rest) != 0 {
		return errCorrupt
	}
	return nil
}

type decoder struct {
	rest   []byte
	failed bool
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	return v * uint64(d.advance(n))
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.rest)
	return v * int64(d.advance(n))
}

// advance moves past n bytes and returns 1, or 0 when n says that the number was cut off.
func (d *decoder) advance(n int) int {
	if n <= 0 {
		d.failed = true
		return 0
	}
	d.rest = d.rest[n:]
	return 1
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

// AppendRequest appends r to dst in a compact form that [DecodeRequest] of the same program reads. Offset, Route and
// Source are left out.
func AppendRequest(dst []byte, r *Request) []byte { return appendRequest(dst, r) }

// DecodeRequest fills r from what [AppendRequest] wrote. The bytes of r are those of record; Offset, Route and Source
// are left as they are, and the space of its Headers is used again.
func DecodeRequest(record []byte, r *Request) error { return decodeRequest(record, r) }
