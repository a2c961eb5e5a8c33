package replay

import (
	"net"
	"sync"
	"sync/atomic"
)

// A stream is a link over any net.Conn: one goroutine reads and one writes. It is for what no poller watches: connections
// in memory, and all of them where there is no epoll.
type stream struct {
	raw    net.Conn
	conn   *conn
	mail   *mailbox
	tasks  *sync.WaitGroup
	wanted chan []byte   // to be written
	resume chan struct{} // the loop has taken what was read
	ended  chan struct{}
	large  bool
	// unwritten are the requests that the writer has not come back from.
	unwritten atomic.Int32
	// Two copies of requests: the one before may still be being written when its answer is complete.
	copies [2][]byte
}

// streamBuffer is how much a stream reads at once, in bytes.
const streamBuffer = 4 << 10

// largeRequest is what surely fits a socket's send buffer, in bytes.
const largeRequest = 16 << 10

func newStream(raw net.Conn, c *conn, mail *mailbox, tasks *sync.WaitGroup) *stream {
	return &stream{raw: raw, conn: c, mail: mail, tasks: tasks,
		wanted: make(chan []byte, 1), resume: make(chan struct{}, 1), ended: make(chan struct{})}
}

// start begins to read and write.
func (s *stream) start() {
	s.tasks.Go(s.readAll)
	s.tasks.Go(s.writeAll)
}

func (s *stream) readAll() {
	buf := make([]byte, streamBuffer)
	for {
		n, err := s.raw.Read(buf)
		s.mail.post(note{conn: s.conn, b: buf[:n], err: err})
		if err != nil {
			return
		}
		select {
		case <-s.resume:
		case <-s.ended:
			return
		}
	}
}

func (s *stream) writeAll() {
	for {
		select {
		case b := <-s.wanted:
			if n, err := s.raw.Write(b); err != nil {
				s.mail.post(note{conn: s.conn, err: err, wrote: n == 0})
				return
			}
			s.unwritten.Add(-1)
		case <-s.ended:
			return
		}
	}
}

func (s *stream) write(b []byte) (int, error) {
	s.copies[0], s.copies[1] = append(s.copies[1][:0], b...), s.copies[0]
	s.large = len(b) > largeRequest
	s.unwritten.Add(1)
	select {
	case s.wanted <- s.copies[0]:
	case <-s.ended:
	}
	return len(b), nil // an error comes as a note
}

func (s *stream) flush() error { return nil }

// written does not wait for the writer to come back from a request that fits into one go. Where it has not come back from
// the one before either, the target answers what it has not read: another request would have the loop wait for the writer.
func (s *stream) written() bool {
	n := s.unwritten.Load()
	return n == 0 || n == 1 && !s.large
}

func (s *stream) read([]byte) (int, error) { return 0, errAgain }

func (s *stream) unreceived([]byte, error) bool { return false }

func (s *stream) close() {
	close(s.ended)
	s.tasks.Go(func() { _ = s.raw.Close() }) // TLS writes when it closes
}
