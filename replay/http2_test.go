package replay_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ngxreplay/internal/hostile"
	"ngxreplay/replay"
	"ngxreplay/replay/pace"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire"
	"ngxreplay/replay/wire/h2"

	"golang.org/x/net/http2"
)

var http2Options = replay.Options{
	Plan: pace.Plan{Speed: 1}, HTTP2: true, Connections: 2, MaxInFlight: 1000, Timeout: longTimeout,
}

// A busyServer is net/http's, over HTTP/2. It answers as [goodRequests] want it to, and counts.
type busyServer struct {
	*httptest.Server
	came, now, most atomic.Int64
	hold            time.Duration
}

func (s *busyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.came.Add(1)
	now := s.now.Add(1)
	defer s.now.Add(-1)
	for most := s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
	}
	if s.hold > 0 {
		time.Sleep(s.hold)
	}
	id, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/r/"))
	if err != nil || r.ProtoMajor != 2 {
		w.WriteHeader(http.StatusHTTPVersionNotSupported)
		return
	}
	w.WriteHeader(hostile.Status(id))
	w.Write([]byte(strings.Repeat("x", int(hostile.Size(id))))) // the client may be gone
}

// serveHTTP2 starts a server that takes so many requests of a connection at a time.
func serveHTTP2(t *testing.T, secure bool, streams int, hold time.Duration) (*busyServer, replay.Dial) {
	t.Helper()
	s := &busyServer{hold: hold}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: streams}
	d := &wire.Dialer{Endpoint: wire.Endpoint{Address: s.Listener.Addr().String(), TLS: secure}, Timeout: longTimeout}
	if secure {
		s.EnableHTTP2 = true
		s.StartTLS()
		d.TLS = &tls.Config{InsecureSkipVerify: true, NextProtos: h2.Protocols}
	} else {
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
		s.Start()
	}
	t.Cleanup(s.Close)
	return s, d.Dial
}

// Every request reaches the server once, no more of them at a time than it allows, and its answer is put down to it.
func TestHTTP2ReachesTheServerOnce(t *testing.T) {
	const requests = 300 // of which none has a status that goes without a body
	for name, secure := range map[string]bool{"clear": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			server, dial := serveHTTP2(t, secure, 3, 5*time.Millisecond)
			result := run(t, &memory{rows: goodRequests(100, requests)}, dial, http2Options)
			if want := (replay.Ledger{Requests: requests, Scheduled: requests, Sent: requests, Responses: requests}); result.Ledger != want {
				t.Errorf("%+v, %v", result.Ledger, result.Errors)
			}
			if o := result.Overall; o.SameStatus != requests || o.SameSize != requests {
				t.Errorf("%d of the logged status, %d of the logged size", o.SameStatus, o.SameSize)
			}
			if server.came.Load() != requests || server.most.Load() > 6 {
				t.Errorf("%d requests came, up to %d at a time", server.came.Load(), server.most.Load())
			}
			if result.Opened != 2 || result.OpenAtOnce != 2 {
				t.Errorf("%d connections, %d at once", result.Opened, result.OpenAtOnce)
			}
			if result.FirstByte.TotalCount() != requests || result.Overall.Service.Min() < int64(5*time.Millisecond) {
				t.Errorf("first bytes %d, fastest %v", result.FirstByte.TotalCount(), time.Duration(result.Overall.Service.Min()))
			}
		})
	}
}

// More at a time than the server allows wait in order, are counted as queued, and all leave.
func TestHTTP2QueuesForAStream(t *testing.T) {
	checkLeaks(t)
	const requests = 50
	server, dial := serveHTTP2(t, false, 4, time.Millisecond)
	rows := goodRequests(0, requests)
	for i := range rows {
		rows[i].Offset = 0
	}
	opts := http2Options
	opts.Connections = 1
	result := run(t, &memory{rows: rows}, dial, opts)
	if l := result.Ledger; l.Responses != requests || server.most.Load() != 4 || result.Opened != 1 {
		t.Errorf("%+v, up to %d at a time on %d connections", l, server.most.Load(), result.Opened)
	}
	if f := result.Fidelity; f.Queued != requests-4 || f.Deepest != requests-4 {
		t.Errorf("%d queued, %d at once", f.Queued, f.Deepest)
	}
}

// A closed loop keeps as many requests under way as it has connections.
func TestHTTP2ClosedLoop(t *testing.T) {
	checkLeaks(t)
	const requests = 200
	server, dial := serveHTTP2(t, false, 100, 0)
	opts := http2Options
	opts.Closed, opts.Connections = true, 3
	result := run(t, &memory{rows: goodRequests(0, requests)}, dial, opts)
	if l := result.Ledger; l.Responses != requests || server.came.Load() != requests || server.most.Load() > 3 {
		t.Errorf("%+v, %d came, up to %d at a time", l, server.came.Load(), server.most.Load())
	}
}

func listenHTTP2(t *testing.T, answer func(*hostile.Stream), settings ...http2.Setting) (*hostile.HTTP2, replay.Dial) {
	t.Helper()
	server, err := hostile.ListenHTTP2(answer, settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	d := &wire.Dialer{Endpoint: wire.Endpoint{Address: server.Address}, Timeout: longTimeout}
	return server, d.Dial
}

// Connections that a server ends after some requests, as they all do, cost no request: what it did not take any more goes
// over the next connection, and is counted.
func TestHTTP2ConnectionsThatEnd(t *testing.T) {
	checkLeaks(t)
	const requests, each, streams = 400, 20, 4
	var answered atomic.Int64
	server, dial := listenHTTP2(t, func(s *hostile.Stream) {
		if s.Number == each {
			s.GoAway(s.ID-2, http2.ErrCodeNo)
		}
		if s.Number >= each {
			return // came after the last that was taken
		}
		answered.Add(1)
		s.Respond(200, "ok")
	}, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: streams})
	rows := goodRequests(0, requests)
	for i := range rows {
		rows[i].Offset /= 10
	}
	opts := http2Options
	opts.Connections = 1
	result := run(t, &memory{rows: rows}, dial, opts)
	if l := result.Ledger; l.Sent != requests || l.Responses != requests || answered.Load() != requests {
		t.Errorf("%+v, %d answered, %v", l, answered.Load(), result.Errors)
	}
	if came := int64(server.Requests()); came > requests+result.Reconnected || result.Reconnected < requests/each-1 {
		t.Errorf("%d came, %d sent, of them %d again", came, requests, result.Reconnected)
	}
	if result.Opened < requests/each || result.Opened != int64(server.Connections()) {
		t.Errorf("%d connections opened, %d came", result.Opened, server.Connections())
	}
}

// A request that two connections did not take is a failure, not a loop.
func TestHTTP2SendsAgainOnce(t *testing.T) {
	checkLeaks(t)
	_, dial := listenHTTP2(t, func(s *hostile.Stream) {
		if s.Number == 0 && s.Connection == 0 {
			s.Respond(200, "ok")
			return
		}
		s.GoAway(0, http2.ErrCodeNo)
	})
	opts := http2Options
	opts.Connections = 1
	result := run(t, &memory{rows: goodRequests(0, 2)}, dial, opts)
	if f := result.Errors[wire.GoAway]; f == nil || f.Count != 1 || result.Ledger.Responses != 1 || result.Reconnected != 1 {
		t.Errorf("%+v, %v, %d sent again", result.Ledger, f, result.Reconnected)
	}
}

// A server that is restarted in the middle costs what it had taken, and no more.
func TestHTTP2FailuresAreCounted(t *testing.T) {
	const requests = 20
	for name, test := range map[string]struct {
		answer func(*hostile.Stream)
		class  wire.Class
		or     []wire.Class // where others under way decide it
	}{
		"reset":     {func(s *hostile.Stream) { s.Reset(http2.ErrCodeInternal) }, wire.StreamReset, nil},
		"refused":   {func(s *hostile.Stream) { s.Reset(http2.ErrCodeRefusedStream) }, wire.StreamRefused, nil},
		"closed":    {func(s *hostile.Stream) { s.Conn.Close() }, wire.EOF, []wire.Class{wire.Reset, wire.GoAway}},
		"too large": {func(s *hostile.Stream) { s.Respond(200, strings.Repeat("x", 5000)) }, wire.TooLarge, nil},
	} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			server, dial := listenHTTP2(t, test.answer)
			opts := http2Options
			opts.MaxBody, opts.Connections = 1000, 1
			rows := goodRequests(0, requests)
			for i := range rows {
				rows[i].Offset *= 5 // one after the other, mostly
			}
			result := run(t, &memory{rows: rows}, dial, opts)
			var failed int64
			for _, f := range result.Errors {
				failed += f.Count
			}
			if l := result.Ledger; l.Sent != requests || l.Failed != requests || failed != requests {
				t.Errorf("%+v, %v", l, result.Errors)
			}
			for class, f := range result.Errors {
				if class != test.class && !slices.Contains(test.or, class) {
					t.Errorf("%s: %q, want %s", class, f.Examples, test.class)
				}
			}
			if server.Requests() > requests {
				t.Errorf("%d requests came of %d", server.Requests(), requests)
			}
		})
	}
}

func TestHTTP2Timeouts(t *testing.T) {
	const requests = 6
	for name, test := range map[string]struct {
		begin              bool
		timeout, firstByte time.Duration
		text               string
	}{
		"whole":      {true, 200 * time.Millisecond, 100 * time.Millisecond, "no complete answer"},
		"first byte": {false, longTimeout, 100 * time.Millisecond, "no byte of an answer"},
	} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			_, dial := listenHTTP2(t, func(s *hostile.Stream) {
				if test.begin {
					s.Begin()
				}
			})
			opts := http2Options
			opts.Timeout, opts.FirstByte = test.timeout, test.firstByte
			opts.Outcomes = func(o replay.Outcome) {
				if began := o.First > 0; began != test.begin {
					t.Errorf("%+v", o)
				}
			}
			result := run(t, &memory{rows: goodRequests(0, requests)}, dial, opts)
			f := result.Errors[wire.Timeout]
			if f == nil || f.Count != requests || !strings.Contains(f.Examples[0], test.text) || result.Ledger.Failed != requests {
				t.Errorf("%+v, %v", result.Ledger, result.Errors)
			}
		})
	}
}

// The first Ctrl-C abandons what waits and awaits what was sent; the second gives that up too.
func TestHTTP2Stops(t *testing.T) {
	for _, kill := range []bool{false, true} {
		t.Run(strconv.FormatBool(kill), func(t *testing.T) {
			checkLeaks(t)
			const requests, streams = 20, 3
			var mu sync.Mutex
			var held []*hostile.Stream
			all := make(chan struct{})
			server, dial := listenHTTP2(t, func(s *hostile.Stream) {
				mu.Lock()
				defer mu.Unlock()
				if held = append(held, s); len(held) == streams {
					close(all)
				}
				if len(held) > streams { // got the room of one that was answered before the stop was seen
					s.Respond(200, "ok")
				}
			}, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: streams})
			rows := goodRequests(0, requests)
			for i := range rows {
				rows[i].Offset = 0
			}
			stopped, stop := context.WithCancel(t.Context())
			killed, end := context.WithCancel(t.Context())
			defer end()
			go func() {
				<-all
				stop()
				if kill {
					end()
					return
				}
				mu.Lock()
				defer mu.Unlock()
				for _, s := range held[:streams] {
					s.Respond(200, "ok")
				}
			}()
			opts := http2Options
			opts.Connections = 1
			result, err := prepare(t, &memory{rows: rows}, dial, opts).Run(stopped, killed)
			if err != nil {
				t.Fatal(err)
			}
			l := result.Ledger
			if kill {
				l.Responses = l.Failed
			}
			if l.Responses != l.Sent || l.Sent+l.Abandoned != requests || l.Sent < streams || int(l.Sent) > server.Requests() {
				t.Errorf("%+v, %d came", result.Ledger, server.Requests())
			}
		})
	}
}

func TestHTTP2TargetsOfHTTP1(t *testing.T) {
	checkLeaks(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler()}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() { server.Close(); <-served }()
	d := &wire.Dialer{Endpoint: wire.Endpoint{Address: listener.Addr().String()}, Timeout: longTimeout}
	result, err := prepare(t, &memory{rows: goodRequests(0, 1)}, d.Dial, http2Options).Run(t.Context(), t.Context())
	if result != nil || err == nil || !strings.Contains(err.Error(), "does not speak HTTP/2") {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestGRPCOutcomesAreCounted(t *testing.T) {
	checkLeaks(t)
	_, dial := listenHTTP2(t, func(s *hostile.Stream) {
		s.Respond(200, "\x00\x00\x00\x00\x00", "grpc-status", strconv.Itoa(s.Number%2*14))
	})
	rows := make([]trace.Request, 10)
	for i := range rows {
		rows[i] = trace.Request{Offset: int64(i), Method: []byte("POST"), Target: []byte("/a.B/C"), Route: "/a.B/C", Status: 200, BodyBytes: 5,
			Headers: []trace.Header{{Name: []byte("content-type"), Value: []byte("application/grpc")}}}
	}
	opts := http2Options
	opts.Connections = 1
	result := run(t, &memory{rows: rows}, dial, opts)
	if l := result.Ledger; l.Responses != 10 || result.GRPC[h2.GRPCOK] != 5 || result.GRPC[15] != 5 || len(result.GRPC) != 2 {
		t.Errorf("%+v, %v", l, result.GRPC)
	}
}

// With --retry a request that was broken off is sent again, over the same connections, and counted on its own.
func TestHTTP2Retries(t *testing.T) {
	checkLeaks(t)
	const requests = 10
	var mu sync.Mutex
	seen := map[string]bool{}
	server, dial := listenHTTP2(t, func(s *hostile.Stream) {
		mu.Lock()
		defer mu.Unlock()
		if path := s.Field(":path"); !seen[path] {
			seen[path] = true
			s.Reset(http2.ErrCodeRefusedStream)
			return
		}
		s.Respond(200, "ok")
	}, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 2})
	opts := http2Options
	opts.Retry, opts.Connections = 1, 1
	result := run(t, &memory{rows: goodRequests(0, requests)}, dial, opts)
	if l := result.Ledger; l.Sent != requests || l.Responses != requests || server.Requests() != 2*requests || server.Connections() != 1 {
		t.Errorf("%+v, %d came on %d connections", l, server.Requests(), server.Connections())
	}
	if r := result.Retries; r.After[wire.StreamRefused] != requests || r.Answered != requests || result.Reconnected != 0 {
		t.Errorf("%+v", r)
	}
}

// Several threads share connections and requests out, also over HTTP/2.
func TestHTTP2Threads(t *testing.T) {
	checkLeaks(t)
	const requests = 300
	server, dial := serveHTTP2(t, false, 3, time.Millisecond)
	opts := http2Options
	opts.Threads = 2
	result := run(t, &memory{rows: goodRequests(100, requests)}, dial, opts)
	if l := result.Ledger; l.Responses != requests || server.came.Load() != requests || server.most.Load() > 6 || result.OpenAtOnce != 2 {
		t.Errorf("%+v, %d came, up to %d at a time, %d connections", l, server.came.Load(), server.most.Load(), result.OpenAtOnce)
	}
}

// A request for which a connection is opened counts as sent when that begins: what it takes is the target's time, as over
// HTTP/1, and no lateness of ours.
func TestHTTP2ConnectingIsNoLag(t *testing.T) {
	checkLeaks(t)
	_, dial := listenHTTP2(t, func(s *hostile.Stream) { s.Respond(200, "ok") })
	const connecting = 100 * time.Millisecond
	var dials atomic.Int64
	slow := func(ctx context.Context) (net.Conn, error) {
		if dials.Add(1) > 1 { // the first was opened before the start
			time.Sleep(connecting)
		}
		return dial(ctx)
	}
	rows := goodRequests(0, 2)
	rows[0].Offset, rows[1].Offset = 0, 0
	opts := http2Options
	opts.Outcomes = func(o replay.Outcome) {
		if o.Number == 1 && o.Done-o.Sent < connecting {
			t.Errorf("%+v", o)
		}
	}
	if result := run(t, &memory{rows: rows}, slow, opts); result.Opened != 2 || result.Ledger.Responses != 2 {
		t.Errorf("%+v, %d opened", result.Ledger, result.Opened)
	}
}

// A target that begins to answer has taken the request, whatever it says afterwards.
func TestHTTP2AnsweredIsNotUntouched(t *testing.T) {
	checkLeaks(t)
	server, dial := listenHTTP2(t, func(s *hostile.Stream) {
		s.Begin()
		s.GoAway(0, http2.ErrCodeNo)
	})
	result := run(t, &memory{rows: goodRequests(0, 1)}, dial, http2Options)
	if f := result.Errors[wire.GoAway]; f == nil || f.Count != 1 || result.Reconnected != 0 || server.Requests() != 1 {
		t.Errorf("%+v, %v, %d sent again, %d came", result.Ledger, result.Errors, result.Reconnected, server.Requests())
	}
}

// What was sent and waits for room to be sent once more was sent, also when it gets none, or the replay is stopped.
func TestHTTP2GivesUpWhatWaitsToBeSentAgain(t *testing.T) {
	for _, stopped := range []bool{false, true} {
		t.Run(strconv.FormatBool(stopped), func(t *testing.T) {
			checkLeaks(t)
			const requests = 4
			_, dial := listenHTTP2(t, func(s *hostile.Stream) {
				if s.Number == requests-1 {
					s.Conn.Close()
				}
			})
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var dials atomic.Int64
			once := func(ctx context.Context) (net.Conn, error) {
				if dials.Add(1) == 1 {
					return dial(ctx)
				}
				if stopped {
					time.AfterFunc(20*time.Millisecond, stop) // when the others wait, most likely
				}
				<-ctx.Done()
				return nil, &wire.DialError{Err: ctx.Err()}
			}
			rows := goodRequests(0, requests)
			for i := range rows {
				rows[i].Offset = 0
			}
			var attempts int64
			opts := http2Options
			opts.Connections, opts.Retry, opts.Timeout = 1, 1, 200*time.Millisecond
			opts.Outcomes = func(o replay.Outcome) {
				if attempts += int64(o.Attempts); o.Attempts == 0 || o.Fate != replay.Failed || o.Done-o.Sent < 0 {
					t.Errorf("%+v", o)
				}
			}
			result, err := prepare(t, &memory{rows: rows}, once, opts).Run(ctx, t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if want := (replay.Ledger{Requests: requests, Scheduled: requests, Sent: requests, Failed: requests}); result.Ledger != want {
				t.Errorf("%+v, %v", result.Ledger, result.Errors)
			}
			if again := result.Retries.Sent(); again < 1 || again != attempts-requests {
				t.Errorf("%d sent again, %d attempts", again, attempts)
			}
		})
	}
}
