package app

import (
	"bytes"
	"io"
)

// fillerBlock is the size of the shared block: large enough that a big body
// takes few writes, small enough to stay in a CPU cache.
const fillerBlock = 64 << 10

// Filler makes the bodies of expected answers: a fixed text, repeated. Its block
// is shared by all requests and never written after [NewFiller], so a body of any
// size costs no allocation of that size.
type Filler struct {
	block []byte
}

// NewFiller builds the shared block.
func NewFiller() Filler {
	line := []byte("ngxreplay filler 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGH\n")
	return Filler{block: bytes.Repeat(line, fillerBlock/len(line))}
}

// Bytes returns the first n bytes of the filler when they fit into the shared
// block. The caller must not write to them.
func (f Filler) Bytes(n int64) ([]byte, bool) {
	if n > int64(len(f.block)) {
		return nil, false
	}
	return f.block[:n:n], true
}

// Write sends n filler bytes to w.
func (f Filler) Write(w io.Writer, n int64) error {
	for n > 0 {
		chunk := f.block[:min(n, int64(len(f.block)))]
		if _, err := w.Write(chunk); err != nil {
			return err
		}
		n -= int64(len(chunk))
	}
	return nil
}

// Reader returns a stream of n filler bytes, for frameworks that pull.
func (f Filler) Reader(n int64) io.Reader {
	return &fillerReader{filler: f, left: n}
}

// fillerReader implements io.WriterTo too, which spares the copy buffer.
type fillerReader struct {
	filler Filler
	left   int64
	offset int // where in the block the next byte is
}

var _ io.WriterTo = (*fillerReader)(nil)

// Read implements io.Reader.
func (r *fillerReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	block := r.filler.block
	n := copy(p[:min(int64(len(p)), r.left)], block[r.offset:])
	r.left -= int64(n)
	r.offset = (r.offset + n) % len(block)
	return n, nil
}

// WriteTo implements io.WriterTo.
func (r *fillerReader) WriteTo(w io.Writer) (int64, error) {
	var sent int64
	for r.left > 0 {
		block := r.filler.block[r.offset:]
		n, err := w.Write(block[:min(r.left, int64(len(block)))])
		sent += int64(n)
		r.left -= int64(n)
		r.offset = (r.offset + n) % len(r.filler.block)
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}
