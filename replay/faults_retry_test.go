package replay_test

import (
	"context"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"ngxreplay/internal/hostile"
	"ngxreplay/replay"
	"ngxreplay/replay/wire"
)

// attempts counts how often each request came.
type attempts [requests]atomic.Int64

// failing are steps that count an attempt of a request and, while it is one of the first of a faulty one, misbehave.
func (a *attempts) failing(first int64, faulty func(id int) bool, steps ...hostile.Step) hostile.Step {
	return hostile.If(func(c *hostile.Conn) bool { return a[c.ID].Add(1) <= first && faulty(c.ID) }, steps, hostile.Script{hostile.Answer})
}

// checkAttempts holds that the server got what was sent, and nothing in secret.
func checkAttempts(t *testing.T, server *hostile.Server, result *replay.Result) {
	t.Helper()
	var seen int64
	for id := range requests {
		seen += int64(server.Seen(id))
	}
	if l := result.Ledger; seen != l.Sent+result.Retries.Sent()+result.Reconnected {
		t.Errorf("the server got %d requests; %d sent, %v retried, %d reconnected", seen, l.Sent, result.Retries.After, result.Reconnected)
	}
}

// What fails at first is sent again when that was asked for, and counted. It remains one request.
func TestRetry(t *testing.T) {
	const retries = 2
	for name, f := range map[string]struct {
		steps hostile.Script
		class wire.Class
	}{
		"reset":          {hostile.Script{hostile.Reset}, wire.Reset},
		"closed":         {hostile.Script{hostile.ReadBody, hostile.CloseWrite, hostile.Hang}, wire.EOF},
		"half an answer": {then(sized+"half", hostile.CloseWrite, hostile.Hang), wire.EOF},
		"garbage":        {then("220 mail.test ESMTP\r\n\r\n", hostile.Hang), wire.Protocol},
		"silence":        {hostile.Script{hostile.Hang}, wire.Timeout},
	} {
		for _, m := range []mode{open, closed, single} {
			if f.class == wire.Timeout && m != open {
				continue // it takes as long as all others together
			}
			for failures := int64(1); failures <= retries+1; failures++ {
				opts := m.options(longTimeout)
				opts.Retry = retries
				if f.class == wire.Timeout {
					opts.Timeout = shortTimeout
				}
				t.Run(name+"/"+m.name, func(t *testing.T) {
					checkLeaks(t)
					var a attempts
					server := listen(t, true, hostile.ReadHead, a.failing(failures, isFaulty, f.steps...))
					result := run(t, &memory{rows: goodRequests(0, requests)}, dialer(server), opts)
					checkCounts(t, result, requests)
					checkAttempts(t, server, result)
					retried, recovered := 3*min(failures, retries), int64(3)
					if failures > retries {
						recovered = 0
					}
					if r := result.Retries; !maps.Equal(r.After, map[wire.Class]int64{f.class: retried}) || r.Answered != recovered {
						t.Errorf("%d failures each: retried %v, want %d; answered %d, want %d", failures, r.After, retried, r.Answered, recovered)
					}
					if l, e := result.Ledger, result.Errors[f.class]; l.Failed != 3-recovered || l.Failed > 0 && (e == nil || e.Count != l.Failed) {
						t.Errorf("%d failures each: %+v, %v", failures, l, result.Errors)
					}
					if o := result.Overall; o.SameStatus != o.Responses() || o.SameSize != o.Responses() {
						t.Errorf("of %d responses %d and %d are those of their own request", o.Responses(), o.SameStatus, o.SameSize)
					}
				})
			}
		}
	}
}

// A request that failed in several ways failed as it did last.
func TestTheLastFailureCounts(t *testing.T) {
	checkLeaks(t)
	var first, second attempts
	garbage := second.failing(1, isFaulty, then("garbage\r\n\r\n", hostile.Hang)...)
	server := listen(t, true, hostile.ReadHead,
		hostile.If(func(c *hostile.Conn) bool { return isFaulty(c.ID) && first[c.ID].Add(1) == 1 }, hostile.Script{hostile.Reset}, hostile.Script{garbage}))
	opts := open.options(longTimeout)
	opts.Retry = 1
	result := run(t, &memory{rows: goodRequests(0, requests)}, dialer(server), opts)
	checkCounts(t, result, requests)
	checkAttempts(t, server, result)
	if e := result.Errors[wire.Protocol]; e == nil || e.Count != 3 || len(result.Errors) != 1 || result.Retries.After[wire.Reset] != 3 {
		t.Errorf("%v, retried %v", result.Errors, result.Retries.After)
	}
}

// What may not be repeated never is, nor what would fail again.
func TestNeverRetried(t *testing.T) {
	for name, f := range map[string]struct {
		method  string
		steps   hostile.Script
		maxBody int64
		class   wire.Class
	}{
		"a POST":              {"POST", hostile.Script{hostile.ReadBody, hostile.CloseWrite, hostile.Hang}, 0, wire.EOF},
		"a PATCH":             {"PATCH", then("garbage\r\n\r\n", hostile.Hang), 0, wire.Protocol},
		"an unknown method":   {"BREW", then("garbage\r\n\r\n", hostile.Hang), 0, wire.Protocol},
		"a body that is long": {"GET", then(head+"Content-Length: 10000000\r\n\r\n", hostile.Hang), 100_000, wire.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			var a attempts
			server := listen(t, true, hostile.ReadHead, a.failing(100, isFaulty, f.steps...))
			rows := goodRequests(0, requests)
			for i := range rows {
				rows[i].Method = []byte(f.method)
			}
			opts := open.options(longTimeout)
			opts.Retry, opts.MaxBody = replay.MostRetries, f.maxBody
			result := run(t, &memory{rows: rows}, dialer(server), opts)
			checkCounts(t, result, requests)
			checkAttempts(t, server, result)
			if e := result.Errors[f.class]; e == nil || e.Count != 3 || result.Retries.Sent() != 0 {
				t.Errorf("%v, retried %v", result.Errors, result.Retries.After)
			}
			for id := range requests {
				if n := server.Seen(id); n != 1 {
					t.Errorf("request %d reached the server %d times", id, n)
				}
			}
		})
	}
}

// A target that dies and stays dead: each request is refused as often as it may be, and the replay ends.
func TestRetryOfADeadTarget(t *testing.T) {
	for _, m := range []mode{open, closed, single} {
		t.Run(m.name, func(t *testing.T) {
			checkLeaks(t)
			server := listen(t, true, hostile.ReadHead, hostile.Answer)
			source := &memory{rows: goodRequests(0, 2*requests)}
			opts := m.options(longTimeout)
			opts.Retry = replay.MostRetries
			r := prepare(t, source, dialer(server), opts)
			source.before = map[int]func(){requests: func() { awaitEnd(t, r, requests); server.Stop() }}
			result, err := r.Run(t.Context(), t.Context())
			if err != nil {
				t.Fatal(err)
			}
			checkCounts(t, result, 2*requests)
			if f := result.Errors[wire.Refused]; f == nil || f.Count != requests || result.Retries.After[wire.Refused] != requests*replay.MostRetries {
				t.Errorf("%v, retried %v", result.Errors, result.Retries.After)
			}
		})
	}
}

// Nobody waits for further attempts who has had enough.
func TestKillEndsRetries(t *testing.T) {
	checkLeaks(t)
	kill, cancel := context.WithCancel(t.Context())
	defer cancel()
	var came atomic.Int64
	server := listen(t, true, hostile.ReadHead, func(c *hostile.Conn) error {
		if came.Add(1) == 2*requests { // some were sent again by now
			cancel()
		}
		return nil
	}, hostile.If(func(*hostile.Conn) bool { return came.Load() > requests }, hostile.Script{hostile.Hang}, hostile.Script{hostile.Reset}))
	opts := open.options(time.Hour)
	opts.Retry = replay.MostRetries
	result, err := prepare(t, &memory{rows: goodRequests(0, requests)}, dialer(server), opts).Run(kill, kill)
	if err != nil {
		t.Fatal(err)
	}
	checkCounts(t, result, requests)
	checkAttempts(t, server, result)
	if f := result.Errors[wire.Cancelled]; f == nil || f.Count != requests || result.Retries.Sent() != requests {
		t.Errorf("%+v, %v, retried %v", result.Ledger, result.Errors, result.Retries.After)
	}
}
