package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"ngxreplay/replay"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire"
)

// This file is what TLS makes of the hosts of requests: a connection has one server name.

// byHost reports whether the connections to an endpoint belong to a host each: neither --sni nor --host names one for all.
// Those of HTTP/2 carry requests of any host.
func (s *runSettings) byHost(endpoint wire.Endpoint) bool {
	return endpoint.TLS && s.dialing.tls.ServerName == "" && !s.options.HTTP2
}

// anyByHost reports whether the connections to a target do.
func (s *runSettings) anyByHost() bool {
	return slices.ContainsFunc(s.targets, func(p prepared) bool { return !p.IsProgram() && s.byHost(p.Endpoint) })
}

// target is where the requests of a replay go.
func (s *runSettings) target(endpoint wire.Endpoint, format wire.Format) replay.Target {
	dialer := s.dialer(endpoint)
	target := replay.Target{Dial: s.probeDial(dialer), Format: format}
	if s.byHost(endpoint) {
		target.DialHost = dialer.DialHost
	}
	return target
}

// probeDial connects as the first request will. Where logs are followed nobody knows its host: then nothing is asked of
// TLS before.
func (s *runSettings) probeDial(dialer *wire.Dialer) replay.Dial {
	switch {
	case !s.byHost(dialer.Endpoint):
		return dialer.Dial
	case s.flags.follow.on():
		return dialer.Reach
	}
	return func(ctx context.Context) (net.Conn, error) { return dialer.DialHost(ctx, s.firstHost) }
}

// findFirstHost sets the host that the probe asks for, where one matters.
func (s *runSettings) findFirstHost(path string) (err error) {
	if !s.anyByHost() {
		return nil
	}
	reader, err := trace.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	var first [1]trace.Request
	n, err := reader.Read(first[:])
	if n == 1 {
		s.firstHost = wire.ServerName(first[0].Host)
	}
	if err == io.EOF { // of a trace with one request, or none
		err = nil
	}
	return err
}

// unreachable says that a target could not be connected to, and what to do unless the error does.
func unreachable(err error) error {
	var handshake *wire.HandshakeError
	if errors.As(err, &handshake) {
		return err
	}
	return fmt.Errorf("%w: is it running?", err)
}
