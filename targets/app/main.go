package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"ngxreplay/targets/contract"
)

// drainTime bounds how long a stopped target waits for requests in flight.
const drainTime = 10 * time.Second

// Exit statuses of a target program.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

// Program describes a target program: one framework.
type Program struct {
	Name      string // what follows "ngxreplay-target-"
	Framework string
	Version   string
	New       func(*Service) Server
}

// Main runs a target program with the arguments and streams of this process until
// a signal ends it, and returns the exit status.
func Main(p Program) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	return Run(ctx, p, os.Args[1:], os.Stdout, os.Stderr)
}

// Run is Main with everything given: it ends when ctx does.
func Run(ctx context.Context, p Program, args []string, stdout, stderr io.Writer) int {
	o, err := parseOptions(p, args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return complain(p, stderr, exitUsage, fmt.Errorf("%w\nsee --help", err))
	}
	var table contract.Table
	if o.routes != "" {
		if table, err = ReadTable(o.routes); err != nil {
			return complain(p, stderr, exitUsage, fmt.Errorf("cannot read the route table: %w\ngive --routes a file written by ngxreplay, or leave it out", err))
		}
	}
	if err := serve(ctx, p, o, table, stdout, stderr); err != nil {
		return complain(p, stderr, exitFailed, err)
	}
	return exitOK
}

func complain(p Program, stderr io.Writer, status int, err error) int {
	_, _ = fmt.Fprintf(stderr, "ngxreplay-target-%s: %v\n", p.Name, err) // nowhere else to say it
	return status
}

// serve owns the listeners and the access log from open to close.
func serve(ctx context.Context, p Program, o options, table contract.Table, stdout, stderr io.Writer) (err error) {
	accessLog, closeLog, err := openAccessLog(o.accessLog, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLog()) }()

	service := NewService(Config{Table: table, AccessLog: accessLog, ErrorLog: stderr})
	server := p.New(service)
	authorization, err := service.Tokens.Authorization(time.Now())
	if err != nil {
		return err
	}
	public, admin, err := listen(o)
	if err != nil {
		return err
	}
	ready := contract.Ready{
		Name: p.Name, Framework: p.Framework, Version: p.Version,
		URL: baseURL(public), Admin: baseURL(admin), Authorization: authorization,
		Routes: server.Coverage().Routed, Unrouted: server.Coverage().Unrouted,
	}
	return runUntil(ctx, []running{
		{server, public},
		{adminServer(service), admin},
	}, func() error { return printReady(stdout, ready) })
}

// adminServer answers while the target drains, so it is shut down after it.
func adminServer(s *Service) Server {
	admin := s.NewHTTPServer(NewAdmin(), Coverage{})
	return admin
}

// listen opens both listeners, or none.
func listen(o options) (public, admin net.Listener, err error) {
	public, err = net.Listen("tcp", o.listen)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot serve on --listen %s: %w: choose another address, or port 0", o.listen, err)
	}
	admin, err = net.Listen("tcp", o.admin)
	if err != nil {
		err = fmt.Errorf("cannot serve on --admin %s: %w: choose another address, or port 0", o.admin, err)
		return nil, nil, errors.Join(err, public.Close())
	}
	return public, admin, nil
}

// running is a server and the listener it serves.
type running struct {
	server   Server
	listener net.Listener
}

// runUntil serves until ctx ends or a server fails, then drains in order.
func runUntil(ctx context.Context, servers []running, ready func() error) error {
	failed := make(chan error, len(servers))
	for _, r := range servers {
		go func() { failed <- r.server.Serve(r.listener) }()
	}
	err := ready()
	left := len(servers)
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-failed:
			left--
		}
	}
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	for _, r := range servers {
		if stopErr := r.server.Shutdown(drain); stopErr != nil && !errors.Is(stopErr, context.DeadlineExceeded) {
			err = errors.Join(err, stopErr)
		}
	}
	if drain.Err() != nil {
		return err // a server that did not drain may not return from Serve; the process ends it
	}
	for range left {
		err = errors.Join(err, <-failed)
	}
	return err
}

// openAccessLog opens the access log for appending. The caller closes it.
func openAccessLog(path string, stderr io.Writer) (io.Writer, func() error, error) {
	if path == "-" {
		return stderr, func() error { return nil }, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot open --access-log: %w", err)
	}
	return f, f.Close, nil
}
