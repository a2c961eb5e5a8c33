package trace

import (
	"encoding/binary"
	"hash/maphash"
)

// A dictionary numbers the different words of a column in the order in which they come. Traffic repeats itself: the
// last word is looked at first.
type dictionary struct {
	seed  maphash.Seed
	plain []byte // the words as a dictionary page holds them: length, bytes
	slots []slot // open addressing
	words int
	last  slot
}

// A slot is where a word lies. It holds what is needed to find it, so that a look-up touches little memory.
type slot struct {
	hash   uint32
	start  uint32 // of the word in plain, after its length; 0 is a free slot
	number int32
}

func newDictionary() *dictionary {
	return &dictionary{seed: maphash.MakeSeed(), slots: make([]slot, 1<<8)}
}

// holds reports whether s is the slot of word.
func (d *dictionary) holds(s *slot, word []byte) bool {
	known := d.plain[s.start:]
	return binary.LittleEndian.Uint32(d.plain[s.start-4:]) == uint32(len(word)) && string(known[:len(word)]) == string(word)
}

// number returns that of word, which is copied when it is new.
func (d *dictionary) number(word []byte) int32 {
	if d.last.start > 0 && d.holds(&d.last, word) {
		return d.last.number
	}
	hash := uint32(maphash.Bytes(d.seed, word))
	mask := uint32(len(d.slots) - 1)
	i := hash & mask
	for ; d.slots[i].start > 0; i = (i + 1) & mask {
		if s := &d.slots[i]; s.hash == hash && d.holds(s, word) {
			d.last = *s
			return s.number
		}
	}
	d.plain = appendPlain(d.plain, word)
	d.last = slot{hash, uint32(len(d.plain) - len(word)), int32(d.words)}
	d.slots[i] = d.last
	d.words++
	if 2*d.words > len(d.slots) {
		d.grow()
	}
	return d.last.number
}

func (d *dictionary) grow() {
	old := d.slots
	d.slots = make([]slot, 2*len(old))
	mask := uint32(len(d.slots) - 1)
	for _, s := range old {
		if s.start == 0 {
			continue
		}
		i := s.hash & mask
		for ; d.slots[i].start > 0; i = (i + 1) & mask {
		}
		d.slots[i] = s
	}
}

// reset forgets all words, and keeps the memory.
func (d *dictionary) reset() {
	d.plain, d.words, d.last = d.plain[:0], 0, slot{}
	clear(d.slots)
}

// appendPlain appends b as Parquet's PLAIN encoding has it.
func appendPlain(dst, b []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(b)))
	return append(dst, b...)
}
