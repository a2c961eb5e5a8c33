package h2

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"ngxreplay/replay/wire"
)

// ErrNotHTTP2 says that a target was reached, and speaks something else.
var ErrNotHTTP2 error = notHTTP2{}

type notHTTP2 struct{}

func (notHTTP2) Error() string { return "the target does not speak HTTP/2: leave --http 2 out" }

// Is gives the error its class.
func (notHTTP2) Is(target error) bool { return target == wire.ErrProtocol }

// A Conn is an HTTP/2 connection. Its methods may be called by several goroutines at once.
type Conn struct {
	client *http.ClientConn
	frames *frames
	scheme string
}

// Protocols are what TLS offers a target that is to speak HTTP/2: with HTTP/1.1 beside it, one that does not says so
// instead of breaking the handshake off.
var Protocols = []string{"h2", "http/1.1"}

// Connect begins HTTP/2 on a connection that was opened and that it takes over, and waits for the target's settings:
// they say how many requests it takes at a time. Over TLS the target must have agreed to h2; without, it must know
// beforehand. The settings must come within patience; later, after silence as long as that, the target is asked for a sign
// of life, and given up without one. Errors are *[wire.DialError].
func Connect(ctx context.Context, raw net.Conn, patience time.Duration) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := connect(ctx, raw, patience)
	if err != nil {
		_ = raw.Close() // it is of no use, whatever closing says
		return nil, &wire.DialError{Err: err}
	}
	return c, nil
}

func connect(ctx context.Context, raw net.Conn, patience time.Duration) (*Conn, error) {
	c := &Conn{frames: newFrames(raw), scheme: "http"}
	if secure, ok := raw.(*tls.Conn); ok {
		c.scheme = "https"
		if agreed := secure.ConnectionState().NegotiatedProtocol; agreed != "h2" {
			return nil, fmt.Errorf("%w, or switch HTTP/2 on there (TLS agreed on %s)", ErrNotHTTP2, cmp.Or(agreed, "nothing"))
		}
	}
	// For net/http the connection is one without TLS, with HTTP/2 known beforehand: TLS is ours.
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{
		DialContext:            func(context.Context, string, string) (net.Conn, error) { return c.frames, nil },
		Protocols:              &protocols,
		DisableCompression:     true, // or it would ask for gzip
		MaxResponseHeaderBytes: wire.MaxHead,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: patience, PingTimeout: patience, WriteByteTimeout: patience},
	}
	var err error
	if c.client, err = transport.NewClientConn(ctx, "http", "target:80"); err != nil {
		return nil, err
	}
	select {
	case <-c.frames.settled:
		return c, nil
	case <-c.frames.ended:
		return nil, c.frames.why()
	case <-ctx.Done():
		c.Close()
		return nil, fmt.Errorf("no HTTP/2 settings from the target: %w", ctx.Err())
	}
}

// Watch has f called when there may be room for another request, or the connection is gone. f must not wait. It is called
// on any goroutine, also on one that calls [Conn.Reserve].
func (c *Conn) Watch(f func()) {
	c.frames.watcher.Store(&f)
	c.client.SetStateHook(func(*http.ClientConn) { f() })
}

// Reserve takes room for one request, which [Conn.Do] then uses. It returns false when the target takes no more at a time.
func (c *Conn) Reserve() bool { return c.client.Reserve() == nil }

// Gone reports whether the connection takes no more requests for good. Those that are under way may still be answered.
func (c *Conn) Gone() bool {
	select {
	case <-c.frames.ended:
		return true
	default:
		return c.frames.leaving.Load()
	}
}

// Close ends the connection and what is under way on it. Over TLS it may take seconds.
func (c *Conn) Close() {
	_ = c.client.Close() // nothing is to be sent any more
}
