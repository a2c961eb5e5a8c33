package wire

import "github.com/cespare/xxhash/v2"

// Bodies are hashed with XXH64 and seed 0: several times as fast as any hash of the standard library that gives the same
// sum in every run, and there are programs for it (xxh64sum), so that anybody can hash a body again.

// HashBodies has r hash the bodies of the answers that begin from now on, as they pass.
func (r *Reading) HashBodies() { r.hash = xxhash.New() }

// HasBody reports whether an answer with a final status has a body, which may be empty. The answer to a HEAD has none.
func HasBody(head bool, status int) bool {
	return !head && status != 101 && status != 204 && status != 304
}

// BodyHash returns the XXH64 of the body of a complete answer: of the bytes that BodyBytes counts, without chunk framing,
// and compressed where the target compressed it. ok is false without [Reading.HashBodies], and where there is no body,
// not even an empty one: in the answer to a HEAD, and with a status of 101, 204 or 304.
func (r *Reading) BodyHash() (sum uint64, ok bool) {
	if r.hash == nil || !r.hasBody || r.stage != complete {
		return 0, false
	}
	return r.hash.Sum64(), true
}
