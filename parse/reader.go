package parse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// MaxLine is the longest line that is parsed, in bytes without its line feed. A longer one is read over and counted
// as malformed. nginx itself writes lines of up to about 4 times large_client_header_buffers.
const MaxLine = 1 << 20

// Counts are the lines that a [Reader] has read so far: Lines = Entries + Malformed + Blank, always.
type Counts struct {
	Lines     int64
	Entries   int64
	Malformed int64
	Blank     int64
}

// A Reader yields the lines of a log, as entries or as errors:
//
//	for r.Scan() {
//		if e, bad := r.Entry(); bad != nil { ... } else { ... }
//	}
//	err := r.Err()
//
// It takes line feeds with or without a carriage return before them, a missing one at the end, a byte order mark, and
// the run of NUL bytes that copytruncate leaves before a line. It holds at most MaxLine bytes and a little more.
type Reader struct {
	r      io.Reader
	source string
	parser *Parser

	buf     []byte
	start   int   // of what is not yet consumed
	seen    int   // up to here buf holds no line feed after start
	end     int   // of what was read
	readErr error // set when r has nothing more; io.EOF is the good one

	counts Counts
	entry  Entry
	bad    *LineError
}

// firstBuffer is the size of a reader's buffer until a line needs more.
const firstBuffer = 256 << 10

// maxEmptyReads is how often a reader may return nothing and no error, as in bufio.
const maxEmptyReads = 100

// NewReader returns a reader of a log in one format. source names the log in errors.
func NewReader(r io.Reader, source string, f *Format) *Reader {
	return &Reader{r: r, source: source, parser: f.NewParser(), buf: make([]byte, firstBuffer)}
}

// Scan moves to the next line that is not blank. It returns false at the end of the log and when reading failed.
func (r *Reader) Scan() bool {
	for {
		line, skipped, why, ok := r.next()
		if !ok {
			return false
		}
		r.counts.Lines++
		switch {
		case why != missNone:
			m := miss{kind: why}
			if why == missLong {
				m.pos = MaxLine
			}
			r.refuse(line, m, skipped)
		case isBlankLine(line):
			r.counts.Blank++
			continue
		case r.parser.parse(line, &r.entry):
			r.counts.Entries++
			r.bad = nil
		default:
			r.refuse(line, r.parser.scan.miss, skipped)
		}
		return true
	}
}

// refuse makes the current line an error. skipped is how many of its bytes came before line.
func (r *Reader) refuse(line []byte, m miss, skipped int) {
	r.counts.Malformed++
	r.bad = m.lineError(line)
	r.bad.Source, r.bad.Line = r.source, r.counts.Lines
	r.bad.Column += skipped
}

// Entry returns the current line: exactly one result is not nil. The entry and what it points to are valid until the
// next call of Scan; the error may be kept.
func (r *Reader) Entry() (*Entry, *LineError) {
	if r.bad != nil {
		return nil, r.bad
	}
	return &r.entry, nil
}

// Line is the number of the current line in its log, from 1. Blank lines count.
func (r *Reader) Line() int64 { return r.counts.Lines }

// Counts returns what was read so far.
func (r *Reader) Counts() Counts { return r.counts }

// Format is the format that the reader was made for.
func (r *Reader) Format() *Format { return r.parser.format }

// Err returns the error that ended the log before its end, or nil. All whole lines before it were yielded.
func (r *Reader) Err() error {
	if r.readErr == nil || r.readErr == io.EOF {
		return nil
	}
	return fmt.Errorf("%s:%d: %w", r.source, r.counts.Lines, r.readErr)
}

// next returns the next line without its line feed. why tells that it cannot be parsed. ok is false when there is
// none.
func (r *Reader) next() (line []byte, skipped int, why missKind, ok bool) {
	nul := 0
	for {
		nul += r.skipNUL()
		if i := bytes.IndexByte(r.buf[r.seen:r.end], '\n'); i >= 0 {
			line = r.buf[r.start : r.seen+i]
			r.start = r.seen + i + 1
			r.seen = r.start
			break
		}
		r.seen = r.end
		if r.end-r.start > MaxLine+1 { // one more for a carriage return
			return r.skipLine(), nul, missLong, true
		}
		if r.readErr == nil {
			r.fill()
			continue
		}
		line = r.buf[r.start:r.end]
		r.start, r.seen = r.end, r.end
		if len(line) == 0 && nul == 0 {
			return nil, 0, 0, false
		}
		if r.readErr != io.EOF {
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
	if r.counts.Lines == 0 && bytes.HasPrefix(line, []byte("\xef\xbb\xbf")) {
		line, skipped = line[3:], skipped+3
	}
	return line, skipped, why, true
}

// skipNUL drops NUL bytes at the start of a line and returns their number. copytruncate leaves such runs, of the size
// of the old file.
func (r *Reader) skipNUL() int {
	from := r.start
	for r.start < r.end && r.buf[r.start] == 0 {
		r.start++
	}
	r.seen = max(r.seen, r.start)
	return r.start - from
}

// skipLine reads over the rest of a line that is too long and returns its beginning. The beginning stays where it is;
// the rest goes through the buffer behind it.
func (r *Reader) skipLine() []byte {
	head := bytes.Clone(r.buf[r.start : r.start+maxText+1])
	for {
		if i := bytes.IndexByte(r.buf[r.seen:r.end], '\n'); i >= 0 {
			r.start = r.seen + i + 1
			r.seen = r.start
			return head
		}
		r.start, r.seen = r.end, r.end
		if r.readErr != nil {
			return head
		}
		r.fill()
	}
}

// fill reads more, after making room: by moving the line that has begun to the front, then by growing.
func (r *Reader) fill() {
	if r.start > 0 && (r.start == r.end || r.end == len(r.buf)) {
		copy(r.buf, r.buf[r.start:r.end])
		r.seen -= r.start
		r.end -= r.start
		r.start = 0
	}
	if r.end == len(r.buf) {
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	for range maxEmptyReads {
		n, err := r.r.Read(r.buf[r.end:])
		if n < 0 || n > len(r.buf)-r.end {
			r.readErr = errors.New("the reader returned an impossible count")
			return
		}
		r.end += n
		if err != nil {
			r.readErr = err
			return
		}
		if n > 0 {
			return
		}
	}
	r.readErr = io.ErrNoProgress
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
