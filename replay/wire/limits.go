package wire

import (
	"errors"
	"fmt"
)

// Limits are what the system allows a process that dials. A limit that is not known is 0.
type Limits struct {
	Files uint64 // descriptors that may be open at one time
	Ports int    // connections from one address to one other
}

// spareFiles are the descriptors that a replay needs beside its connections: trace, reports, targets, the runtime's.
const spareFiles = 64

// Check says what is too small for that many connections by that many routes; see [Dialer.Routes].
func (l Limits) Check(connections, routes int) error {
	var errs []error
	if files := uint64(connections) + spareFiles; l.Files > 0 && files > l.Files {
		errs = append(errs, fmt.Errorf("%d connections need %d file descriptors and this process may have %d: raise the hard limit (ulimit -Hn %d as root, or LimitNOFILE=), or ask for at most %d with --connections",
			connections, files, l.Files, files, max(0, int(l.Files)-spareFiles)))
	}
	if l.Ports > 0 && routes > 0 && connections > l.Ports*routes {
		need := (connections + l.Ports - 1) / l.Ports
		errs = append(errs, fmt.Errorf("%d connections need as many local ports, and there are %d for each pair of addresses, of which there are %d: connect from %d addresses with --source (as 127.0.0.2,127.0.0.3 to a target on this machine), or widen net.ipv4.ip_local_port_range",
			connections, l.Ports, routes, need))
	}
	return errors.Join(errs...)
}

// parsePorts counts the ports in what Linux says of net.ipv4.ip_local_port_range. 0 is: no idea.
func parsePorts(text string) int {
	var low, high int
	if n, _ := fmt.Sscan(text, &low, &high); n != 2 || high < low {
		return 0
	}
	return high - low + 1
}
