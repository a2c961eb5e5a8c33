package wire

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// latePort lets the system choose the port of a bound socket when it connects: chosen before, a port serves one
// destination only, and all connections of a source share 28,000.
func latePort(_, _ string, raw syscall.RawConn) error {
	return raw.Control(func(fd uintptr) {
		// A system that does not know the option still connects, to fewer.
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	})
}
