package replay

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ngxreplay/replay/pace"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"
)

// memoryTrace is a trace without a file.
type memoryTrace struct {
	rows []trace.Request
	read int
	info trace.Info
	err  error // at the end, instead of io.EOF
}

func newTrace(offsets ...time.Duration) *memoryTrace {
	m := &memoryTrace{err: io.EOF}
	for _, offset := range offsets {
		m.rows = append(m.rows, trace.Request{
			Offset: int64(offset), Method: []byte("GET"), Target: []byte("/x"), Route: "/x", Status: 200, BodyBytes: 2,
		})
	}
	m.info = trace.Info{Requests: int64(len(offsets)), Methods: map[string]int64{"GET": int64(len(offsets))}}
	if n := len(offsets); n > 0 {
		m.info.SpanNS = int64(offsets[n-1])
	}
	return m
}

func (m *memoryTrace) Info() *trace.Info { return &m.info }

func (m *memoryTrace) Close() error { return nil }

// traffic is the trace as it is, or looped and amplified. It is read once.
func (m *memoryTrace) traffic(t *testing.T, opts traffic.Options) *traffic.Traffic {
	t.Helper()
	opts.Clients = true
	tr, err := traffic.New(func() (traffic.Trace, error) {
		again := *m
		again.read = 0
		return &again, nil
	}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func (m *memoryTrace) Read(dst []trace.Request) (int, error) {
	n := copy(dst, m.rows[m.read:])
	m.read += n
	if m.read == len(m.rows) {
		return n, m.err
	}
	return n, nil
}

// every returns n offsets at that distance.
func every(distance time.Duration, n int) []time.Duration {
	offsets := make([]time.Duration, n)
	for i := range offsets {
		offsets[i] = time.Duration(i) * distance
	}
	return offsets
}

// bubbleClock is a clock on the time of a synctest bubble.
type bubbleClock struct{ start time.Time }

func startBubbleClock() (Clock, func()) { return bubbleClock{time.Now()}, func() {} }

func (c bubbleClock) Now() time.Duration { return time.Since(c.start) }

// A fakeTarget answers over in-memory connections.
type fakeTarget struct {
	answer func(n int, conn net.Conn, request *http.Request) (keep bool) // n counts requests from 0
	refuse func(n int) error                                             // n counts connections from 0

	mu       sync.Mutex
	start    time.Time
	arrivals []time.Duration
	dials    int
	handlers sync.WaitGroup
}

const okAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func answerOK(_ int, conn net.Conn, _ *http.Request) bool {
	_, err := io.WriteString(conn, okAnswer)
	return err == nil
}

func (f *fakeTarget) dial(ctx context.Context) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, &wire.DialError{Err: err}
	}
	f.mu.Lock()
	n := f.dials
	f.dials++
	f.mu.Unlock()
	if f.refuse != nil {
		if err := f.refuse(n); err != nil {
			return nil, &wire.DialError{Err: err}
		}
	}
	client, server := net.Pipe()
	f.handlers.Go(func() { f.serve(server) })
	return client, nil
}

func (f *fakeTarget) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		request, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		f.mu.Lock()
		if f.start.IsZero() {
			f.start = time.Now()
		}
		n := len(f.arrivals)
		f.arrivals = append(f.arrivals, time.Since(f.start))
		f.mu.Unlock()
		if !f.answer(n, conn, request) {
			return
		}
	}
}

var testOptions = Options{Plan: pace.Plan{Speed: 1}, Connections: 4, MaxInFlight: 1000, Timeout: 5 * time.Second}

// replayInBubble replays in virtual time. interrupt cancels the context then, if it is not 0.
func replayInBubble(t *testing.T, source *memoryTrace, target *fakeTarget, opts Options, interrupt time.Duration) *Result {
	t.Helper()
	return replayTraffic(t, source.traffic(t, traffic.Options{}), target, opts, interrupt)
}

// replayTraffic replays in virtual time.
func replayTraffic(t *testing.T, source Requests, target *fakeTarget, opts Options, interrupt time.Duration) *Result {
	t.Helper()
	var result *Result
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		if interrupt > 0 {
			time.AfterFunc(interrupt, cancel)
		}
		var err error
		result, err = New(source, Target{Dial: target.dial, Format: wire.Format{Host: "h"}}, opts).run(ctx, t.Context(), startBubbleClock)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		target.handlers.Wait()
	})
	return result
}
