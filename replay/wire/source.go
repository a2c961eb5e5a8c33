package wire

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// CheckSources finds addresses that are not of this machine, before connections are made from them.
func CheckSources(sources []netip.Addr) error {
	var errs []error
	for _, a := range sources {
		probe, err := net.Listen("tcp", netip.AddrPortFrom(a, 0).String())
		if err != nil {
			errs = append(errs, fmt.Errorf("source %v: %w: give an address of this machine (ip address shows them; all of 127.0.0.0/8 are on Linux)", a, err))
			continue
		}
		errs = append(errs, probe.Close())
	}
	return errors.Join(errs...)
}
