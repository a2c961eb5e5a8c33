package live

import (
	"io"
	"sync"
)

// pipeSize is how much of a file is read before the lines in it are wanted.
const pipeSize = 256 << 10

// A pipe carries the bytes of a file from the watch to the reader of its lines. Writing never blocks: the writer asks for
// room first. Reading blocks until there is something, or the end.
type pipe struct {
	mu    sync.Mutex
	some  sync.Cond // there is something to read, or nothing will come
	buf   []byte
	start int // of what is not yet read
	ended bool
	drain func() // called when there is room again after there was none
}

func newPipe(drain func()) *pipe {
	p := &pipe{drain: drain}
	p.some.L = &p.mu
	return p
}

// room is how many bytes can be written.
func (p *pipe) room() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return pipeSize - (len(p.buf) - p.start)
}

func (p *pipe) write(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.start > 0 {
		p.buf = p.buf[:copy(p.buf, p.buf[p.start:])]
		p.start = 0
	}
	p.buf = append(p.buf, b...)
	p.some.Signal()
}

// end makes Read return io.EOF after what was written.
func (p *pipe) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.some.Signal()
}

func (p *pipe) Read(dst []byte) (int, error) {
	p.mu.Lock()
	for p.start == len(p.buf) && !p.ended {
		p.some.Wait()
	}
	full := len(p.buf)-p.start >= pipeSize
	n := copy(dst, p.buf[p.start:])
	p.start += n
	ended := p.ended
	p.mu.Unlock()
	if n == 0 && ended {
		return 0, io.EOF
	}
	if full {
		p.drain()
	}
	return n, nil
}
