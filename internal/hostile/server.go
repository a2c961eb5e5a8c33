// Package hostile is a server for tests that speaks raw TCP and does what no server should: it answers slowly, wrongly,
// too much or not at all, and breaks connections at any point.
//
// What it does is a [Script] of small steps. Requests carry an id in their target (/r/17), and a good answer has a status
// and a size that no other id has ([Status], [Size]), so that an answer that reaches the wrong request shows.
package hostile

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"sync"
)

// A Server listens on a loopback address.
type Server struct {
	Address   string // host:port; the same after a [Server.Restart]
	script    Script
	keepAlive bool

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]struct{}
	accepted int
	requests map[int]int // how often each id came
	closed   chan struct{}
	handlers sync.WaitGroup
}

// Listen starts a server. Each connection runs the script again and again, until a step ends it; without keepAlive the
// end of the script is that of the connection too.
func Listen(keepAlive bool, script ...Step) (*Server, error) {
	s := &Server{
		Address: "127.0.0.1:0", script: script, keepAlive: keepAlive,
		conns: make(map[net.Conn]struct{}), requests: make(map[int]int), closed: make(chan struct{}),
	}
	if err := s.Restart(); err != nil {
		return nil, err
	}
	return s, nil
}

// Restart listens again after [Server.Stop].
func (s *Server) Restart() error {
	listener, err := net.Listen("tcp", s.Address)
	if err != nil {
		return fmt.Errorf("hostile server: %w", err)
	}
	s.mu.Lock()
	s.listener, s.Address = listener, listener.Addr().String()
	s.mu.Unlock()
	s.handlers.Go(func() { s.accept(listener) })
	return nil
}

// Stop closes the listener and every connection, as a server does that dies.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.listener.Close() // it may be closed already
	for conn := range s.conns {
		_ = conn.Close() // the same
	}
}

// Close stops the server for good, and returns when nothing of it is left.
func (s *Server) Close() {
	close(s.closed)
	s.Stop()
	s.handlers.Wait()
}

// Seen is how often a request of that id came.
func (s *Server) Seen(id int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[id]
}

// Accepted is how many connections were made so far.
func (s *Server) Accepted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

func (s *Server) accept(listener net.Listener) {
	for {
		raw, err := listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		c := &Conn{Conn: raw, Number: s.accepted, ID: noID, server: s}
		s.accepted++
		s.conns[raw] = struct{}{}
		s.mu.Unlock()
		if s.isClosed() {
			_ = raw.Close() // accepted too late for Stop to see it
		}
		s.handlers.Go(func() { s.serve(c, raw) })
	}
}

func (s *Server) serve(c *Conn, raw net.Conn) {
	defer func() {
		s.mu.Lock()
		delete(s.conns, raw)
		s.mu.Unlock()
		_ = raw.Close() // the script may have done so
	}()
	c.in = bufio.NewReader(c.Conn)
	for {
		if err := s.script.run(c); err != nil {
			return
		}
		if !s.keepAlive {
			_ = errors.Join(CloseWrite(c), Hang(c)) // both end with the connection
			return
		}
	}
}

func (s *Server) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}

func (s *Server) count(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[id]++
}
