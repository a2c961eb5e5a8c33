package trace

import (
	"bufio"
	"cmp"
	"encoding/binary"
)

// key orders records: by time, then by tie, which no two records share.
type key struct {
	time int64
	tie  uint64
}

func (k key) compare(o key) int {
	return cmp.Or(cmp.Compare(k.time, o.time), cmp.Compare(k.tie, o.tie))
}

// A sorter sorts any number of records in bounded memory: beyond the limit it writes sorted runs to one file, and
// merges them at the end. The file is unlinked as soon as it is open, so that nothing is left behind however the
// program ends. Ties must be added in increasing order.
type sorter struct {
	limit int                       // bytes of records held in memory
	spill func() (spillFile, error) // opens the file of the runs

	arena   arena
	index   []ref
	scratch []ref // of the sort
	ordered bool  // the index is in order as it is
	file    spillFile
	written int64
	runs    []section
}

// A ref is a record in the arena, where a head precedes its bytes: time, tie and length.
type ref struct {
	time  int64
	place place
}

const (
	headSize = 20
	refSize  = 2 * 16 // of a ref, and of its room in the scratch
)

func appendHead(dst []byte, k key, length int) {
	binary.LittleEndian.PutUint64(dst[0:], uint64(k.time))
	binary.LittleEndian.PutUint64(dst[8:], k.tie)
	binary.LittleEndian.PutUint32(dst[16:], uint32(length))
}

// readHead returns the key and the length of the record that follows its head.
func readHead(head []byte) (k key, length int) {
	return key{int64(binary.LittleEndian.Uint64(head[0:])), binary.LittleEndian.Uint64(head[8:])}, int(binary.LittleEndian.Uint32(head[16:]))
}

// add takes a copy of record.
func (s *sorter) add(k key, record []byte) error {
	n := headSize + len(record)
	if len(s.index) > 0 && s.arena.size+n+refSize*(len(s.index)+1) > s.limit {
		if err := s.flush(); err != nil {
			return err
		}
	}
	room, at := s.arena.alloc(n)
	appendHead(room, k, len(record))
	copy(room[headSize:], record)
	s.ordered = len(s.index) == 0 || s.ordered && s.index[len(s.index)-1].time <= k.time
	s.index = append(s.index, ref{k.time, at})
	return nil
}

// flush writes what is in memory as a sorted run.
func (s *sorter) flush() error {
	if s.file == nil {
		file, err := s.spill()
		if err != nil {
			return err
		}
		s.file = file
	}
	s.sortIndex()
	w := bufio.NewWriterSize(s.file, writeBuffer)
	start := s.written
	for _, r := range s.index {
		b := s.arena.from(r.place)
		_, length := readHead(b)
		n, _ := w.Write(b[:headSize+length]) // bufio keeps the first error for Flush
		s.written += int64(n)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	s.runs = append(s.runs, section{start, s.written})
	s.arena.reset()
	s.index = s.index[:0]
	return nil
}

// drain yields all records in order. A record is valid until yield returns.
func (s *sorter) drain(yield func(k key, record []byte) error) error {
	if len(s.runs) > 0 {
		if err := s.flush(); err != nil {
			return err
		}
		s.arena, s.index, s.scratch = arena{}, nil, nil // the merge needs the memory
		return mergeRuns(s.file, s.runs, s.limit, yield)
	}
	s.sortIndex()
	for _, r := range s.index {
		b := s.arena.from(r.place)
		k, length := readHead(b)
		if err := yield(k, b[headSize:headSize+length:headSize+length]); err != nil {
			return err
		}
	}
	return nil
}

func (s *sorter) close() error {
	file := s.file
	s.arena, s.index, s.scratch, s.file, s.runs = arena{}, nil, nil, nil, nil
	if file == nil {
		return nil
	}
	return file.Close()
}

// sortIndex sorts by time; equal times keep their order, which is that of their ties. Logs are nearly in order and
// their times lie close together, so that counting by a few bits at a time takes few passes and no comparison.
func (s *sorter) sortIndex() {
	if s.ordered || len(s.index) == 0 {
		return
	}
	const digit = 11
	low, high := s.index[0].time, s.index[0].time
	for _, r := range s.index {
		low, high = min(low, r.time), max(high, r.time)
	}
	if cap(s.scratch) < len(s.index) {
		s.scratch = make([]ref, len(s.index), cap(s.index))
	}
	from, to := s.index, s.scratch[:len(s.index)]
	span := uint64(high) - uint64(low) // wraps around rightly
	for shift := 0; shift < 64 && span>>shift > 0; shift += digit {
		var starts [1 << digit]uint32
		for _, r := range from {
			starts[(uint64(r.time)-uint64(low))>>shift&(1<<digit-1)]++
		}
		next := uint32(0)
		for i, n := range starts {
			starts[i] = next
			next += n
		}
		for _, r := range from {
			d := &starts[(uint64(r.time)-uint64(low))>>shift&(1<<digit-1)]
			to[*d] = r
			*d++
		}
		from, to = to, from
	}
	s.index, s.scratch = from, to
	s.ordered = true
}
