package wire

import (
	"encoding/binary"
	"encoding/hex"
)

// A TraceSeed is what the trace ids of one target in one run are derived from, so that a request of a report can be
// found in what the target's tracing recorded. 0 is none.
type TraceSeed uint64

// NewTraceSeed makes the seed of a target, which other targets of the run do not share.
func NewTraceSeed(seed uint64, target string) TraceSeed {
	h := mix(seed + golden)
	for i := range len(target) {
		h = mix(h ^ uint64(target[i]))
	}
	return TraceSeed(h | 1)
}

// A TraceID is a trace-id of W3C Trace Context.
type TraceID [16]byte

// String is the id as tracing systems show it.
func (id TraceID) String() string { return hex.EncodeToString(id[:]) }

// ID is the trace id of request n. No two of a seed are the same, and none is all zero.
func (s TraceSeed) ID(n uint64) (id TraceID) {
	binary.BigEndian.PutUint64(id[:8], mix(uint64(s))|1)
	binary.BigEndian.PutUint64(id[8:], mix(uint64(s)+n*golden)) // both are one to one in n
	return id
}

// parent is the id of the span that is the replay's own, and never zero.
func (s TraceSeed) parent(n uint64) uint64 {
	return mix(uint64(s)^mix(n+golden)) | 1
}

// appendParent appends the value of traceparent: version 00, and sampled.
func (s TraceSeed) appendParent(dst []byte, n uint64) []byte {
	id := s.ID(n)
	dst = append(dst, "00-"...)
	dst = hex.AppendEncode(dst, id[:])
	dst = append(dst, '-')
	var parent [8]byte
	binary.BigEndian.PutUint64(parent[:], s.parent(n))
	dst = hex.AppendEncode(dst, parent[:])
	return append(dst, "-01"...)
}

// golden is the step of SplitMix64, which is odd, and mix its finalizer.
const golden = 0x9e3779b97f4a7c15

func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
