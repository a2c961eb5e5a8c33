// Package body makes the bodies of requests whose log does not hold them: by the user's rules, or filler of the right
// size. What it makes depends on the rules, the seed and the request's number only, so that a replay can be repeated.
package body

import (
	"bytes"
	"errors"
)

// Largest is the largest body that is made, in bytes: bodies are made ahead of need and kept until they are sent.
const Largest = 1 << 20

// Expected reports whether requests of that method have a body, if only an empty one.
func Expected(method []byte) bool {
	switch string(method) {
	case "POST", "PUT", "PATCH":
		return true
	}
	return false
}

// A Body is the content of a request and its media type.
type Body struct {
	Type  string
	Bytes []byte
}

// filler is repeated in bodies that nothing is known of but their size.
const filler = "the log does not hold this body, so here is filler of its size. "

// AppendFiller appends n bytes, at most Largest.
func AppendFiller(dst []byte, n int64) []byte {
	n = max(0, min(n, Largest))
	for ; n >= int64(len(filler)); n -= int64(len(filler)) {
		dst = append(dst, filler...)
	}
	return append(dst, filler[:n]...)
}

// errTooLarge ends a template that writes too much.
var errTooLarge = errors.New("the body is larger than 1 MiB")

// A page is a body that is being written, up to Largest.
type page struct{ bytes.Buffer }

func (p *page) Write(b []byte) (int, error) {
	if p.Len()+len(b) > Largest {
		return 0, errTooLarge
	}
	return p.Buffer.Write(b)
}

// WriteString keeps io.WriteString from going around Write.
func (p *page) WriteString(s string) (int, error) { return p.Write([]byte(s)) }
