package wire

import (
	"bytes"
	"encoding/binary"

	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire/body"
)

// isGRPC reports whether the log has a request for a call of gRPC: by its Content-Type or, as few logs have that, by the
// User-Agent of gRPC's libraries. What gRPC-Web sends goes over HTTP/1 too, and is none.
func isGRPC(r *trace.Request) bool {
	if string(r.Method) != "POST" {
		return false
	}
	for _, h := range r.Headers {
		if isNamed(h.Name, contentType) {
			rest, found := bytes.CutPrefix(bytes.ToLower(h.Value), []byte("application/grpc"))
			return found && !bytes.HasPrefix(rest, []byte("-web"))
		}
	}
	_, library, found := bytes.Cut(r.UserAgent, []byte("grpc-"))
	return found && !bytes.HasPrefix(library, []byte("web"))
}

// appendCall appends what servers of gRPC ask for beside the logged headers.
func appendCall(dst []byte, typed bool) []byte {
	if !typed {
		dst = append(dst, "Content-Type: application/grpc\r\n"...)
	}
	return append(dst, "TE: trailers\r\n"...)
}

// messagePrefix is what stands before a message of gRPC: whether it is compressed, and its length.
const messagePrefix = 5

// appendMessage ends a call whose message nobody knows, with one of the logged size.
func (f *Format) appendMessage(dst []byte, start int, r *trace.Request) []byte {
	size := f.fill(fillerSize(r, int64(len(dst)-start)))
	size = messageSize(size - messagePrefix)
	dst = appendLength(dst, messagePrefix+size)
	dst = append(dst, 0) // not compressed
	dst = binary.BigEndian.AppendUint32(dst, uint32(size))
	return appendUnknown(dst, size)
}

// Protocol Buffers skip fields that they do not know: a message that holds nothing else is an empty one to any server. Two
// fields are taken that hardly anybody has, one with a short number for messages that have no room for more.
const (
	fieldShort = 2047 << 3        // a number follows
	fieldLong  = (1<<29-1)<<3 | 2 // a length and so many bytes follow
	shortTag   = 2
	longTag    = 5
	longLength = 5
)

// messageSize is the size nearest to n that appendUnknown can make.
func messageSize(n int64) int64 {
	if n <= shortTag {
		return 0
	}
	return n
}

// appendUnknown appends n bytes that hold one unknown field. Numbers may be written longer than they need be.
func appendUnknown(dst []byte, n int64) []byte {
	switch {
	case n == 0:
		return dst
	case n < longTag+longLength:
		dst = binary.AppendUvarint(dst, fieldShort)
		return appendVarint(dst, 0, n-shortTag)
	}
	content := n - longTag - longLength
	dst = binary.AppendUvarint(dst, fieldLong)
	dst = appendVarint(dst, uint64(content), longLength)
	return body.AppendFiller(dst, content)
}

// appendVarint appends v in n bytes.
func appendVarint(dst []byte, v uint64, n int64) []byte {
	for range n - 1 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v)&0x7f)
}
