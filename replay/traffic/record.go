package traffic

import (
	"encoding/binary"
	"time"

	"ngxreplay/replay/trace"
)

// A codec turns requests into records of a queue and back. When they are sent is not part of it.
type codec struct {
	scratch []byte
	texts   map[string]string // routes and sources, so that each is allocated once
}

// maxTexts bounds texts: beyond it they are allocated for each request.
const maxTexts = 10_000

func newCodec() codec { return codec{texts: map[string]string{}} }

// encode returns the record of r, which is valid until the next call.
func (c *codec) encode(r *Request) []byte {
	b := binary.LittleEndian.AppendUint64(c.scratch[:0], r.Client)
	b = binary.AppendUvarint(b, uint64(r.Copy))
	b = binary.AppendUvarint(b, uint64(r.Loop))
	b = binary.AppendUvarint(b, uint64(r.Recorded.Offset))
	b = appendText(b, r.Recorded.Route)
	b = appendText(b, r.Recorded.Source)
	c.scratch = trace.AppendRequest(b, r.Recorded)
	return c.scratch
}

func appendText(dst []byte, text string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(text)))
	return append(dst, text...)
}

// decode fills r, whose Recorded is given, from record, whose bytes it uses.
func (c *codec) decode(record []byte, r *Request) error {
	if len(record) < 8 {
		return errQueue
	}
	r.Client = binary.LittleEndian.Uint64(record)
	rest, ok := record[8:], true
	number := func() uint64 {
		v, n := binary.Uvarint(rest)
		if n <= 0 {
			ok = false
			return 0
		}
		rest = rest[n:]
		return v
	}
	text := func() string {
		length := number()
		if length > uint64(len(rest)) {
			ok = false
			return ""
		}
		b := rest[:length]
		rest = rest[length:]
		return c.text(b)
	}
	r.Copy, r.Loop = int32(number()), int32(number())
	r.Recorded.Offset = int64(number())
	r.Recorded.Route, r.Recorded.Source = text(), text()
	if !ok || trace.DecodeRequest(rest, r.Recorded) != nil {
		return errQueue
	}
	return nil
}

func (c *codec) text(b []byte) string {
	if s, ok := c.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(c.texts) < maxTexts {
		c.texts[s] = s
	}
	return s
}

// slotRecord is the time of a slot as a record.
func slotRecord(at time.Duration) (record [8]byte) {
	binary.LittleEndian.PutUint64(record[:], uint64(at))
	return record
}

func slotTime(record []byte) time.Duration {
	return time.Duration(binary.LittleEndian.Uint64(record))
}
