package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"ngxreplay/replay/wire"
	"ngxreplay/report"

	"github.com/spf13/pflag"
)

// dialingFlags say how connections to targets are made.
type dialingFlags struct {
	tls     wire.TLSOptions
	resolve []string
	sources string
}

func (f *dialingFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.tls.Insecure, "insecure", false, "accept any TLS certificate")
	flags.StringVar(&f.tls.CA, "ca", "", "trust the authorities of this PEM `file`, instead of the system's")
	flags.StringVar(&f.tls.Cert, "cert", "", "show this client certificate, a PEM `file`")
	flags.StringVar(&f.tls.Key, "key", "", "the key of --cert, a PEM `file` (default: in that of --cert)")
	flags.StringVar(&f.tls.ServerName, "sni", "", "the `name` asked for in TLS and looked for in the certificate (default: that of --host, else of each request's host)")
	flags.StringArrayVar(&f.resolve, "resolve", nil, "connect to these addresses in turn for a host, as `HOST:PORT:ADDR[,ADDR...]` (repeatable)")
	flags.StringVar(&f.sources, "source", "", "connect from these `addresses` of this machine in turn, as 127.0.0.2,127.0.0.3: each has 28,000 ports to a target")
}

// dialing is dialingFlags, checked.
type dialing struct {
	tls       *tls.Config
	overrides wire.Overrides
	sources   []netip.Addr
}

// check reads the files. host is what requests ask for instead of the logged host, if anything.
func (f *dialingFlags) check(host string) (dialing, error) {
	var d dialing
	var errs [4]error
	options := f.tls
	if options.ServerName == "" {
		options.ServerName = serverName(host)
	}
	d.tls, errs[0] = options.Config()
	d.overrides, errs[1] = wire.ParseOverrides(f.resolve)
	if f.sources != "" {
		if d.sources, errs[2] = wire.ParseAddresses(f.sources); errs[2] == nil {
			errs[3] = wire.CheckSources(d.sources)
		} else {
			errs[2] = fmt.Errorf("source: %w", errs[2])
		}
	}
	return d, errors.Join(errs[:]...)
}

// serverName is a host without its port.
func serverName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.Trim(host, "[]")
}

// dialer makes the connections to one target.
func (s *runSettings) dialer(endpoint wire.Endpoint) *wire.Dialer {
	return &wire.Dialer{
		Endpoint: endpoint, Timeout: s.options.Timeout, TLS: s.dialing.tls, Overrides: s.dialing.overrides, Sources: s.dialing.sources,
	}
}

// limits raises what the system allows, and finds what is too little for the connections that were asked for.
func (s *runSettings) limits() (wire.Limits, error) {
	limits, err := wire.RaiseLimits()
	if err == nil && !s.options.PerClient { // how many clients come at one time is not known
		err = limits.Check(s.options.Connections, 0)
	}
	if err != nil {
		return limits, usageError(err)
	}
	return limits, nil
}

// reach connects to a target that is running, to see that it can be, and that there are ports for all connections.
func (t *terminal) reach(s *runSettings, target prepared, limits wire.Limits) error {
	dialer := s.dialer(target.Endpoint)
	conn, err := s.probeDial(dialer)(t.ctx)
	if err != nil {
		return fmt.Errorf("target %s: cannot connect to %s: %w", target.Name, target.URL, unreachable(err))
	}
	_ = conn.Close() // it has served its purpose
	routes, err := dialer.Routes(t.ctx)
	if err == nil && !s.options.PerClient {
		limits.Files = 0 // was checked
		err = limits.Check(s.options.Connections, routes)
	}
	if err != nil {
		return usageError(fmt.Errorf("target %s: %w", target.Name, err))
	}
	return nil
}

// config echoes what was asked for. Only names of files are in it.
func (f *dialingFlags) config() report.Dialing {
	return report.Dialing{
		Insecure: f.tls.Insecure, CA: f.tls.CA, Cert: f.tls.Cert, ServerName: f.tls.ServerName, Resolve: f.resolve, Sources: f.sources,
	}
}
