package parse

import (
	"bytes"
	"io"
	"runtime"
	"sync"
)

// A ParallelReader yields the same lines as a [Reader], in the same order, parsed by several goroutines: one cuts the
// log into blocks of whole lines, some parse blocks, and the caller takes the results of one block after the other.
// It pays where more than one core is free and the bytes come faster than one core parses them. It must be closed.
//
//	cutter ──work──► parsers ──parsed──┐
//	   └──────────────order────────────┴─► Scan ──free──► cutter
//
// Memory is bounded by the number of blocks. A log in envelopes, and what follows a line that is longer than a block
// can be, is read by a Reader inside: parts of lines cannot be parsed by themselves.
type ParallelReader struct {
	source  string
	formats []*Format
	serial  *Reader // reads all that is left, when set

	blockSize int
	r         io.Reader
	free      chan *block // receives blocks whose entries are no longer in use
	order     chan *block // in the order of the log
	quit      chan struct{}
	running   sync.WaitGroup
	started   bool
	closed    bool

	current *block
	next    int    // result of the current block
	base    Counts // of the blocks before
	counts  Counts
	line    int64
	result  *result
	err     error
}

const (
	// blockSize balances the cost of handing blocks over against the memory of their entries, which is about three
	// times as much.
	blockSize = 128 << 10
	// maxBlock is how far a block grows for one line.
	maxBlock = 2 * MaxLine
)

// NewParallelReader returns a reader that parses with so many goroutines, at least one. The other arguments are those of
// [NewReader]. Where there is only one core, it reads serially, which is faster there.
func NewParallelReader(r io.Reader, source string, parsers int, formats ...*Format) *ParallelReader {
	s, ok := r.(*Source)
	if ok && s.Envelope() != EnvelopeNone || runtime.GOMAXPROCS(0) == 1 {
		return &ParallelReader{source: source, formats: formats, serial: NewReader(r, source, formats...)}
	}
	return newParallelReader(r, source, parsers, formats)
}

func newParallelReader(r io.Reader, source string, parsers int, formats []*Format) *ParallelReader {
	p := &ParallelReader{source: source, formats: formats, r: r, blockSize: blockSize}
	parsers = max(parsers, 1)
	blocks := parsers + 2 // one is being cut, one is in use
	p.free, p.order, p.quit = make(chan *block, blocks), make(chan *block, blocks), make(chan struct{})
	for range blocks {
		p.free <- newBlock(source, formats, 0)
	}
	return p // the first Scan starts the goroutines
}

// start runs the goroutines. All of them end when the log does, or when quit is closed.
func (p *ParallelReader) start() {
	p.started = true
	parsers := cap(p.free) - 2
	work := make(chan *block, cap(p.free))
	first := true
	for range parsers {
		p.running.Go(func() {
			for b := range work {
				b.parse()
				b.parsed <- struct{}{}
			}
		})
	}
	p.running.Go(func() {
		defer close(p.order)
		defer close(work)
		l := lines{r: p.r}
		var carry []byte
		for l.err == nil {
			b := p.freeBlock()
			if b == nil {
				return
			}
			carry = b.cut(&l, carry, p.blockSize)
			b.first, first = first, false
			if !b.rest {
				work <- b // has room for all blocks
			}
			p.order <- b
			if b.rest {
				return
			}
		}
	})
}

// freeBlock waits for a block that is not in use. It returns nil when the reader was closed.
func (p *ParallelReader) freeBlock() *block {
	select {
	case b := <-p.free:
		return b
	case <-p.quit:
		return nil
	}
}

// cut fills the block with carry and with what l reads, up to the last line feed, and returns what follows that.
func (b *block) cut(l *lines, carry []byte, size int) []byte {
	if len(b.buf) < size {
		b.buf = make([]byte, size)
	}
	l.buf, l.start, l.end = b.buf, 0, 0
	for l.end+len(carry) > len(l.buf) {
		l.buf = append(l.buf, make([]byte, len(l.buf))...)
	}
	l.end = copy(l.buf, carry)
	for l.err == nil && l.end < size {
		l.fill()
	}
	cut := bytes.LastIndexByte(l.buf[:l.end], '\n') + 1
	for cut == 0 && l.err == nil && l.end <= maxBlock {
		seen := l.end
		l.fill()
		if n := bytes.LastIndexByte(l.buf[seen:l.end], '\n'); n >= 0 {
			cut = seen + n + 1
		}
	}
	b.last, b.err = l.err != nil, l.err
	b.rest = cut == 0 && !b.last
	if b.last || b.rest {
		cut = l.end
	}
	b.buf, b.end = l.buf, cut
	return append(carry[:0], l.buf[cut:l.end]...)
}

// Scan moves to the next line that is not blank, as that of a Reader does.
func (p *ParallelReader) Scan() bool {
	if p.closed {
		return false
	}
	for p.serial == nil {
		if !p.started {
			p.start()
		}
		if p.current != nil && p.next < len(p.current.results) {
			p.take()
			return true
		}
		if !p.advance() {
			return false
		}
	}
	p.result = nil
	ok := p.serial.Scan()
	c := p.serial.Counts()
	p.counts = Counts{p.base.Lines + c.Lines, p.base.Entries + c.Entries, p.base.Malformed + c.Malformed, p.base.Blank + c.Blank}
	p.line = p.base.Lines + p.serial.Line()
	p.err = p.serial.Err()
	return ok
}

// take makes the next result of the block the current line.
func (p *ParallelReader) take() {
	p.result = &p.current.results[p.next]
	p.next++
	p.line = p.base.Lines + p.result.number
	p.counts.Lines = p.line
	if p.result.bad != nil {
		p.result.bad.Line = p.line
		p.counts.Malformed++
	} else {
		p.counts.Entries++
	}
	p.counts.Blank = p.counts.Lines - p.counts.Entries - p.counts.Malformed
}

// advance gives the current block back and waits for the next. It returns false at the end of the log.
func (p *ParallelReader) advance() bool {
	if b := p.current; b != nil {
		c := b.reader.counts
		p.base = Counts{p.base.Lines + c.Lines, p.base.Entries + c.Entries, p.base.Malformed + c.Malformed, p.base.Blank + c.Blank}
		p.counts, p.line = p.base, p.base.Lines
		p.current, p.result = nil, nil
		if b.last && b.err != io.EOF {
			p.err = readError(p.source, p.line, b.err)
		}
		p.free <- b // has room for all blocks
	}
	b, ok := <-p.order
	if !ok {
		return false
	}
	if b.rest {
		// The cutter has left, so that the log and what was read of it are ours.
		p.serial = &Reader{source: p.source, formats: newMatcher(p.formats), entry: new(Entry)}
		p.serial.lines = lines{r: p.r, buf: b.buf, end: b.end, begun: !b.first}
		p.serial.before = p.base.Lines
		return true
	}
	<-b.parsed
	p.current, p.next = b, 0
	return true
}

// Entry returns the current line: exactly one result is not nil. The entry and what it points to are valid until the
// next call of Scan; the error may be kept.
func (p *ParallelReader) Entry() (*Entry, *LineError) {
	switch {
	case p.serial != nil:
		return p.serial.Entry()
	case p.result == nil:
		return new(Entry), nil // there is no current line
	case p.result.bad != nil:
		return nil, p.result.bad
	}
	return &p.current.entries[p.result.entry], nil
}

// Line is the number of the current line in its log, from 1. Blank lines count.
func (p *ParallelReader) Line() int64 { return p.line }

// Counts returns what was read so far.
func (p *ParallelReader) Counts() Counts { return p.counts }

// Format is the one that the current entry fits; before the first entry, the first that the reader was given.
func (p *ParallelReader) Format() *Format {
	switch {
	case p.result != nil:
		return p.result.format
	case p.serial != nil:
		return p.serial.Format()
	}
	return p.formats[0]
}

// Envelope is what the lines are taken out of.
func (p *ParallelReader) Envelope() Envelope {
	if p.serial != nil {
		return p.serial.Envelope()
	}
	return EnvelopeNone
}

// Err returns the error that ended the log before its end, or nil.
func (p *ParallelReader) Err() error { return p.err }

// Close ends the goroutines and waits for them; one that waits for bytes ends when these come. What the last entry
// borrowed is no longer valid. Close does not close the log.
func (p *ParallelReader) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	if p.started {
		close(p.quit)
		p.running.Wait()
	}
	return nil
}
