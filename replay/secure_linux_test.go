package replay

import (
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"ngxreplay/replay/wire"
)

// Below TLS the system knows, too, whether a request came too late for a target that has closed the connection. The end
// of TLS alone says nothing: the target may go on reading, and break the connection then.
func TestUnreceivedOverTLS(t *testing.T) {
	config := certified()
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
			p, l := adopted(t, raw)
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

// A cut is a connection that swallows what is written beyond the next so many bytes.
type cut struct {
	net.Conn
	most int // -1 is any number
}

func (c *cut) Write(b []byte) (int, error) {
	if c.most < 0 {
		return c.Conn.Write(b)
	}
	n := min(len(b), c.most)
	c.most -= n
	_, err := c.Conn.Write(b[:n])
	return len(b), err
}

// securely opens a connection of a loop to a server that speaks TLS. What happens on it is reported when it is settled.
func securely(t *testing.T, serve func(c *tls.Conn, below *cut)) (*loop, *conn) {
	t.Helper()
	config := certified()
	s := newServer(t, func(_ int, conn *net.TCPConn) {
		below := &cut{conn, -1}
		serve(tls.Server(below, config), below)
	})
	d := wire.Dialer{Endpoint: wire.Endpoint{Address: s.Addr().String(), TLS: true}, Timeout: time.Minute, TLS: &tls.Config{InsecureSkipVerify: true}}
	raw, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := newEpoll()
	if err != nil {
		t.Fatal(err)
	}
	l := newLoop(t.Context(), Target{Dial: d.Dial}, nil, newRecorder(newNames(&newTrace().info), 0), testOptions, p)
	t.Cleanup(l.close)
	l.clock = threadClock{time.Now()}
	c := l.newConn(l.lanes.shared)
	if c.link, err = l.adopt(raw, c); err != nil {
		t.Fatal(err)
	}
	l.hold(c.lane, 1)
	return l, c
}

// A target that ends within a record ends there, also when the last piece of the record and the end come together.
func TestTheEndWithinARecord(t *testing.T) {
	ended, over := make(chan struct{}), make(chan struct{})
	defer close(over)
	l, c := securely(t, func(c *tls.Conn, below *cut) {
		_, _ = io.ReadFull(c, make([]byte, 5))
		below.most = 100
		_, _ = c.Write(make([]byte, 1000))
		_ = below.Conn.(*net.TCPConn).CloseWrite()
		close(ended)
		<-over
	})
	l.depart(c, &request{bytes: []byte("hello")}, l.time())
	if _, err := c.link.write(c.request.bytes); err != nil {
		t.Fatal(err)
	}
	<-ended
	if err := l.settle(c); err != nil {
		t.Fatal(err)
	}
	for _, e := range l.poller.wait(time.Second) {
		l.handle(e)
	}
	l.readOn()
	if !c.closed || len(l.chunk) != 1 || l.chunk[0].failed != wire.EOF {
		t.Errorf("closed %v, %d samples", c.closed, len(l.chunk))
	}
}

// A target that packs each byte into a record of its own does not keep the loop.
func TestSmallRecordsAreReadInTurns(t *testing.T) {
	const records = 10 * recordsAtOnce
	written, over := make(chan struct{}), make(chan struct{})
	defer close(over)
	l, c := securely(t, func(c *tls.Conn, _ *cut) {
		for range records {
			_, _ = c.Write([]byte{'x'})
		}
		close(written)
		<-over
	})
	<-written
	if err := l.settle(c); err != nil {
		t.Fatal(err)
	}
	buf, turns := make([]byte, readBuffer), 0
	for all := 0; all < records; turns++ {
		n, err := c.link.read(buf)
		if err != nil && err != errAgain || n > recordsAtOnce {
			t.Fatalf("%d bytes at once, %v", n, err)
		}
		all += n
	}
	if turns < records/recordsAtOnce {
		t.Errorf("%d turns", turns)
	}
}

// What crypto/tls writes by itself waits in bounded memory for a target that does not read.
func TestHeldBytesAreBounded(t *testing.T) {
	c := &ciphertext{}
	var err error
	for range 100 {
		_, err = c.Write(make([]byte, 10<<10))
	}
	if err != errHeld || len(c.held) > mostHeld+10<<10 {
		t.Errorf("%v, %d bytes held", err, len(c.held))
	}
}

// certified is the configuration of a server that nobody needs to trust.
func certified() *tls.Config {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	return &tls.Config{Certificates: s.TLS.Certificates}
}
