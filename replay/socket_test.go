package replay

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"
)

// A server answers over TCP: serve gets each connection with its number.
type server struct {
	net.Listener
	serve func(n int, conn *net.TCPConn)
	tasks sync.WaitGroup
}

func newServer(t *testing.T, serve func(n int, conn *net.TCPConn)) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Listener: listener, serve: serve}
	s.tasks.Go(func() {
		for n := 0; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.tasks.Go(func() {
				defer conn.Close()
				serve(n, conn.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		s.tasks.Wait()
	})
	return s
}

// dial is the Dial of a replay at s.
func (s *server) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", s.Addr().String())
	if err != nil {
		return nil, &wire.DialError{Err: err}
	}
	return conn, nil
}

func replayAt(t *testing.T, s *server, source *memoryTrace, opts Options) *Result {
	t.Helper()
	result, err := New(source.traffic(t, traffic.Options{}), Target{Dial: s.dial, Format: wire.Format{Host: "h"}}, opts).Run(t.Context(), t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// answerAll answers every request of conn, up to a number of them.
func answerAll(conn net.Conn, most int) (answered int) {
	in := bufio.NewReader(conn)
	for ; answered < most; answered++ {
		if _, err := http.ReadRequest(in); err != nil {
			break
		}
		if _, err := io.WriteString(conn, okAnswer); err != nil {
			break
		}
	}
	return answered
}

func TestReplayOverTCP(t *testing.T) {
	s := newServer(t, func(_ int, conn *net.TCPConn) { answerAll(conn, 1<<30) })
	for _, closed := range []bool{false, true} {
		opts := testOptions
		opts.Closed = closed
		result := replayAt(t, s, newTrace(every(100*time.Microsecond, 2000)...), opts)
		if l := result.Ledger; l.Responses != 2000 || result.Overall.SameSize != 2000 {
			t.Errorf("closed %v: %+v %v", closed, l, result.Errors)
		}
	}
}

// What a target may have read is never sent again.
func TestARequestThatWasReadIsNotSentAgain(t *testing.T) {
	for name, end := range map[string]func(conn *net.TCPConn){
		"closed": func(conn *net.TCPConn) {},
		"reset":  func(conn *net.TCPConn) { _ = conn.SetLinger(0) },
	} {
		t.Run(name, func(t *testing.T) {
			var got atomic.Int64
			s := newServer(t, func(_ int, conn *net.TCPConn) {
				in := bufio.NewReader(conn)
				for i := range 2 {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
					got.Add(1)
					if i == 0 {
						_, _ = io.WriteString(conn, okAnswer)
					}
				}
				end(conn)
			})
			opts := testOptions
			opts.Closed, opts.Connections = true, 1
			result := replayAt(t, s, newTrace(every(0, 100)...), opts)
			if l := result.Ledger; got.Load() != 100 || result.Reconnected != 0 || l.Responses != 50 || l.Failed != 50 {
				t.Errorf("%d requests arrived; %+v, %d reconnected, %v", got.Load(), l, result.Reconnected, result.Errors)
			}
		})
	}
}

func TestTimeoutsAreToldApart(t *testing.T) {
	s := newServer(t, func(n int, conn *net.TCPConn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
			return
		}
		if n%2 == 1 {
			_, _ = io.WriteString(conn, okAnswer[:20])
		}
		_, _ = conn.Read(make([]byte, 1)) // until the client gives up
	})
	opts := testOptions
	opts.Timeout, opts.FirstByte = 200*time.Millisecond, 100*time.Millisecond
	result := replayAt(t, s, newTrace(every(0, 4)...), opts)
	f := result.Errors[wire.Timeout]
	if f == nil || f.Count != 4 || len(f.Examples) != 2 {
		t.Fatalf("%+v", result.Errors)
	}
	if f.Examples[0] != "no byte of an answer within 100ms: i/o timeout" || f.Examples[1] != "no complete answer within 200ms: i/o timeout" {
		t.Errorf("%q", f.Examples)
	}
}

// Requests that do not fit into the socket leave as there is room, and their connections serve on.
func TestLargeRequestsLeaveInPieces(t *testing.T) {
	const size = 8 << 20
	s := newServer(t, func(_ int, conn *net.TCPConn) {
		in := bufio.NewReader(conn)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			if n, err := io.Copy(io.Discard, r.Body); err != nil || n != size {
				t.Errorf("body of %d bytes: %v", n, err)
				return
			}
			_, _ = io.WriteString(conn, okAnswer)
		}
	})
	source := newTrace(every(time.Millisecond, 6)...)
	for i := range source.rows {
		source.rows[i].Method, source.rows[i].Body = []byte("POST"), make([]byte, size)
	}
	opts := testOptions
	opts.Connections = 2
	if result := replayAt(t, s, source, opts); result.Ledger.Responses != 6 || result.Opened > 2 {
		t.Errorf("%+v %v, %d connections", result.Ledger, result.Errors, result.Opened)
	}
}

// A body of any length is read without holding up other connections, and is bounded when asked.
func TestLargeBodies(t *testing.T) {
	const size = 32 << 20
	s := newServer(t, func(_ int, conn *net.TCPConn) {
		in := bufio.NewReader(conn)
		for {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 33554432\r\n\r\n"); err != nil {
				return
			}
			for range size >> 20 {
				if _, err := conn.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}
	})
	opts := testOptions
	result := replayAt(t, s, newTrace(every(time.Millisecond, 4)...), opts)
	if result.Ledger.Responses != 4 || result.Overall.Bytes != 4*size {
		t.Errorf("%+v %v, %d bytes", result.Ledger, result.Errors, result.Overall.Bytes)
	}
	opts.Connections = 1
	if result = replayAt(t, s, newTrace(every(time.Millisecond, 4)...), opts); result.Ledger.Responses != 4 || result.Opened != 1 {
		t.Errorf("%+v %v, %d connections for one after the other", result.Ledger, result.Errors, result.Opened)
	}
	opts = testOptions
	opts.MaxBody = 1 << 20
	result = replayAt(t, s, newTrace(every(time.Millisecond, 4)...), opts)
	if f := result.Errors[wire.TooLarge]; f == nil || f.Count != 4 {
		t.Errorf("%+v", result.Errors)
	}
}

// Nothing is left behind: no descriptor, no goroutine.
func TestNothingIsLeftBehind(t *testing.T) {
	s := newServer(t, func(n int, conn *net.TCPConn) {
		switch n % 3 {
		case 0:
			answerAll(conn, 1+n%5)
		case 1:
			_, _ = conn.Read(make([]byte, 1)) // a connection that is reset earlier may be the probe
			_ = conn.SetLinger(0)
		default:
			_, _ = conn.Read(make([]byte, 1000)) // hangs until the client gives up
			_, _ = conn.Read(make([]byte, 1))
		}
	})
	opts := testOptions
	opts.Timeout = 20 * time.Millisecond
	replayAt(t, s, newTrace(every(100*time.Microsecond, 100)...), opts)
	goroutines, descriptor := runtime.NumGoroutine(), nextDescriptor(t)
	for range 5 {
		replayAt(t, s, newTrace(every(100*time.Microsecond, 200)...), opts)
	}
	s.Close()
	s.tasks.Wait()
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	if d := nextDescriptor(t); d > descriptor {
		t.Errorf("the next descriptor is %d, %d before", d, descriptor)
	}
}

// A scarcePoller cannot take over the second connection.
type scarcePoller struct {
	*patientPoller
	asked int
}

func (p *scarcePoller) adopt(conn net.Conn) (link, bool, error) {
	if p.asked++; p.asked == 2 {
		_ = conn.Close()
		return nil, false, syscall.EMFILE
	}
	return nil, false, nil
}

// When descriptors run out while connections are primed, none of them stays open.
func TestConnectionsThatCannotBePrimedAreClosed(t *testing.T) {
	s := newServer(t, func(_ int, conn *net.TCPConn) { answerAll(conn, 1) })
	var open []net.Conn
	dial := func(ctx context.Context) (net.Conn, error) {
		conn, err := s.dial(ctx)
		open = append(open, conn)
		return conn, err
	}
	opts := testOptions
	opts.Prime = 4
	r := New(newTrace(0).traffic(t, traffic.Options{}), Target{Dial: dial, Format: wire.Format{Host: "h"}}, opts)
	r.newPoller = func(net.Conn) poller { return &scarcePoller{patientPoller: newPatientPoller()} }
	result, err := r.Run(t.Context(), t.Context())
	if !errors.Is(err, syscall.EMFILE) || result == nil || result.Ledger.Abandoned != 1 {
		t.Errorf("%+v, %v", result, err)
	}
	for i, conn := range open {
		if err := conn.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("connection %d of %d was open", i+1, len(open))
		}
	}
}

// nextDescriptor is the lowest number that is free.
func nextDescriptor(t *testing.T) int {
	t.Helper()
	fd, err := syscall.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	_ = syscall.Close(fd)
	return fd
}
