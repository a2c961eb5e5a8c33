package wire

import (
	"context"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// fullSocket listens on a unix socket whose queue of connections is full. accept takes one from it.
func fullSocket(t *testing.T) (path string, accept func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "s")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Dial("unix", path) // Linux holds one more than the queue is long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	return path, func() {
		conn, _, err := syscall.Accept(fd)
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { syscall.Close(conn) })
	}
}

// A full queue is waited for as it is over TCP: until there is room, or the time is over.
func TestFullQueueOfAUnixSocket(t *testing.T) {
	path, accept := fullSocket(t)
	d := Dialer{Endpoint: Endpoint{Address: path, Unix: true}, Timeout: 50 * time.Millisecond}
	start := time.Now()
	_, err := d.Dial(t.Context())
	if class := Classify(err); class != DialTimeout || time.Since(start) < d.Timeout {
		t.Errorf("%s after %v: %v", class, time.Since(start), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = d.Dial(ctx); Classify(err) != Cancelled {
		t.Errorf("%s: %v", Classify(err), err)
	}
	d = Dialer{Endpoint: d.Endpoint, Timeout: time.Minute}
	accepted := make(chan struct{})
	go func() { defer close(accepted); accept() }()
	conn, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	<-accepted
}
