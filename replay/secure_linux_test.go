package replay

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"ngxreplay/replay/wire"
)

// Below TLS the system knows, too, whether a request came too late for a target that has closed the connection. The end
// of TLS alone says nothing: the target may go on reading, and break the connection then.
func TestUnreceivedOverTLS(t *testing.T) {
	unknown := httptest.NewTLSServer(http.NotFoundHandler())
	config := &tls.Config{Certificates: unknown.TLS.Certificates}
	unknown.Close()
	closes := func(c *tls.Conn) { _ = c.Close() }
	for name, test := range map[string]struct {
		reads int // bytes before it ends
		ends  func(c *tls.Conn)
		want  bool
	}{
		"closed before the request came": {5, closes, true},
		"closed after it came":           {10, closes, false},
		"ended TLS only":                 {5, func(c *tls.Conn) { _ = c.CloseWrite() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			ended, over := make(chan struct{}), make(chan struct{})
			s := newServer(t, func(_ int, conn *net.TCPConn) {
				c := tls.Server(conn, config)
				_, _ = io.ReadFull(c, make([]byte, test.reads))
				test.ends(c)
				close(ended)
				<-over
			})
			defer close(over)
			d := wire.Dialer{Endpoint: wire.Endpoint{Address: s.Addr().String(), TLS: true}, Timeout: time.Minute, TLS: &tls.Config{InsecureSkipVerify: true}}
			raw, err := d.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			p, err := newEpoll()
			if err != nil {
				t.Fatal(err)
			}
			defer p.close()
			l, ok, err := p.adopt(raw)
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			defer l.close()
			for i := range 2 {
				if i == 1 && test.reads == 5 {
					<-ended
				}
				if _, err := l.write([]byte("hello")); err != nil {
					t.Fatal(err)
				}
			}
			<-ended
			if err := p.watch(l, place{}); err != nil {
				t.Fatal(err)
			}
			err = awaitEnd(t, p, l)
			if got := l.unreceived(nil, err); err != io.EOF || got != test.want {
				t.Errorf("%v, unreceived %v, want %v", err, got, test.want)
			}
		})
	}
}
