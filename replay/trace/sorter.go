package trace

import (
	"bufio"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// key orders records: by time, then by tie, which no two records share.
type key struct {
	time int64
	tie  uint64
}

func (k key) compare(o key) int {
	return cmp.Or(cmp.Compare(k.time, o.time), cmp.Compare(k.tie, o.tie))
}

// A sorter sorts any number of records in bounded memory: beyond the limit it writes sorted runs to disk, and merges
// them at the end. Runs are unlinked as soon as they are open, so that nothing is left behind however the program
// ends.
type sorter struct {
	limit int    // bytes of records held in memory
	dir   string // of the runs; "" is the system's

	arena []byte
	index []ref
	runs  []*os.File
}

type ref struct {
	key
	start, end int // in the arena
}

// refSize is what a record costs in memory besides its bytes.
const refSize = 32

// add takes a copy of record.
func (s *sorter) add(k key, record []byte) error {
	if len(s.arena)+len(record)+refSize*len(s.index) > s.limit && len(s.index) > 0 {
		if err := s.spill(); err != nil {
			return fmt.Errorf("sort on disk: %w (TMPDIR names another place)", err)
		}
	}
	start := len(s.arena)
	s.arena = append(s.arena, record...)
	s.index = append(s.index, ref{k, start, len(s.arena)})
	return nil
}

// len is 0 when there is nothing to drain.
func (s *sorter) len() int { return len(s.index) + len(s.runs) }

func (s *sorter) sortIndex() {
	slices.SortFunc(s.index, func(a, b ref) int { return a.key.compare(b.key) })
}

func (s *sorter) spill() error {
	s.sortIndex()
	file, err := os.CreateTemp(s.dir, "ngxreplay-sort-*")
	if err != nil {
		return err
	}
	s.runs = append(s.runs, file)
	if err := os.Remove(file.Name()); err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 1<<18)
	var head [runHead]byte
	for _, r := range s.index {
		binary.LittleEndian.PutUint64(head[0:], uint64(r.time))
		binary.LittleEndian.PutUint64(head[8:], r.tie)
		binary.LittleEndian.PutUint32(head[16:], uint32(r.end-r.start))
		w.Write(head[:])
		w.Write(s.arena[r.start:r.end])
	}
	if err := w.Flush(); err != nil { // bufio keeps the first error of any Write
		return err
	}
	s.arena, s.index = s.arena[:0], s.index[:0]
	return nil
}

// runHead is the size of a record's head in a run: time, tie and length.
const runHead = 8 + 8 + 4

// drain calls yield with every record in order, and empties the sorter. The record is valid during the call only.
func (s *sorter) drain(yield func(k key, record []byte) error) (err error) {
	defer func() { err = errors.Join(err, s.close()) }()
	s.sortIndex()
	if len(s.runs) == 0 {
		for _, r := range s.index {
			if err := yield(r.key, s.arena[r.start:r.end]); err != nil {
				return err
			}
		}
		return nil
	}
	return s.merge(yield)
}

func (s *sorter) merge(yield func(k key, record []byte) error) error {
	var m merge
	for _, file := range s.runs {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		m = append(m, &cursor{next: runReader(bufio.NewReaderSize(file, 1<<16))})
	}
	m = append(m, &cursor{next: s.memoryReader()})
	open := m[:0]
	for _, c := range m {
		switch err := c.advance(); err {
		case nil:
			open = append(open, c)
		case io.EOF:
		default:
			return err
		}
	}
	m = open
	heap.Init(&m)
	for len(m) > 0 {
		c := m[0]
		if err := yield(c.key, c.record); err != nil {
			return err
		}
		switch err := c.advance(); err {
		case nil:
			heap.Fix(&m, 0)
		case io.EOF:
			heap.Pop(&m)
		default:
			return fmt.Errorf("read a sorted run: %w", err)
		}
	}
	return nil
}

func (s *sorter) close() error {
	var errs []error
	for _, file := range s.runs {
		errs = append(errs, file.Close())
	}
	*s = sorter{limit: s.limit, dir: s.dir}
	return errors.Join(errs...)
}

// A cursor walks over one sorted run.
type cursor struct {
	key    key
	record []byte
	next   func(c *cursor) error
}

func (c *cursor) advance() error { return c.next(c) }

func (s *sorter) memoryReader() func(*cursor) error {
	i := 0
	return func(c *cursor) error {
		if i == len(s.index) {
			return io.EOF
		}
		r := s.index[i]
		c.key, c.record = r.key, s.arena[r.start:r.end]
		i++
		return nil
	}
}

func runReader(r *bufio.Reader) func(*cursor) error {
	var head [runHead]byte
	return func(c *cursor) error {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return err
		}
		c.key = key{int64(binary.LittleEndian.Uint64(head[0:])), binary.LittleEndian.Uint64(head[8:])}
		n := int(binary.LittleEndian.Uint32(head[16:]))
		c.record = slices.Grow(c.record[:0], n)[:n]
		if _, err := io.ReadFull(r, c.record); err != nil {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
}

// merge is a heap of cursors, the one with the smallest key first.
type merge []*cursor

func (m merge) Len() int           { return len(m) }
func (m merge) Less(i, j int) bool { return m[i].key.compare(m[j].key) < 0 }
func (m merge) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *merge) Push(x any)        { *m = append(*m, x.(*cursor)) }
func (m *merge) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}
