package parse

import (
	"fmt"
	"io"
)

// Counts are the lines that a reader has read so far: Lines = Entries + Malformed + Blank, always. A line that came in
// several parts, as container runtimes write long ones, counts once.
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
	source  string
	lines   lines
	formats matcher
	unwrap  unwrapper

	before int64 // lines of the log that others have read
	number int64 // of the current line, from there
	counts Counts
	entry  *Entry // filled by Scan
	bad    *LineError
}

// NewReader returns a reader of a log. A log may be in several formats, as after a change of the configuration: a
// line is read by the first of them that it fits. source names the log in errors.
//
// When r knows an envelope, as a [*Source] does, its lines are taken out of it.
func NewReader(r io.Reader, source string, formats ...*Format) *Reader {
	reader := &Reader{source: source, lines: lines{r: r, buf: make([]byte, firstBuffer)}, formats: newMatcher(formats), entry: new(Entry)}
	if s, ok := r.(interface{ Envelope() Envelope }); ok {
		reader.unwrap.envelope = s.Envelope()
	}
	return reader
}

// Scan moves to the next line that is not blank. It returns false at the end of the log and when reading failed.
func (r *Reader) Scan() bool {
	for {
		line, skipped, why, ok := r.lines.next()
		l := letter{line: line}
		if ok {
			r.number++
			if why == missNone && r.unwrap.envelope != EnvelopeNone {
				if l, why, ok = r.unwrap.next(line); !ok {
					continue // the rest of it follows
				}
			}
		} else if l.line, ok = r.unwrap.rest(); !ok {
			return false
		}
		r.counts.Lines++
		switch {
		case why != missNone:
			m := miss{kind: why}
			if why == missLong {
				m.pos = MaxLine
			}
			r.refuse(l.line, m, skipped)
		case isBlankLine(l.line):
			r.counts.Blank++
			continue
		case r.formats.parse(l.line, r.entry):
			l.sharpen(r.entry)
			r.accept()
		case l.start > 0 && r.formats.parse(line, r.entry):
			r.accept() // it only looked like an envelope
		default:
			if l.start > 0 {
				r.formats.parse(l.line, r.entry) // for its miss
			}
			r.refuse(l.line, r.formats.miss(), skipped+l.start)
		}
		return true
	}
}

func (r *Reader) accept() {
	r.counts.Entries++
	r.bad = nil
}

// refuse makes the current line an error. skipped is how many of its bytes came before line.
func (r *Reader) refuse(line []byte, m miss, skipped int) {
	r.counts.Malformed++
	r.bad = m.lineError(line)
	r.bad.Source, r.bad.Line = r.source, r.before+r.number
	r.bad.Column += skipped
}

// Entry returns the current line: exactly one result is not nil. The entry and what it points to are valid until the
// next call of Scan; the error may be kept.
func (r *Reader) Entry() (*Entry, *LineError) {
	if r.bad != nil {
		return nil, r.bad
	}
	return r.entry, nil
}

// Line is the number of the current line in its log, from 1. Blank lines count, and so does each part of a line that
// came in several: it has the number of the last.
func (r *Reader) Line() int64 { return r.number }

// Counts returns what was read so far.
func (r *Reader) Counts() Counts { return r.counts }

// Format is the one that the last entry fits; before the first entry, the first that the reader was given.
func (r *Reader) Format() *Format { return r.formats.current.format }

// Envelope is what the lines are taken out of.
func (r *Reader) Envelope() Envelope { return r.unwrap.envelope }

// Err returns the error that ended the log before its end, or nil. All whole lines before it were yielded.
func (r *Reader) Err() error {
	if r.lines.err == nil || r.lines.err == io.EOF {
		return nil
	}
	return readError(r.source, r.before+r.number, r.lines.err)
}

// readError says after which line reading failed.
func readError(source string, line int64, err error) error {
	return fmt.Errorf("%s:%d: %w", source, line, err)
}
