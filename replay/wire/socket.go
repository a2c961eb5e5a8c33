package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// How long to wait before a full queue is tried again: at first, and at most.
const (
	firstRetry = time.Millisecond
	lastRetry  = 20 * time.Millisecond
)

// connectSocket connects to a unix socket. Where the target's queue of connections is full, the system refuses at once
// what it would let wait over TCP; so the waiting is done here.
func connectSocket(ctx context.Context, dialer *net.Dialer, path string) (net.Conn, error) {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		conn, err := dialer.DialContext(ctx, "unix", path)
		if !errors.Is(err, syscall.EAGAIN) {
			return conn, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, fmt.Errorf("connect to %s: its queue of connections is full: %w", path, ctx.Err())
		}
	}
}
