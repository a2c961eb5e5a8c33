package parse

import (
	"bytes"
	"errors"
	"io"
)

// MaxLine is the longest line that is parsed, in bytes without its line feed. A longer one is read over and counted
// as malformed. nginx itself writes lines of up to about 4 times large_client_header_buffers.
const MaxLine = 1 << 20

// firstBuffer is the size of the buffer until a line needs more.
const firstBuffer = 256 << 10

// maxEmptyReads is how often a reader may return nothing and no error, as in bufio.
const maxEmptyReads = 100

// lines cut a log into lines. They hold at most MaxLine bytes and a little more.
type lines struct {
	r     io.Reader
	buf   []byte
	start int   // of what is not yet consumed
	seen  int   // up to here buf holds no line feed after start
	end   int   // of what was read
	err   error // set when r has nothing more; io.EOF is the good one
	begun bool  // the first line, which may have a byte order mark, is through
}

// next returns the next line without its line feed. why tells that it cannot be parsed. ok is false when there is
// none.
func (l *lines) next() (line []byte, skipped int, why missKind, ok bool) {
	nul, first := 0, !l.begun
	l.begun = true
	for {
		nul += l.skipNUL()
		if i := bytes.IndexByte(l.buf[l.seen:l.end], '\n'); i >= 0 {
			line = l.buf[l.start : l.seen+i]
			l.start = l.seen + i + 1
			l.seen = l.start
			break
		}
		l.seen = l.end
		if l.end-l.start > MaxLine+1 { // one more for a carriage return
			return l.skipLine(), nul, missLong, true
		}
		if l.err == nil {
			l.fill()
			continue
		}
		line = l.buf[l.start:l.end]
		l.start, l.seen = l.end, l.end
		if len(line) == 0 && nul == 0 {
			return nil, 0, 0, false
		}
		if l.err != io.EOF {
			return line, nul, missCut, true
		}
		break
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	switch {
	case len(line) > MaxLine:
		why = missLong
	case len(line) == 0 && nul > 0:
		return line, 0, missNUL, true
	}
	skipped = nul
	if first && why == missNone && bytes.HasPrefix(line, []byte("\xef\xbb\xbf")) {
		line, skipped = line[3:], skipped+3
	}
	return line, skipped, why, true
}

// skipNUL drops NUL bytes at the start of a line and returns their number. copytruncate leaves such runs, of the size
// of the old file.
func (l *lines) skipNUL() int {
	from := l.start
	for l.start < l.end && l.buf[l.start] == 0 {
		l.start++
	}
	l.seen = max(l.seen, l.start)
	return l.start - from
}

// skipLine reads over the rest of a line that is too long and returns its beginning. The beginning stays where it is;
// the rest goes through the buffer behind it.
func (l *lines) skipLine() []byte {
	head := bytes.Clone(l.buf[l.start : l.start+maxText+1])
	for {
		if i := bytes.IndexByte(l.buf[l.seen:l.end], '\n'); i >= 0 {
			l.start = l.seen + i + 1
			l.seen = l.start
			return head
		}
		l.start, l.seen = l.end, l.end
		if l.err != nil {
			return head
		}
		l.fill()
	}
}

// fill reads more, after making room: by moving the line that has begun to the front, then by growing.
func (l *lines) fill() {
	if l.start > 0 && (l.start == l.end || l.end == len(l.buf)) {
		copy(l.buf, l.buf[l.start:l.end])
		l.seen -= l.start
		l.end -= l.start
		l.start = 0
	}
	if l.end == len(l.buf) {
		l.buf = append(l.buf, make([]byte, len(l.buf))...)
	}
	for range maxEmptyReads {
		n, err := l.r.Read(l.buf[l.end:])
		if n < 0 || n > len(l.buf)-l.end {
			l.err = errors.New("the reader returned an impossible count")
			return
		}
		l.end += n
		if err != nil {
			l.err = err
			return
		}
		if n > 0 {
			return
		}
	}
	l.err = io.ErrNoProgress
}

// isBlankLine reports a line of nothing but blanks.
func isBlankLine(line []byte) bool {
	for _, c := range line {
		if !isBlank(c) {
			return false
		}
	}
	return true
}
