package trace

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// A hasher computes the hash that identifies a trace: SHA-256 over each request in order, as its offset followed by
// the fields that appendRequest writes. The line number is left out, as are route and source: they say where a
// request was read, not what it is.
type hasher struct {
	sum     hash.Hash
	scratch []byte
}

func newHasher() *hasher { return &hasher{sum: sha256.New()} }

func (h *hasher) add(r *Request) {
	traffic := *r
	traffic.Line = 0
	h.scratch = binary.AppendVarint(h.scratch[:0], r.Offset)
	h.scratch = appendRequest(h.scratch, &traffic)
	h.sum.Write(h.scratch)
}

func (h *hasher) hex() string { return hex.EncodeToString(h.sum.Sum(nil)) }
