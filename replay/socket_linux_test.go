package replay

import (
	"errors"
	"io"
	"net"
	"path/filepath"
	"syscall"
	"testing"
)

// A unix socket tells whether the target read all of a request before it closed: what it did not read is sent again
// when it cannot have been carried out.
func TestUnreceivedOverAUnixSocket(t *testing.T) {
	const bodiless, withBody = "GET / HTTP/1.1\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"
	for name, test := range map[string]struct {
		request string
		reads   int // bytes of it
		end     error
		want    bool
	}{
		"nothing was read":       {bodiless, 0, syscall.ECONNRESET, true},
		"the head but its end":   {bodiless, len(bodiless) - 1, syscall.ECONNRESET, true},
		"all was read":           {bodiless, len(bodiless), io.EOF, false},
		"the body was not read":  {withBody, len(withBody) - 4, syscall.ECONNRESET, false},
		"nothing, but of a body": {withBody, 0, syscall.ECONNRESET, false},
	} {
		t.Run(name, func(t *testing.T) {
			client, target := unixPair(t)
			p, err := newEpoll()
			if err != nil {
				t.Fatal(err)
			}
			defer p.close()
			l, ok, err := p.adopt(client)
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			defer l.close()
			if n, err := l.write([]byte(test.request)); n != len(test.request) || err != nil {
				t.Fatal(n, err)
			}
			if _, err := io.ReadFull(target, make([]byte, test.reads)); err != nil {
				t.Fatal(err)
			}
			target.Close()
			if err := p.watch(l, place{}); err != nil {
				t.Fatal(err)
			}
			err = awaitEnd(t, p, l)
			if got := l.unreceived([]byte(test.request), err); !errors.Is(err, test.end) || got != test.want {
				t.Errorf("%v, unreceived %v; want %v, %v", err, got, test.end, test.want)
			}
			if n, err := l.write([]byte(test.request)); n != 0 || !errors.Is(err, syscall.EPIPE) {
				t.Errorf("writing after it: %d, %v; want nothing to leave", n, err)
			}
		})
	}
}

// unixPair is both ends of a unix socket.
func unixPair(t *testing.T) (client, target net.Conn) {
	t.Helper()
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if client, err = net.Dial("unix", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if target, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	return client, target
}
