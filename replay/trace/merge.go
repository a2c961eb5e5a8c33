package trace

import (
	"errors"
	"fmt"
	"io"
)

// A spillFile holds sorted runs, one after the other.
type spillFile interface {
	io.Writer
	io.ReaderAt
	io.Closer
}

// A section is a run in its file, in bytes.
type section struct{ start, end int64 }

// Buffers of a merge share the memory of the sort, within these bounds.
const (
	minReadBuffer = 4 << 10
	maxReadBuffer = 256 << 10
	writeBuffer   = 256 << 10
)

// mergeRuns yields the records of all runs in order. Its buffers take about limit bytes.
func mergeRuns(file io.ReaderAt, runs []section, limit int, yield func(k key, record []byte) error) error {
	size := min(max(limit/len(runs), minReadBuffer), maxReadBuffer)
	var m merge
	for _, run := range runs {
		c := &cursor{file: file, rest: run, buffer: make([]byte, size)}
		switch err := c.advance(); err {
		case nil:
			m = append(m, c)
		case io.EOF:
		default:
			return fmt.Errorf("read a sorted run: %w", err)
		}
	}
	for i := len(m)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	for len(m) > 0 {
		if err := yield(m[0].key, m[0].record); err != nil {
			return err
		}
		switch err := m[0].advance(); err {
		case nil:
		case io.EOF:
			m[0] = m[len(m)-1]
			m = m[:len(m)-1]
		default:
			return fmt.Errorf("read a sorted run: %w", err)
		}
		m.down(0)
	}
	return nil
}

// merge is a heap of cursors, the one with the smallest key first. Runs of a log hardly overlap, so that the first
// mostly stays where it is.
type merge []*cursor

func (m merge) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(m); child++ {
			if m[child].key.compare(m[least].key) < 0 {
				least = child
			}
		}
		if least == i {
			return
		}
		m[i], m[least] = m[least], m[i]
		i = least
	}
}

// A cursor walks over one sorted run.
type cursor struct {
	key    key
	record []byte // in the buffer, until advance

	file       io.ReaderAt
	rest       section // not read yet
	buffer     []byte
	start, end int // of what was read and not walked over
}

var errRun = errors.New("a record is not as it was written: is the disk sound?")

// advance moves to the next record. It returns io.EOF at the end.
func (c *cursor) advance() error {
	if c.start == c.end && c.rest.start == c.rest.end {
		return io.EOF
	}
	if err := c.need(headSize); err != nil {
		return err
	}
	k, length := readHead(c.buffer[c.start:])
	if int64(length) > c.rest.end-c.rest.start+int64(c.end-c.start) {
		return errRun
	}
	if err := c.need(headSize + length); err != nil {
		return err
	}
	c.key, c.record = k, c.buffer[c.start+headSize:c.start+headSize+length]
	c.start += headSize + length
	return nil
}

// need has n bytes in the buffer from start on.
func (c *cursor) need(n int) error {
	if c.end-c.start >= n {
		return nil
	}
	if n > len(c.buffer) {
		grown := make([]byte, n)
		copy(grown, c.buffer[c.start:c.end])
		c.buffer, c.end, c.start = grown, c.end-c.start, 0
	} else {
		c.end = copy(c.buffer, c.buffer[c.start:c.end])
		c.start = 0
	}
	room := c.buffer[c.end:min(int64(len(c.buffer)), int64(c.end)+c.rest.end-c.rest.start)]
	got, err := c.file.ReadAt(room, c.rest.start)
	c.end += got
	c.rest.start += int64(got)
	switch {
	case err != nil && err != io.EOF:
		return err
	case c.end < n:
		return errRun
	}
	return nil
}
