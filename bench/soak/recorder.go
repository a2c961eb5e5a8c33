package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// A recorder is a server that answers every request at once and notes how late it came: request n of a constant pace
// is due n gaps after the first. It sees what a target sees, whatever the client says of itself.
type recorder struct {
	listener net.Listener
	gap      time.Duration

	mu    sync.Mutex
	start time.Time // of the first request
	n     int64
	lags  []time.Duration // since the last call of take
}

func listen(gap time.Duration) (*recorder, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &recorder{listener: listener, gap: gap}
	go r.accept()
	return r, nil
}

func (r *recorder) url() string { return "http://" + r.listener.Addr().String() }

// accept ends with the listener.
func (r *recorder) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		go r.serve(conn)
	}
}

const answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

// serve answers until the client has gone. Requests have no bodies.
func (r *recorder) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		if len(bytes.TrimSpace(line)) > 0 {
			continue
		}
		r.note(time.Now())
		if _, err := io.WriteString(conn, answer); err != nil {
			return
		}
	}
}

func (r *recorder) note(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n == 0 {
		r.start = at
	}
	r.lags = append(r.lags, at.Sub(r.start)-time.Duration(r.n)*r.gap)
	r.n++
}

// take returns how many requests came since the last call, and the median and the 99th percentile of how late they were.
func (r *recorder) take() (n int, p50, p99 time.Duration) {
	r.mu.Lock()
	lags := r.lags
	r.lags = nil
	r.mu.Unlock()
	if len(lags) == 0 {
		return 0, 0, 0
	}
	slices.Sort(lags)
	return len(lags), lags[len(lags)/2], lags[len(lags)*99/100]
}
