package wire

import (
	"io"
	"net"
)

// An Underlay is the connection below a TLS one, as NetConn of that gives it. crypto/tls uses Go's own connection, which
// blocks, during the handshake; Switch gives it another way to move bytes later. It is for one goroutine at a time.
type Underlay struct {
	net.Conn // of the handshake
	written  int64
	moves    io.ReadWriteCloser // nil: Conn
}

// Switch has everything from now on read from, written to and closed through moves. It returns how many bytes were written
// so far. Conn is left to the caller.
func (u *Underlay) Switch(moves io.ReadWriteCloser) (written int64) {
	u.moves = moves
	return u.written
}

func (u *Underlay) Read(b []byte) (int, error) {
	if u.moves != nil {
		return u.moves.Read(b)
	}
	return u.Conn.Read(b)
}

func (u *Underlay) Write(b []byte) (int, error) {
	if u.moves != nil {
		return u.moves.Write(b)
	}
	n, err := u.Conn.Write(b)
	u.written += int64(n)
	return n, err
}

// Close closes what bytes are moved through.
func (u *Underlay) Close() error {
	if u.moves != nil {
		return u.moves.Close()
	}
	return u.Conn.Close()
}
