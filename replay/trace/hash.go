package trace

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// A hasher computes the hash that identifies a trace: SHA-256 over each request in order, as its offset (a varint)
// followed by its traffic as appendRequest writes it. Line, route and source are left out: they say where a request was
// read, not what it is.
type hasher struct {
	sum     hash.Hash
	pending []byte // not hashed yet: few large pieces cost less than many small ones
}

func newHasher() *hasher { return &hasher{sum: sha256.New()} }

// hashPiece is from how many bytes on the pending ones are hashed.
const hashPiece = 4 << 10

// add takes a request as its record has it.
func (h *hasher) add(offset int64, traffic []byte) {
	h.pending = binary.AppendVarint(h.pending, offset)
	h.pending = append(h.pending, traffic...)
	if len(h.pending) >= hashPiece {
		h.flush()
	}
}

func (h *hasher) flush() {
	h.sum.Write(h.pending) // a hash takes everything
	h.pending = h.pending[:0]
}

func (h *hasher) hex() string {
	h.flush()
	return hex.EncodeToString(h.sum.Sum(nil))
}
