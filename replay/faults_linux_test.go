package replay_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"testing"

	"ngxreplay/internal/hostile"
	"ngxreplay/replay/wire"
)

// A target that listens but accepts nobody, when its queue of connections is full: no connection in time.
func TestListenQueueFull(t *testing.T) {
	checkLeaks(t)
	server := listen(t, false, hostile.ReadHead, hostile.Answer)
	full := &wire.Dialer{Endpoint: wire.Endpoint{Address: fullListener(t)}, Timeout: shortTimeout}
	taken, err := full.Dial(t.Context()) // Linux holds one more than the queue is long
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var dials atomic.Int64
	dial := func(ctx context.Context) (net.Conn, error) {
		if dials.Add(1) == 1 {
			return dialer(server)(ctx)
		}
		return full.Dial(ctx)
	}
	checkAllButFirst(t, run(t, &memory{rows: goodRequests(0, requests)}, dial, open.options(longTimeout)), wire.DialTimeout)
}

// fullListener listens with a queue of no length, and never accepts.
func fullListener(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	address, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", address.(*syscall.SockaddrInet4).Port)
}
