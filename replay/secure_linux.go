package replay

import (
	"crypto/tls"
	"errors"
	"io"

	"ngxreplay/replay/wire"
)

// A secure is a link over TLS on a descriptor that does not block. The loop drives crypto/tls as it drives a socket: no
// goroutine waits for a connection.
type secure struct {
	conn *tls.Conn
	rest []byte // of the latest request: not encrypted yet
	ciphertext
}

// newSecure takes over a connection whose handshake is done, and what it stands on.
func newSecure(conn *tls.Conn, under *wire.Underlay, s *socket) *secure {
	l := &secure{conn: conn, ciphertext: ciphertext{socket: s}}
	s.sent = under.Switch(&l.ciphertext)
	return l
}

func (s *secure) write(b []byte) (int, error) {
	s.socket.sent, s.socket.size, s.rest = s.socket.sent+s.socket.size, 0, b
	return s.pump()
}

func (s *secure) flush() error {
	_, err := s.pump()
	return err
}

// encryptedAtOnce is how much of a request is encrypted before it is pushed, in bytes: a large one takes the memory and the
// time of what there is room for.
const encryptedAtOnce = 64 << 10

// pump encrypts and pushes, as far as there is room, and returns how many bytes of ciphertext left.
func (s *secure) pump() (left int, err error) {
	for {
		n, err := s.push()
		left += n
		if err != nil || len(s.held) > 0 || len(s.rest) == 0 {
			return left, err
		}
		piece := s.rest[:min(len(s.rest), encryptedAtOnce)]
		s.rest = s.rest[len(piece):]
		if _, err := s.conn.Write(piece); err != nil {
			return left, err
		}
		s.socket.size += int64(len(s.held))
	}
}

func (s *secure) written() bool { return len(s.held) == 0 && len(s.rest) == 0 }

// recordsAtOnce is how many records are read before the loop looks after others: they may hold a byte each.
const recordsAtOnce = 64

// read reads records until b is full or nothing more is there. crypto/tls may answer one by itself, such as the update of a
// key.
func (s *secure) read(b []byte) (n int, err error) {
	s.drained, s.some = false, false
	for records := 0; n < len(b) && err == nil && records < recordsAtOnce; records++ {
		var m int
		m, err = s.conn.Read(b[n:])
		n += m
		s.some = true
	}
	if len(s.held) > 0 && (err == nil || err == errAgain) {
		if flushErr := s.flush(); flushErr != nil {
			err = flushErr
		}
	}
	return n, err
}

// unreceived is certain only when the connection below has come to its end as well: a target that has ended TLS may still
// be reading, also when it then resets the connection.
func (s *secure) unreceived(request []byte, end error) bool {
	return end == io.EOF && s.socket.ended() && s.socket.unreceived(request, end)
}

// close says goodbye, as TLS wants it, as far as there is room for it at once.
func (s *secure) close() {
	_ = s.conn.Close() // there is nobody to tell
}

// A ciphertext is how crypto/tls moves bytes. What it writes is held until it is pushed, so that the records of a request
// leave together.
type ciphertext struct {
	socket  *socket
	held    []byte
	drained bool // the latest read took all there was
	some    bool // and crypto/tls made something of it: whether more came need not be asked before that is dealt with
}

// heldWhenIdle is the most memory that a connection keeps for its next request, in bytes.
const heldWhenIdle = 4 << 10

// Read returns errAgain alone: crypto/tls would not look at bytes that come with it.
func (c *ciphertext) Read(b []byte) (int, error) {
	if c.drained && c.some {
		return 0, errAgain
	}
	n, err := c.socket.read(b)
	if err == errAgain {
		c.drained = true
		if n > 0 {
			return n, nil
		}
	}
	return n, err
}

// mostHeld is where a target has gone too far that wants keys updated and does not read, in bytes.
const mostHeld = 2 * encryptedAtOnce

var errHeld = errors.New("the target has TLS write, and does not read it")

func (c *ciphertext) Write(b []byte) (int, error) {
	if len(c.held) > mostHeld {
		return 0, errHeld
	}
	c.held = append(c.held, b...)
	return len(b), nil
}

// Close closes the descriptor. It pushes the last record before.
func (c *ciphertext) Close() error {
	_, _ = c.push() // the target may be gone
	c.socket.close()
	return nil
}

func (c *ciphertext) descriptor() int { return c.socket.fd }

// push writes what is held, as far as there is room, and returns how much.
func (c *ciphertext) push() (int, error) {
	n, err := c.socket.push(c.held)
	switch {
	case n < len(c.held):
		c.held = append(c.held[:0], c.held[n:]...)
	case cap(c.held) > heldWhenIdle:
		c.held = nil
	default:
		c.held = c.held[:0]
	}
	return n, err
}
