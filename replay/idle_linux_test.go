package replay

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"ngxreplay/replay/wire"
)

// A connection that is idle costs little, also over TLS, and no goroutine.
func TestIdleConnectionsAreSmall(t *testing.T) {
	const connections, most = 200, 12 << 10
	for name, secure := range map[string]bool{"tcp": false, "tls": true} {
		t.Run(name, func(t *testing.T) {
			address := acceptIdle(t, secure, connections)
			trusting, err := wire.TLSOptions{Insecure: true}.Config()
			if err != nil {
				t.Fatal(err)
			}
			dialer := &wire.Dialer{Endpoint: wire.Endpoint{Address: address, TLS: secure}, Timeout: 10 * time.Second, TLS: trusting}
			p, err := newEpoll()
			if err != nil {
				t.Fatal(err)
			}
			defer p.close()
			l := newLoop(t.Context(), Target{Dial: dialer.Dial}, nil, nil, Options{}, p)
			before, goroutines := used(), runtime.NumGoroutine()
			conns := make([]*conn, connections)
			for i := range conns {
				conns[i] = greet(t, l, dialer.Dial)
				defer conns[i].link.close()
			}
			each := (used() - before) / connections
			if n := runtime.NumGoroutine() - goroutines; n > connections/10 { // the last ones may be dialling still
				t.Errorf("%d goroutines for %d connections", n, connections)
			}
			if each > most {
				t.Errorf("%d bytes a connection", each)
			}
			t.Logf("%d bytes a connection", each)
			runtime.KeepAlive(conns)
		})
	}
}

// used is the memory that is in use, after a collection.
func used() int64 {
	runtime.GC()
	runtime.GC() // what was pooled
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// greet opens a connection that has carried a request and its answer.
func greet(t *testing.T, l *loop, dial Dial) *conn {
	t.Helper()
	raw, err := dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	c := &conn{}
	if c.link, err = l.adopt(raw, c); err != nil {
		t.Fatal(err)
	}
	if err := l.settle(c); err != nil {
		t.Fatal(err)
	}
	if _, err := c.link.write([]byte("?")); err != nil {
		t.Fatal(err)
	}
	for got := 0; got < greeting; {
		for range l.poller.wait(time.Second) {
			n, err := c.link.read(l.buf)
			if got += n; err != nil && err != errAgain {
				t.Fatal(err)
			}
		}
	}
	return c
}

// greeting is how long an answer of acceptIdle is, in bytes.
const greeting = 300

// acceptIdle accepts so many connections, answers one byte with a greeting, and forgets all of them but their descriptor.
func acceptIdle(t *testing.T, secure bool, connections int) (address string) {
	t.Helper()
	config := certified()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	files := make([]*os.File, 0, connections)
	go func() {
		ended <- func() error {
			for range connections {
				raw, err := listener.Accept()
				if err != nil {
					return err
				}
				conn := raw
				if secure {
					conn = tls.Server(raw, config)
				}
				if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
					return err
				}
				if _, err := conn.Write(make([]byte, greeting)); err != nil {
					return err
				}
				file, err := raw.(*net.TCPConn).File()
				if err != nil {
					return err
				}
				files = append(files, file)
				_ = raw.Close() // the file keeps the connection
			}
			return nil
		}()
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		for _, file := range files {
			_ = file.Close()
		}
	})
	return listener.Addr().String()
}
