package traffic

import (
	"encoding/binary"
	"errors"
	"fmt"

	"ngxreplay/internal/unnamed"
)

// A spool is where queues keep what waits: in memory up to a limit, and beyond it in one file that has no name, so
// that nothing is left behind however the program ends.
type spool struct {
	limit int    // bytes in memory
	dir   string // of the file; "" is the system's
	used  int
	file  *unnamed.File
	size  int64
}

// The bytes of a queue go to the file a chunk at once: a small part of what is held in memory, since each queue has a
// chunk that is not full yet.
const (
	maxChunk = 1 << 16
	minChunk = 1 << 9
)

func (s *spool) chunkSize() int { return min(max(s.limit/64, minChunk), maxChunk) }

// A chunk is a full part of a queue.
type chunk struct {
	bytes []byte // nil when it is in the file
	at    int64
	size  int
}

func (s *spool) store(bytes []byte) (chunk, error) {
	c := chunk{bytes: bytes, size: len(bytes)}
	if s.used+cap(bytes) <= s.limit {
		s.used += cap(bytes)
		return c, nil
	}
	if s.file == nil {
		file, err := unnamed.Create(s.dir, "mix on disk")
		if err != nil {
			return c, err
		}
		s.file = file
	}
	if _, err := s.file.WriteAt(bytes, s.size); err != nil {
		return c, err
	}
	c.bytes, c.at = nil, s.size
	s.size += int64(c.size)
	return c, nil
}

func (s *spool) load(c chunk) ([]byte, error) {
	if c.bytes != nil {
		return c.bytes, nil
	}
	bytes := make([]byte, c.size) // a new one: what was read from the last is still in use
	_, err := s.file.ReadAt(bytes, c.at)
	return bytes, err
}

func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// A queue holds records in order. What was taken from it can be read again when keep is set, and is let go otherwise.
type queue struct {
	spool  *spool
	keep   bool
	chunks []chunk
	tail   []byte // not full yet
	total  int64  // records added
	unread int64

	// The place of the next record: in which chunk, or in the tail beyond the last; and where inside it.
	chunk, offset int
	current       []byte // the chunk, once it is loaded
}

// add takes a copy of record.
func (q *queue) add(record []byte) error {
	if len(q.tail) > 0 && len(q.tail)+binary.MaxVarintLen64+len(record) > q.spool.chunkSize() {
		c, err := q.spool.store(q.tail)
		if err != nil {
			return err
		}
		q.chunks = append(q.chunks, c)
		q.tail = make([]byte, 0, q.spool.chunkSize())
	}
	q.tail = binary.AppendUvarint(q.tail, uint64(len(record)))
	q.tail = append(q.tail, record...)
	q.total++
	q.unread++
	return nil
}

var errQueue = errors.New("mix on disk: what was written is not what is read")

// next returns the next of the unread records, of which there must be one. It is never overwritten.
func (q *queue) next() ([]byte, error) {
	bytes, err := q.bytes()
	if err != nil {
		return nil, err
	}
	length, n := binary.Uvarint(bytes[q.offset:])
	start := q.offset + n
	if n <= 0 || length > uint64(len(bytes)-start) {
		return nil, errQueue
	}
	q.offset = start + int(length)
	q.unread--
	return bytes[start:q.offset:q.offset], nil
}

// bytes are those in which the next record lies.
func (q *queue) bytes() (_ []byte, err error) {
	for q.chunk < len(q.chunks) {
		c := &q.chunks[q.chunk]
		if q.current == nil {
			if q.current, err = q.spool.load(*c); err != nil {
				return nil, fmt.Errorf("read what waits: %w", err)
			}
		}
		if q.offset < len(q.current) {
			return q.current, nil
		}
		if !q.keep && c.bytes != nil {
			q.spool.used -= cap(c.bytes)
			c.bytes = nil
		}
		q.chunk, q.offset, q.current = q.chunk+1, 0, nil
	}
	return q.tail, nil
}

// rewind goes back to the first record of a queue that keeps them.
func (q *queue) rewind() {
	q.chunk, q.offset, q.current = 0, 0, nil
	q.unread = q.total
}
