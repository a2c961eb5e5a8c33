package live

import (
	"unsafe"

	"ngxreplay/replay/trace"
)

// clone copies a request and the bytes that it borrows, which are one allocation. size is what it takes in memory.
func clone(r *trace.Request) (c *trace.Request, size int) {
	n := 0
	for _, b := range fields(r) {
		n += len(*b)
	}
	for _, h := range r.Headers {
		n += len(h.Name) + len(h.Value)
	}
	copied := *r
	arena := make([]byte, 0, n)
	take := func(b []byte) []byte {
		if b == nil {
			return nil // not logged, which is not the same as empty
		}
		from := len(arena)
		arena = append(arena, b...)
		return arena[from:len(arena):len(arena)]
	}
	for _, b := range fields(&copied) {
		*b = take(*b)
	}
	copied.Headers = make([]trace.Header, len(r.Headers))
	for i, h := range r.Headers {
		copied.Headers[i] = trace.Header{Name: take(h.Name), Value: take(h.Value)}
	}
	return &copied, n + int(unsafe.Sizeof(copied)) + len(r.Headers)*int(unsafe.Sizeof(trace.Header{})) + int(unsafe.Sizeof(held{}))
}

// fields are the bytes of a request, but for its headers.
func fields(r *trace.Request) [10]*[]byte {
	return [...]*[]byte{&r.Method, &r.Target, &r.Protocol, &r.Scheme, &r.Host, &r.Referer, &r.UserAgent, &r.Body, &r.Client, &r.User}
}
