package parse

import (
	"io"
	"slices"
)

// A block is a run of whole lines and what they were parsed to. It owns all that its entries borrow.
type block struct {
	buf         []byte
	end         int   // of the data in buf
	first, last bool  // of the log
	err         error // with last: why
	rest        bool  // a line does not fit a block: from here on the log is read serially

	reader  Reader // of this block
	entries []Entry
	results []result
	parsed  chan struct{} // receives when the results are there
}

// A result is one line that is not blank.
type result struct {
	number int64 // of the line in the block, from 1
	entry  int   // index
	bad    *LineError
	format *Format
}

func newBlock(source string, formats []*Format, size int) *block {
	b := &block{buf: make([]byte, size), parsed: make(chan struct{}, 1)}
	b.reader = Reader{source: source, formats: newMatcher(formats)}
	for _, p := range b.reader.formats.parsers {
		p.keep = true
	}
	return b
}

// parse reads the lines.
func (b *block) parse() {
	r := &b.reader
	err := b.err
	if !b.last {
		err = io.EOF
	}
	r.lines = lines{buf: b.buf, end: b.end, err: err, begun: !b.first}
	r.number, r.counts = 0, Counts{}
	for _, p := range r.formats.parsers {
		p.forget()
	}
	b.entries, b.results = b.entries[:0], b.results[:0]
	for {
		if len(b.entries) == cap(b.entries) {
			b.entries = slices.Grow(b.entries, 1) // moves entries, but not what they borrow
		}
		b.entries = b.entries[:len(b.entries)+1] // filled by Scan as a whole
		r.entry = &b.entries[len(b.entries)-1]
		if !r.Scan() {
			return
		}
		b.results = append(b.results, result{number: r.number, entry: len(b.entries) - 1, bad: r.bad, format: r.Format()})
		if r.bad != nil {
			b.entries = b.entries[:len(b.entries)-1]
		}
	}
}
