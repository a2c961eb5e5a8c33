package trace

// An arena holds records in chunks, so that it grows without copying and its memory is used again after a reset.
type arena struct {
	chunks  [][]byte
	current int // the chunk that is being filled
	size    int // bytes in use
}

// A place is where a record begins in an arena.
type place struct{ chunk, offset uint32 }

// chunkSize is that of most chunks; a record that is larger gets one of its own.
const chunkSize = 256 << 10

// alloc returns room for n bytes.
func (a *arena) alloc(n int) ([]byte, place) {
	for a.current < len(a.chunks) && cap(a.chunks[a.current])-len(a.chunks[a.current]) < n {
		a.current++
	}
	if a.current == len(a.chunks) {
		a.chunks = append(a.chunks, make([]byte, 0, max(chunkSize, n)))
	}
	chunk := a.chunks[a.current]
	start := len(chunk)
	chunk = chunk[:start+n]
	a.chunks[a.current] = chunk
	a.size += n
	return chunk[start:], place{uint32(a.current), uint32(start)}
}

// from is everything of p's chunk from p on.
func (a *arena) from(p place) []byte { return a.chunks[p.chunk][p.offset:] }

// reset forgets the records and keeps the chunks.
func (a *arena) reset() {
	for i := range a.chunks {
		a.chunks[i] = a.chunks[i][:0]
	}
	a.current, a.size = 0, 0
}
