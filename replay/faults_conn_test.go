package replay_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"ngxreplay/internal/hostile"
	"ngxreplay/replay"
	"ngxreplay/replay/wire"
)

// Connections that fail before a request was read. The server keeps none, so that each carries one request.
func TestFaultyConnections(t *testing.T) {
	const other = "HTTP/1.1 599 Unasked\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	for name, f := range map[string]fault{
		"reset at once":               {steps: hostile.Script{hostile.Reset}, want: wire.Reset, or: []wire.Class{wire.EOF}},
		"closed at once":              {steps: hostile.Script{hostile.Close}, want: wire.EOF, or: []wire.Class{wire.Reset}},
		"half closed at once":         {steps: hostile.Script{hostile.CloseWrite, hostile.Hang}, want: wire.EOF},
		"another protocol":            {steps: then("220 mail.test ESMTP\r\n\r\n", hostile.Hang), want: wire.Protocol},
		"bytes without end":           {steps: hostile.Script{hostile.Forever(hostile.Write("garbage "))}, want: wire.Protocol},
		"a refusal that nobody asked": {steps: then(other, hostile.Hang), status: 599, size: empty, want: wire.Protocol, or: []wire.Class{""}},
	} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			faulty := func(c *hostile.Conn) bool { return isFaulty(c.Number) }
			server := listen(t, false, hostile.If(faulty, f.steps, hostile.Script{hostile.ReadHead, hostile.Answer}))
			result := run(t, &memory{rows: goodRequests(0, requests)}, dialer(server), open.options(longTimeout))
			checkCounts(t, result, requests)
			wrong := result.Overall.Status[599]
			for class, failures := range result.Errors {
				if class != f.want && (len(f.or) == 0 || class != f.or[0]) {
					t.Errorf("%d requests failed as %s, want %s: %q", failures.Count, class, f.want, failures.Examples)
				}
			}
			if l := result.Ledger; l.Failed+wrong != 3 || result.Overall.SameStatus != requests-3 || result.Overall.SameSize != requests-3 {
				t.Errorf("%+v, statuses %v, errors %v; want the own answer for all but 3", l, result.Overall.Status, result.Errors)
			}
		})
	}
}

// A target whose TLS breaks after the probe.
func TestFaultyTLS(t *testing.T) {
	unknown := httptest.NewTLSServer(http.NotFoundHandler())
	certificate := unknown.TLS.Certificates[0]
	unknown.Close()
	for name, f := range map[string]fault{
		"speaks plain HTTP":       {steps: then("HTTP/1.1 400 Bad Request\r\n\r\n", hostile.Hang), want: wire.TLS},
		"garbage":                 {steps: then("\x16\x03\x03\x00\x04\x02\x00\x00\x00", hostile.Hang), want: wire.TLS},
		"an alert":                {steps: then("\x15\x03\x03\x00\x02\x02\x28", hostile.Hang), want: wire.TLS},
		"closes in the handshake": {steps: append(hostile.Script{hostile.AwaitByte}, then("\x16\x03\x03", hostile.CloseWrite, hostile.Hang)...), want: wire.TLS},
		"resets in the handshake": {steps: hostile.Script{hostile.AwaitByte, hostile.Reset}, want: wire.TLS},
		"an unknown certificate":  {steps: hostile.Script{hostile.StartTLS(&tls.Config{Certificates: []tls.Certificate{certificate}})}, want: wire.TLS},
		"stalls in the handshake": {steps: hostile.Script{hostile.Hang}, want: wire.DialTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			server := listen(t, false, hostile.If(isFirst, hostile.Script{hostile.ReadHead, hostile.Answer}, f.steps))
			secure := &wire.Dialer{Endpoint: wire.Endpoint{Address: server.Address, TLS: true}, Timeout: longTimeout}
			if f.want == wire.DialTimeout {
				secure.Timeout = shortTimeout
			}
			var dials atomic.Int64
			dial := func(ctx context.Context) (net.Conn, error) {
				if dials.Add(1) == 1 {
					return dialer(server)(ctx)
				}
				return secure.Dial(ctx)
			}
			checkAllButFirst(t, run(t, &memory{rows: goodRequests(0, requests)}, dial, open.options(longTimeout)), f.want)

			result, err := prepare(t, &memory{rows: goodRequests(0, requests)}, secure.Dial, open.options(longTimeout)).Run(t.Context(), t.Context())
			if result != nil || err == nil || wire.Classify(err) != f.want {
				t.Errorf("as a probe: %v, %v, want %s", result, err, f.want)
			}
		})
	}
}

func isFirst(c *hostile.Conn) bool { return c.Number == 0 }

// checkAllButFirst holds that the first request was answered and all others failed in one way.
func checkAllButFirst(t *testing.T, result *replay.Result, class wire.Class) {
	t.Helper()
	checkCounts(t, result, requests)
	if f := result.Errors[class]; f == nil || f.Count != requests-1 || result.Overall.Status[hostile.Status(0)] != 1 {
		t.Errorf("%+v, %v, want %d failures as %s", result.Ledger, result.Errors, requests-1, class)
	}
}

// A target that dies and comes back: what is due meanwhile is refused, and nothing else fails.
func TestRestartInTheMiddle(t *testing.T) {
	for _, m := range []mode{open, closed, single} {
		t.Run(m.name, func(t *testing.T) {
			checkLeaks(t)
			server := listen(t, true, hostile.ReadHead, hostile.Answer)
			source := &memory{rows: goodRequests(0, 3*requests)}
			r := prepare(t, source, dialer(server), m.options(longTimeout))
			source.before = map[int]func(){
				requests: func() { awaitEnd(t, r, requests); server.Stop() },
				2 * requests: func() {
					awaitEnd(t, r, 2*requests)
					if err := server.Restart(); err != nil {
						t.Error(err)
					}
				},
			}
			result, err := r.Run(t.Context(), t.Context())
			if err != nil {
				t.Fatal(err)
			}
			checkCounts(t, result, 3*requests)
			if f := result.Errors[wire.Refused]; f == nil || f.Count != requests || result.Overall.SameStatus != 2*requests || result.Overall.SameSize != 2*requests {
				t.Errorf("%+v, %v, want %d refused", result.Ledger, result.Errors, requests)
			}
		})
	}
}

// awaitEnd waits until so many requests have ended.
func awaitEnd(t *testing.T, r *replay.Replay, n int64) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	limit := time.After(longTimeout)
	for p := r.Progress(); p.Responses+p.Failed < n; p = r.Progress() {
		select {
		case <-ticker.C:
		case <-limit:
			t.Errorf("%d answered and %d failed, want %d", p.Responses, p.Failed, n)
			return
		}
	}
}

// What comes on a kept connection without being asked for ends it, and is nobody's answer.
func TestLateAnswersAreNobodys(t *testing.T) {
	for name, extra := range map[string]string{
		"an answer":        "HTTP/1.1 599 Extra\r\nContent-Length: 0\r\n\r\n",
		"a timeout":        "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n",
		"half an answer":   "HTTP/1.1 200 OK\r\nContent-Le",
		"the answer twice": hostile.Good,
	} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			ended := make(chan struct{})
			end := func(*hostile.Conn) error { close(ended); return nil }
			hang := func(c *hostile.Conn) error { _ = hostile.Hang(c); return nil } // until the client closes
			late := hostile.Script{hostile.Answer, hostile.Pause(5 * time.Millisecond), hostile.Write(extra), hang, end, hostile.Close}
			server := listen(t, true, hostile.ReadHead,
				hostile.If(func(c *hostile.Conn) bool { return c.ID == requests-1 }, late, hostile.Script{hostile.Answer}))
			source := &memory{rows: goodRequests(0, 2*requests)}
			source.before = map[int]func(){requests: func() {
				select {
				case <-ended:
				case <-time.After(longTimeout / 4):
					t.Error("the connection stays open")
				}
			}}
			result := run(t, source, dialer(server), single.options(longTimeout))
			checkCounts(t, result, 2*requests)
			if o := result.Overall; o.SameStatus != 2*requests || o.SameSize != 2*requests {
				t.Errorf("%v %v", o.Status, result.Errors)
			}
		})
	}
}

// A kept connection that ended before the next request was due costs nothing.
func TestConnectionsThatEndWhenIdle(t *testing.T) {
	for name, end := range map[string]hostile.Step{"closed": hostile.Close, "reset": hostile.Reset} {
		for _, m := range []mode{open, closed, single} {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				checkLeaks(t)
				server := listen(t, true, hostile.ReadHead, hostile.Answer,
					hostile.If(func(c *hostile.Conn) bool { return c.ID%requests == requests-1 }, hostile.Script{end}, nil))
				source := &memory{rows: goodRequests(0, 3*requests), before: map[int]func(){}}
				r := prepare(t, source, dialer(server), m.options(longTimeout))
				for id := requests; id < 3*requests; id += requests {
					source.before[id] = func() { awaitEnd(t, r, int64(id)) } // which the engine notes after it saw the end of the connection
				}
				result, err := r.Run(t.Context(), t.Context())
				if err != nil {
					t.Fatal(err)
				}
				checkCounts(t, result, 3*requests)
				if o := result.Overall; o.SameStatus != 3*requests || o.SameSize != 3*requests {
					t.Errorf("%v %v", o.Status, result.Errors)
				}
			})
		}
	}
}

// Answers in the opposite order, over several connections.
func TestAnswersOutOfOrder(t *testing.T) {
	for _, m := range []mode{open, closed} {
		checkLeaks(t)
		var later [requests]chan struct{} // closed when the next request was answered
		script := hostile.Script{hostile.ReadHead}
		for id := range later {
			later[id] = make(chan struct{})
			steps := hostile.Script{hostile.Await(later[id]), hostile.Answer}
			if id%2 == 1 {
				steps = hostile.Script{hostile.Answer, func(*hostile.Conn) error { close(later[id-1]); return nil }}
			}
			script = append(script, hostile.If(func(c *hostile.Conn) bool { return c.ID == id }, steps, nil))
		}
		server := listen(t, true, script...)
		result := run(t, &memory{rows: goodRequests(0, requests)}, dialer(server), m.options(longTimeout))
		checkCounts(t, result, requests)
		if o := result.Overall; o.SameStatus != requests || o.SameSize != requests {
			t.Errorf("%s: %v %v", m.name, o.Status, result.Errors)
		}
	}
}

// Nobody listens: an error before the first request.
func TestRefusedProbe(t *testing.T) {
	checkLeaks(t)
	server := listen(t, true)
	server.Stop()
	result, err := prepare(t, &memory{rows: goodRequests(0, 1)}, dialer(server), open.options(longTimeout)).Run(t.Context(), t.Context())
	if result != nil || err == nil || wire.Classify(err) != wire.Refused {
		t.Errorf("got %v, %v", result, err)
	}
}

// Whoever does not want to wait for a target that hangs, does not.
func TestKillWhileTheTargetHangs(t *testing.T) {
	for name, steps := range map[string]hostile.Script{
		"before the answer": {hostile.Hang},
		"in the body":       then(sized+"half", hostile.Hang),
		"without reading":   {hostile.Ignore},
	} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			kill, cancel := context.WithCancel(t.Context())
			defer cancel()
			var hanging atomic.Int64
			last := func(*hostile.Conn) error {
				if hanging.Add(1) == requests {
					cancel()
				}
				return nil
			}
			server := listen(t, true, append(hostile.Script{hostile.ReadHead, last}, steps...)...)
			result, err := prepare(t, &memory{rows: goodRequests(0, requests)}, dialer(server), open.options(time.Hour)).Run(kill, kill)
			if err != nil {
				t.Fatal(err)
			}
			checkCounts(t, result, requests)
			if f := result.Errors[wire.Cancelled]; f == nil || f.Count != requests {
				t.Errorf("%+v, %v", result.Ledger, result.Errors)
			}
		})
	}
}
