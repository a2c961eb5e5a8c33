package wire

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// RaiseLimits raises the number of descriptors to the most that this process may ask for, and tells what then holds.
func RaiseLimits() (Limits, error) {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return Limits{}, fmt.Errorf("limit of file descriptors: %w", err)
	}
	if files.Cur < files.Max {
		raised := unix.Rlimit{Cur: files.Max, Max: files.Max}
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &raised); err == nil {
			files = raised // else the lower one holds, and is told
		}
	}
	ports, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		ports = nil // a sandbox without it: nothing is known of ports
	}
	return Limits{Files: files.Cur, Ports: parsePorts(string(ports))}, nil
}
