//go:build !linux

package replay

import "net"

// newPoller returns the poller for connections like probe.
func newPoller(net.Conn, int) poller { return newPatientPoller() }
