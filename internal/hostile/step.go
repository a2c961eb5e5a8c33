package hostile

import (
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net"
	"time"
)

// A Step is one thing that a server does on a connection. An error ends the connection.
type Step func(c *Conn) error

// A Script is steps that follow each other.
type Script []Step

func (s Script) run(c *Conn) error {
	for _, step := range s {
		if err := step(c); err != nil {
			return err
		}
	}
	return nil
}

// errEnded says that a step ended the connection on purpose.
var errEnded = errors.New("ended by its script")

// ReadHead reads a request up to its body.
func ReadHead(c *Conn) error { return c.readHead() }

// ReadBody reads the rest of the request.
func ReadBody(c *Conn) error { return c.readBody(math.MaxInt64) }

// AwaitByte waits until something comes, and leaves it unread.
func AwaitByte(c *Conn) error {
	_, err := c.in.Peek(1)
	return err
}

// ReadSlowly reads the body in so many pieces, with a pause before each.
func ReadSlowly(pieces int64, pause time.Duration) Step {
	return func(c *Conn) error {
		size := c.unread/pieces + 1
		for c.unread > 0 {
			if err := errors.Join(c.pause(pause), c.readBody(size)); err != nil {
				return err
			}
		}
		return nil
	}
}

// Good is the good answer.
const Good = "HTTP/1.1 {status} Good\r\n{connection}X-Id: {id}\r\nContent-Length: {size}\r\n\r\n{body}"

// Answer reads the rest of the request and gives the good answer.
func Answer(c *Conn) error { return errors.Join(ReadBody(c), Write(Good)(c)) }

// Write writes a text at once, with what stands in braces replaced: see [Good].
func Write(text string) Step {
	return func(c *Conn) error {
		_, err := io.WriteString(c, c.expand(text))
		return err
	}
}

// Trickle writes a text in pieces of that many bytes, with a pause before each.
func Trickle(size int, pause time.Duration, text string) Step {
	return func(c *Conn) error {
		rest := c.expand(text)
		for rest != "" {
			n := min(size, len(rest))
			if err := c.pause(pause); err != nil {
				return err
			}
			if _, err := io.WriteString(c, rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
		return nil
	}
}

// Pause does nothing for a while.
func Pause(d time.Duration) Step { return func(c *Conn) error { return c.pause(d) } }

// pause returns early, with an error, when the server is closed.
func (c *Conn) pause(d time.Duration) error {
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.server.closed:
		return errEnded
	}
}

// Await waits until an event is over, which is when its channel is closed.
func Await(event <-chan struct{}) Step {
	return func(c *Conn) error {
		select {
		case <-event:
			return nil
		case <-c.server.closed:
			return errEnded
		}
	}
}

// Hang reads and ignores whatever comes, until the peer gives up.
func Hang(c *Conn) error {
	_, err := io.Copy(io.Discard, c.in)
	return errors.Join(errEnded, err)
}

// Ignore does not even read, until the server is closed.
func Ignore(c *Conn) error {
	<-c.server.closed
	return errEnded
}

// Reset breaks the connection: the peer gets a RST.
func Reset(c *Conn) error {
	conn := c.Conn
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return errors.New("hostile server: only TCP can be reset")
	}
	return errors.Join(errEnded, tcp.SetLinger(0), tcp.Close())
}

// Close ends the connection. With bytes left unread the kernel makes it a reset.
func Close(c *Conn) error { return errors.Join(errEnded, c.Conn.Close()) }

// CloseWrite says that nothing more will be written, and goes on.
func CloseWrite(c *Conn) error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.New("hostile server: this connection cannot be half closed")
	}
	return half.CloseWrite()
}

// StartTLS makes the handshake of a TLS server, and goes on inside of it.
func StartTLS(config *tls.Config) Step {
	return func(c *Conn) error {
		secure := tls.Server(c.Conn, config)
		if err := secure.Handshake(); err != nil {
			return err
		}
		c.Conn = secure
		c.in.Reset(secure)
		return nil
	}
}

// IsPlain reports whether no TLS was started on a connection.
func IsPlain(c *Conn) bool {
	_, secure := c.Conn.(*tls.Conn)
	return !secure
}

// If chooses between two scripts.
func If(condition func(c *Conn) bool, then, otherwise Script) Step {
	return func(c *Conn) error {
		if condition(c) {
			return then.run(c)
		}
		return otherwise.run(c)
	}
}

// Repeat runs steps n times.
func Repeat(n int, steps ...Step) Step {
	return func(c *Conn) error {
		for range n {
			if err := Script(steps).run(c); err != nil {
				return err
			}
		}
		return nil
	}
}

// Forever runs steps until one fails, as writing does when the peer has gone.
func Forever(steps ...Step) Step { return Repeat(math.MaxInt, steps...) }
