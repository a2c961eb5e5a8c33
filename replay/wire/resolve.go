package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Overrides are addresses that stand for a host:port, as curl's --resolve has them.
type Overrides map[string][]netip.AddrPort

// ParseOverrides reads HOST:PORT:ADDR[,ADDR...], where an IPv6 address may stand in brackets, and joins what is wrong.
func ParseOverrides(texts []string) (Overrides, error) {
	o := Overrides{}
	var errs []error
	for _, text := range texts {
		host, rest, _ := strings.Cut(text, ":")
		portText, list, found := strings.Cut(rest, ":")
		port, err := strconv.ParseUint(portText, 10, 16)
		if !found || host == "" || err != nil || port == 0 {
			errs = append(errs, fmt.Errorf("resolve %q: want HOST:PORT:ADDR[,ADDR...], as shop.example:443:192.0.2.7", text))
			continue
		}
		addresses, err := ParseAddresses(list)
		if err != nil {
			errs = append(errs, fmt.Errorf("resolve %q: %w", text, err))
			continue
		}
		key := net.JoinHostPort(strings.ToLower(host), portText)
		for _, a := range addresses {
			o[key] = append(o[key], netip.AddrPortFrom(a, uint16(port)))
		}
	}
	return o, errors.Join(errs...)
}

// ParseAddresses reads IP addresses with commas between them.
func ParseAddresses(text string) ([]netip.Addr, error) {
	var list []netip.Addr
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(item, "["), "]"))
		if err != nil {
			return nil, fmt.Errorf("address %q: want an IP address as 192.0.2.7 or 2001:db8::7", item)
		}
		list = append(list, a.Unmap())
	}
	return list, nil
}

// resolve finds all addresses of host:port. Errors of finding none are *net.DNSError.
func (o Overrides) resolve(ctx context.Context, address string) ([]netip.AddrPort, error) {
	if list := o[strings.ToLower(address)]; len(list) > 0 {
		return list, nil
	}
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "tcp", portText)
	if err != nil {
		return nil, err
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	var list []netip.AddrPort
	for _, a := range addresses {
		if ap := netip.AddrPortFrom(a.Unmap(), uint16(port)); !slices.Contains(list, ap) {
			list = append(list, ap)
		}
	}
	return list, nil
}

// pair gives each address the sources of its family. Addresses that none of the sources can reach are left out.
func pair(to []netip.AddrPort, sources []netip.Addr) ([]way, error) {
	var ways []way
	for _, t := range to {
		w := way{to: t}
		for _, s := range sources {
			if s.Is4() == t.Addr().Is4() {
				w.from = append(w.from, s)
			}
		}
		if len(sources) == 0 || len(w.from) > 0 {
			ways = append(ways, w)
		}
	}
	if len(ways) == 0 {
		return nil, fmt.Errorf("no source address can reach %v: IPv4 and IPv6 do not mix", to)
	}
	return ways, nil
}
