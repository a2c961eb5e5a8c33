package h2

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// A frames is a connection that looks at what the target sends for the two things that net/http keeps to itself: that
// the target's first settings are known, and that it will take no more requests.
type frames struct {
	net.Conn
	// settled is closed when net/http has taken the target's settings, and ended when it has given the connection up.
	settled, ended chan struct{}
	end            sync.Once
	leaving        atomic.Bool // a GOAWAY came, or net/http uses it no more
	watcher        atomic.Pointer[func()]

	// Of the goroutine that reads:
	header [frameHeader]byte
	have   int // of header
	skip   int // of the frame's content that is still to come
	whole  int // frames that came to their end
	isSet  bool

	mu      sync.Mutex
	opening []byte // the first bytes that came, to tell what the target speaks
	failure error  // of reading or writing, the first
}

// Of RFC 9113.
const (
	frameHeader   = 9
	frameSettings = 4
	frameGoAway   = 7
)

func newFrames(raw net.Conn) *frames {
	return &frames{Conn: raw, settled: make(chan struct{}), ended: make(chan struct{})}
}

// Read is called again when net/http has dealt with all that came before.
func (f *frames) Read(b []byte) (int, error) {
	if f.whole > 0 && !f.isSet {
		f.isSet = true
		close(f.settled)
	}
	n, err := f.Conn.Read(b)
	f.follow(b[:n])
	if !f.isSet || err != nil {
		f.note(b[:n], err)
	}
	return n, err
}

func (f *frames) Write(b []byte) (int, error) {
	n, err := f.Conn.Write(b)
	if err != nil {
		f.note(nil, err)
	}
	return n, err
}

// note keeps what tells why there are no settings, or no connection any more.
func (f *frames) note(b []byte, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opening = append(f.opening, b[:min(len(b), frameHeader-len(f.opening))]...)
	if f.failure == nil {
		f.failure = err
	}
}

// broken is why the connection broke under the requests.
func (f *frames) broken() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failure == nil || f.failure == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return f.failure
}

// follow finds the frames in what came.
func (f *frames) follow(b []byte) {
	for len(b) > 0 {
		if f.have < frameHeader {
			n := copy(f.header[f.have:], b)
			f.have += n
			b = b[n:]
			if f.have < frameHeader {
				return
			}
			f.skip = int(binary.BigEndian.Uint32(f.header[:4]) >> 8)
			if f.header[3] == frameGoAway {
				f.leave()
			}
		}
		n := min(f.skip, len(b))
		f.skip -= n
		b = b[n:]
		if f.skip == 0 {
			f.have = 0
			f.whole++
		}
	}
}

// why is why the connection ended before the target's settings came.
func (f *frames) why() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case len(f.opening) == frameHeader && f.opening[3] != frameSettings:
		return fmt.Errorf("%w, or switch HTTP/2 without TLS on there (it answered %q)", ErrNotHTTP2, f.opening)
	case f.failure == nil || f.failure == io.EOF:
		return fmt.Errorf("closed before its HTTP/2 settings came: %w", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("before its HTTP/2 settings came: %w", f.failure)
}

// Close is net/http's: nothing uses the connection any more.
func (f *frames) Close() error {
	err := f.Conn.Close()
	f.end.Do(func() { close(f.ended) })
	f.tell()
	return err
}

// leave notes that the connection takes no more requests.
func (f *frames) leave() {
	f.leaving.Store(true)
	f.tell()
}

// tell tells who watches.
func (f *frames) tell() {
	if watcher := f.watcher.Load(); watcher != nil {
		(*watcher)()
	}
}
