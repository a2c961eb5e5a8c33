package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/netip"
	"strings"
	"time"

	"ngxreplay/replay/wire"
	"ngxreplay/replay/wire/h2"
	"ngxreplay/report"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// dialingFlags say how connections to targets are made.
type dialingFlags struct {
	tls     wire.TLSOptions
	resolve []string
	sources string
	http    int
}

func (f *dialingFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.tls.Insecure, "insecure", false, "accept any TLS certificate")
	flags.StringVar(&f.tls.CA, "ca", "", "trust the authorities of this PEM `file`, instead of the system's")
	flags.StringVar(&f.tls.Cert, "cert", "", "show this client certificate, a PEM `file`")
	flags.StringVar(&f.tls.Key, "key", "", "the key of --cert, a PEM `file` (default: in that of --cert)")
	flags.StringVar(&f.tls.ServerName, "sni", "", "the `name` asked for in TLS and looked for in the certificate (default: that of --host, else of each request's host)")
	flags.IntVar(&f.http, "http", 1, "the `version` of HTTP: 1, or 2 by net/http's client, over TLS or with HTTP/2 known beforehand")
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
	var errs [5]error
	if f.http != 1 && f.http != 2 {
		errs[4] = fmt.Errorf("http %d: want 1 or 2", f.http)
	}
	options := f.tls
	if f.http2() {
		options.Protocols = h2.Protocols
	}
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
	if s.options.HTTP2 {
		err = greet(t.ctx, conn, s.options.Timeout)
	} else {
		_ = conn.Close() // it has served its purpose
	}
	if err != nil {
		return fmt.Errorf("target %s: %s: %w", target.Name, target.URL, err)
	}
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

// greet begins HTTP/2 on a connection, to see that the target speaks it, and closes it.
func greet(ctx context.Context, raw net.Conn, timeout time.Duration) error {
	conn, err := h2.Connect(ctx, raw, timeout)
	if err == nil {
		conn.Close()
	}
	return err
}

// http2 reports whether requests leave over HTTP/2.
func (f *dialingFlags) http2() bool { return f.http == 2 }

// quiet keeps net/http from logging what surprises it in a target's frames: the report has what became of the requests. The
// returned function ends it.
func quiet() (restore func()) {
	before := log.Writer()
	log.SetOutput(io.Discard)
	return func() { log.SetOutput(before) }
}

// checkPrograms refuses targets that are started here, which speak HTTP/1 only.
func (f *dialingFlags) checkPrograms(list []prepared) error {
	var errs []error
	for _, target := range list {
		if f.http2() && target.IsProgram() {
			errs = append(errs, fmt.Errorf("target %s: what is started here speaks HTTP/1: leave --http 2 out, or name a server by its URL", target.Name))
		}
	}
	return errors.Join(errs...)
}

func completeDialing(cmd *cobra.Command) {
	// The only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("http", cobra.FixedCompletions([]string{"1", "2"}, cobra.ShellCompDirectiveNoFileComp))
}

// config echoes what was asked for. Only names of files are in it.
func (f *dialingFlags) config() report.Dialing {
	return report.Dialing{
		Insecure: f.tls.Insecure, CA: f.tls.CA, Cert: f.tls.Cert, ServerName: f.tls.ServerName, Resolve: f.resolve, Sources: f.sources,
	}
}
