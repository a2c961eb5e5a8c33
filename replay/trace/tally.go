package trace

import (
	"bytes"
	"hash/maphash"
	"slices"

	"ngxreplay/replay/route"
)

// A tally counts words of which there are few: methods, protocols. Looking through a short list costs less than a map,
// and nothing is allocated for a word that is known.
type tally struct {
	words  [][]byte
	counts []int64
	other  int64
}

// maxWords bounds a tally: a scanner invents more methods than any table needs. Longer words count as other too.
const (
	maxWords      = 32
	maxWordLength = 32
)

func (t *tally) add(word []byte) {
	for i, known := range t.words {
		if bytes.Equal(known, word) {
			t.counts[i]++
			if i > 0 && t.counts[i] > t.counts[i-1] { // the frequent ones come first
				t.words[i], t.words[i-1] = t.words[i-1], t.words[i]
				t.counts[i], t.counts[i-1] = t.counts[i-1], t.counts[i]
			}
			return
		}
	}
	if len(t.words) == maxWords || len(word) > maxWordLength {
		t.other++
		return
	}
	t.words = append(t.words, slices.Clone(word))
	t.counts = append(t.counts, 1)
}

// table returns the counts by word; words that found no place are counted as [route.Other].
func (t *tally) table() map[string]int64 {
	m := make(map[string]int64, len(t.words)+1)
	for i, word := range t.words {
		m[string(word)] += t.counts[i]
	}
	if t.other > 0 {
		m[route.Other] += t.other
	}
	return m
}

// distinct counts how many different values it has seen, by their hashes: exactly up to its bound, which is said to
// be passed beyond it.
type distinct struct {
	seed  maphash.Seed
	slots []uint64 // open addressing; 0 is free
	n     int
	last  uint64
}

// maxDistinct bounds what a distinct holds; its table then has twice as many slots of 8 bytes.
const maxDistinct = 1 << 20

func newDistinct() distinct { return distinct{seed: maphash.MakeSeed(), slots: make([]uint64, 1<<10)} }

func (d *distinct) add(value []byte) {
	h := maphash.Bytes(d.seed, value) | 1
	if h == d.last || d.n > maxDistinct {
		return
	}
	d.last = h
	if !d.insert(h) {
		return
	}
	d.n++
	if 2*d.n > len(d.slots) && d.n < maxDistinct {
		old := d.slots
		d.slots = make([]uint64, 2*len(old))
		for _, h := range old {
			if h != 0 {
				d.insert(h)
			}
		}
	}
}

// insert reports whether h is new.
func (d *distinct) insert(h uint64) bool {
	mask := uint64(len(d.slots) - 1)
	for i := h >> 1 & mask; ; i = (i + 1) & mask {
		switch d.slots[i] {
		case 0:
			d.slots[i] = h
			return true
		case h:
			return false
		}
	}
}

// seconds counts by second, in pages of about a minute, so that a dense log costs little more than 4 bytes a second and
// a sparse one some 300 a page.
type seconds struct {
	limit  int   // most pages; 0 is no limit
	missed int64 // entries beyond it
	pages  map[int64]*[pageSeconds]uint32
	number int64 // of page
	page   *[pageSeconds]uint32
	peak   uint32
	peakAt int64
}

const pageSeconds = 64

func (s *seconds) add(second int64) {
	number := floorDiv(second, pageSeconds)
	if number != s.number || s.page == nil {
		if s.page = s.pages[number]; s.page == nil {
			if s.limit > 0 && len(s.pages) == s.limit {
				s.missed++
				return
			}
			s.page = new([pageSeconds]uint32)
			if s.pages == nil {
				s.pages = make(map[int64]*[pageSeconds]uint32)
			}
			s.pages[number] = s.page
		}
		s.number = number
	}
	n := &s.page[second-number*pageSeconds]
	*n++
	if *n > s.peak || *n == s.peak && second < s.peakAt {
		s.peak, s.peakAt = *n, second
	}
}

// floorDiv rounds down, also before 1970: logs are hostile input.
func floorDiv(a, b int64) int64 {
	if q := a / b; a%b < 0 {
		return q - 1
	} else {
		return q
	}
}
