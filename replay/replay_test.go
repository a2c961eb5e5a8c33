package replay

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"

	"pgregory.net/rapid"
)

func TestRequestsLeaveWhenTheyAreDue(t *testing.T) {
	offsets := []time.Duration{0, 0, time.Millisecond, time.Second, time.Hour, 2 * time.Hour}
	for _, speed := range []float64{1, 2, 0.5} {
		target := &fakeTarget{answer: answerOK}
		opts := testOptions
		opts.Plan.Speed = speed
		result := replayInBubble(t, newTrace(offsets...), target, opts, 0)
		if want := (Ledger{Requests: 6, Scheduled: 6, Sent: 6, Responses: 6}); result.Ledger != want {
			t.Errorf("speed %v: %+v", speed, result.Ledger)
		}
		for i, arrival := range target.arrivals {
			if want := opts.Plan.Due(offsets[i], int64(i)); arrival != want {
				t.Errorf("speed %v: request %d arrived at %v, due %v", speed, i, arrival, want)
			}
		}
		if result.Fidelity.Verdict != Faithful || result.Fidelity.Late != 0 {
			t.Errorf("speed %v: fidelity %+v", speed, result.Fidelity)
		}
		if result.Overall.SameStatus != 6 || result.Overall.SameSize != 6 {
			t.Errorf("speed %v: %d and %d answers as logged", speed, result.Overall.SameStatus, result.Overall.SameSize)
		}
	}
}

// A target that stalls must not hide it: requests go on leaving, and their response times count from due.
func TestStallIsNotOmitted(t *testing.T) {
	target := &fakeTarget{answer: func(n int, conn net.Conn, r *http.Request) bool {
		if n == 0 {
			time.Sleep(time.Second)
		}
		return answerOK(n, conn, r)
	}}
	opts := testOptions
	opts.Connections = 1
	result := replayInBubble(t, newTrace(every(100*time.Millisecond, 10)...), target, opts, 0)
	if got := result.Overall.Service.Max(); got < int64(time.Second) {
		t.Errorf("service max %v", time.Duration(got))
	}
	// The second request was due at 100 ms and could leave at 1 s.
	if got := time.Duration(result.Overall.Response.ValueAtPercentile(90)); got < 890*time.Millisecond {
		t.Errorf("response p90 %v: waiting for the stalled connection is missing", got)
	}
	if result.Fidelity.Queued != 9 || result.Fidelity.Verdict != Unfaithful {
		t.Errorf("fidelity %+v", result.Fidelity)
	}
}

func TestStuckTargetTimesOut(t *testing.T) {
	target := &fakeTarget{answer: func(_ int, conn net.Conn, _ *http.Request) bool {
		_, err := conn.Read(make([]byte, 1)) // until the client gives up
		return err == nil
	}}
	result := replayInBubble(t, newTrace(every(time.Second, 10)...), target, testOptions, 0)
	if f := result.Errors[wire.Timeout]; f == nil || f.Count != 10 {
		t.Errorf("errors %v", result.Errors)
	}
	if got := time.Duration(result.Overall.FailedAfter.Max()); got > 11*time.Second {
		t.Errorf("a request failed after %v with a timeout of 5s", got)
	}
}

// A connection that does not open in time does not lend its class to others that time out with it.
func TestTimeoutsOfOneMomentAreToldApart(t *testing.T) {
	target := &fakeTarget{
		answer: func(_ int, conn net.Conn, _ *http.Request) bool {
			_, err := conn.Read(make([]byte, 1)) // until the client gives up
			return err == nil
		},
		refuse: func(n int) error {
			if n%2 == 1 {
				time.Sleep(time.Minute)
			}
			return nil
		},
	}
	opts := testOptions
	opts.Connections = 9
	result := replayInBubble(t, newTrace(every(0, 9)...), target, opts, 0)
	timeout, dial := result.Errors[wire.Timeout], result.Errors[wire.DialTimeout]
	if timeout == nil || timeout.Count != 5 || dial == nil || dial.Count != 4 {
		t.Errorf("timeouts %+v, of dialling %+v, want 5 and 4", timeout, dial)
	}
}

// A target that answers without reading does not hold the loop up: its connections end.
func TestATargetThatAnswersWithoutReading(t *testing.T) {
	const requests = 10
	dials := 0
	synctest.Test(t, func(t *testing.T) {
		var peers sync.WaitGroup
		defer peers.Wait()
		dial := func(context.Context) (net.Conn, error) {
			dials++
			client, server := net.Pipe()
			peers.Go(func() {
				defer server.Close()
				for err := error(nil); err == nil; _, err = io.WriteString(server, okAnswer) {
					time.Sleep(time.Millisecond)
				}
			})
			return client, nil
		}
		opts := testOptions
		opts.Closed, opts.Connections = true, 1
		source := newTrace(every(0, requests)...).traffic(t, traffic.Options{})
		result, err := New(source, Target{Dial: dial, Format: wire.Format{Host: "h"}}, opts).run(t.Context(), t.Context(), startBubbleClock)
		if err != nil || result.Ledger.Responses != requests {
			t.Errorf("%+v, %v", result, err)
		}
	})
	if dials != requests/2 {
		t.Errorf("%d connections, want a new one when the second request has not left", dials)
	}
}

func TestTargetThatDiesInTheMiddle(t *testing.T) {
	target := &fakeTarget{
		answer: func(n int, conn net.Conn, r *http.Request) bool { return n < 5 && answerOK(n, conn, r) },
		refuse: func(n int) error {
			if n >= 4 { // those of the priming
				return syscall.ECONNREFUSED
			}
			return nil
		},
	}
	result := replayInBubble(t, newTrace(every(time.Second, 20)...), target, testOptions, 0)
	if l := result.Ledger; l.Responses != 5 || l.Failed != 15 || l.Abandoned != 0 {
		t.Errorf("%+v", l)
	}
	if result.Errors[wire.EOF] == nil || result.Errors[wire.Refused] == nil {
		t.Errorf("errors %v", result.Errors)
	}
}

func TestUnreachableTargetIsAnErrorBeforeTheFirstRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &fakeTarget{refuse: func(int) error { return syscall.ECONNREFUSED }}
		result, err := New(newTrace(0).traffic(t, traffic.Options{}), Target{Dial: target.dial}, testOptions).run(t.Context(), t.Context(), startBubbleClock)
		if result != nil || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("got %v, %v", result, err)
		}
	})
}

func TestInterruptAbandonsTheRestAndWaitsForAnswers(t *testing.T) {
	target := &fakeTarget{answer: func(n int, conn net.Conn, r *http.Request) bool {
		time.Sleep(3 * time.Second)
		return answerOK(n, conn, r)
	}}
	result := replayInBubble(t, newTrace(every(time.Second, 2000)...), target, testOptions, 10*time.Second+time.Millisecond)
	// Requests 0 to 10 were due; the four connections are a second of traffic short of them.
	if l := result.Ledger; l.Sent != 11 || l.Responses != 11 || l.Abandoned != 1989 || l.Scheduled != 2000 {
		t.Errorf("%+v", l)
	}
	if result.Fidelity.Verdict != Unfaithful {
		t.Errorf("fidelity %+v", result.Fidelity)
	}
}

func TestInterruptAbandonsWhatWaitsForAConnection(t *testing.T) {
	target := &fakeTarget{answer: func(n int, conn net.Conn, r *http.Request) bool {
		time.Sleep(4 * time.Second)
		return answerOK(n, conn, r)
	}}
	opts := testOptions
	opts.Connections = 1
	result := replayInBubble(t, newTrace(every(100*time.Millisecond, 20)...), target, opts, time.Second+time.Millisecond)
	if l := result.Ledger; l.Sent != 1 || l.Responses != 1 || l.Abandoned != 19 {
		t.Errorf("%+v", l)
	}
}

func TestKillDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &fakeTarget{answer: func(_ int, conn net.Conn, _ *http.Request) bool {
			_, err := conn.Read(make([]byte, 1))
			return err == nil
		}}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		started := time.Now()
		result, err := New(newTrace(every(time.Minute, 3)...).traffic(t, traffic.Options{}), Target{Dial: target.dial}, testOptions).run(ctx, ctx, startBubbleClock)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(started); took > 1100*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if f := result.Errors[wire.Cancelled]; f == nil || f.Count != 1 || result.Ledger.Abandoned != 2 {
			t.Errorf("%+v %v", result.Ledger, result.Errors)
		}
		target.handlers.Wait()
	})
}

func TestTooManyInFlightAreDropped(t *testing.T) {
	target := &fakeTarget{answer: func(n int, conn net.Conn, r *http.Request) bool {
		time.Sleep(time.Second)
		return answerOK(n, conn, r)
	}}
	opts := testOptions
	opts.MaxInFlight = 3
	result := replayInBubble(t, newTrace(every(time.Millisecond, 10)...), target, opts, 0)
	if l := result.Ledger; l.Sent != 3 || l.Dropped != 7 || l.Responses != 3 {
		t.Errorf("%+v", l)
	}
}

func TestAClosedLoopSendsWhenAConnectionIsFree(t *testing.T) {
	var atOnce, most atomic.Int64
	target := &fakeTarget{answer: func(n int, conn net.Conn, r *http.Request) bool {
		most.Store(max(most.Load(), atOnce.Add(1)))
		time.Sleep(10 * time.Millisecond)
		atOnce.Add(-1)
		return answerOK(n, conn, r)
	}}
	opts := testOptions
	opts.Closed, opts.Connections = true, 5
	result := replayInBubble(t, newTrace(every(time.Hour, 100)...), target, opts, 0)
	if l := result.Ledger; l.Responses != 100 || most.Load() != 5 || result.Elapsed > 250*time.Millisecond {
		t.Errorf("%+v, %d at once, in %v; want 100 responses, 5 at once, in 200ms", l, most.Load(), result.Elapsed)
	}
	opts.Plan.Duration = 101 * time.Millisecond
	result = replayInBubble(t, newTrace(every(time.Hour, 100)...), target, opts, 0)
	if l := result.Ledger; l.Responses != 55 || l.Beyond != 45 {
		t.Errorf("%+v; want 55 responses in 101ms, and the rest beyond", l)
	}
	if got := time.Duration(result.Fidelity.Lag.Max()); got > time.Microsecond {
		t.Errorf("lag %v: nothing is due in a closed loop before it can leave", got)
	}
}

func TestLedgerTellsLoopsAndCopies(t *testing.T) {
	f := func(tr traffic.Options, duration time.Duration, want Ledger) {
		t.Helper()
		opts := testOptions
		opts.Plan.Duration = duration
		source := newTrace(every(100*time.Millisecond, 100)...).traffic(t, tr)
		if got := replayTraffic(t, source, &fakeTarget{answer: answerOK}, opts, 0).Ledger; got != want || got.Check() != nil {
			t.Errorf("%+v:\ngot  %+v\nwant %+v", tr, got, want)
		}
	}
	f(traffic.Options{Loops: 3}, 0, Ledger{Requests: 100, Repeated: 200, Scheduled: 300, Sent: 300, Responses: 300})
	f(traffic.Options{Loops: 3}, 15*time.Second, Ledger{Requests: 100, Repeated: 200, Beyond: 150, Scheduled: 150, Sent: 150, Responses: 150})
	f(traffic.Options{Amplify: 2}, 0, Ledger{Requests: 100, Copied: 100, Scheduled: 200, Sent: 200, Responses: 200})
	f(traffic.Options{Loops: 2, Amplify: 2}, 10*time.Second, Ledger{Requests: 100, Repeated: 100, Copied: 200, Beyond: 200, Scheduled: 200, Sent: 200, Responses: 200})
}

func TestDurationLeavesTheRestBeyond(t *testing.T) {
	target := &fakeTarget{answer: answerOK}
	opts := testOptions
	opts.Plan.Duration = 1500 * time.Millisecond
	result := replayInBubble(t, newTrace(every(time.Millisecond, 4000)...), target, opts, 0)
	if l := result.Ledger; l.Scheduled != 1500 || l.Beyond != 2500 || l.Responses != 1500 {
		t.Errorf("%+v", l)
	}
	interrupted := replayInBubble(t, newTrace(every(time.Millisecond, 4000)...), &fakeTarget{answer: answerOK}, opts, 500*time.Millisecond+1)
	if l := interrupted.Ledger; l.Scheduled != 1500 || l.Beyond != 2500 || l.Abandoned != 999 {
		t.Errorf("interrupted: %+v", l)
	}
}

func TestBrokenTraceKeepsWhatWasMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &fakeTarget{answer: answerOK}
		source := newTrace(every(time.Millisecond, 10)...)
		source.info.Requests, source.err = 30, errors.New("page 2: checksum")
		result, err := New(source.traffic(t, traffic.Options{}), Target{Dial: target.dial}, testOptions).run(t.Context(), t.Context(), startBubbleClock)
		if err == nil || result == nil {
			t.Fatalf("got %v, %v", result, err)
		}
		if l := result.Ledger; l.Responses != 10 || l.Abandoned != 20 || l.Check() != nil {
			t.Errorf("%+v", l)
		}
		target.handlers.Wait()
	})
}

func TestConnectionsThatTheTargetCloses(t *testing.T) {
	target := &fakeTarget{answer: func(_ int, conn net.Conn, _ *http.Request) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
		return false
	}}
	result := replayInBubble(t, newTrace(every(time.Millisecond, 500)...), target, testOptions, 0)
	if l := result.Ledger; l.Responses != 500 {
		t.Errorf("%+v %v", l, result.Errors)
	}
	if target.dials < 500 {
		t.Errorf("%d connections for 500 requests", target.dials)
	}
}

func TestConnectionsThatTheTargetClosesWhenIdle(t *testing.T) {
	target := &fakeTarget{answer: func(n int, conn net.Conn, r *http.Request) bool {
		answerOK(n, conn, r)
		return false
	}}
	result := replayInBubble(t, newTrace(every(time.Second, 8)...), target, testOptions, 0)
	if l := result.Ledger; l.Responses != 8 || target.dials != 8 {
		t.Errorf("%+v %v, %d connections", l, result.Errors, target.dials)
	}
}

// Whatever a target does, every request ends in one place, and nothing hangs.
func TestLedgerAddsUpWhateverTheTargetDoes(t *testing.T) {
	behaviours := []func(n int, conn net.Conn, r *http.Request) bool{
		answerOK,
		func(int, net.Conn, *http.Request) bool { return false },
		func(_ int, conn net.Conn, _ *http.Request) bool {
			_, _ = io.WriteString(conn, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"+okAnswer)
			return true
		},
		func(_ int, conn net.Conn, _ *http.Request) bool {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nTrailer: x\r\n\r\n")
			return true
		},
		func(_ int, conn net.Conn, _ *http.Request) bool {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort")
			return false
		},
		func(_ int, conn net.Conn, _ *http.Request) bool {
			_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.2\r\n")
			return false
		},
		func(_ int, conn net.Conn, _ *http.Request) bool {
			_, err := conn.Read(make([]byte, 1))
			return err == nil
		},
		func(_ int, conn net.Conn, _ *http.Request) bool {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\nuntil the end")
			return false
		},
		func(n int, conn net.Conn, r *http.Request) bool {
			time.Sleep(2 * time.Second)
			return answerOK(n, conn, r)
		},
	}
	rapid.Check(t, func(rt *rapid.T) {
		script := rapid.SliceOfN(rapid.IntRange(0, len(behaviours)-1), 1, 20).Draw(rt, "script")
		refuse := rapid.SliceOfN(rapid.Bool(), 1, 8).Draw(rt, "refuse")
		opts := testOptions
		opts.Connections = rapid.IntRange(1, 4).Draw(rt, "connections")
		opts.MaxInFlight = rapid.IntRange(1, 8).Draw(rt, "max in flight")
		opts.Threads = rapid.IntRange(1, min(opts.Connections, opts.MaxInFlight)).Draw(rt, "threads")
		opts.Plan.Duration = time.Duration(rapid.IntRange(0, 60).Draw(rt, "duration")) * 100 * time.Millisecond
		interrupt := time.Duration(rapid.IntRange(0, 80).Draw(rt, "interrupt")) * 100 * time.Millisecond
		n := rapid.IntRange(1, 60).Draw(rt, "requests")
		target := &fakeTarget{
			answer: func(n int, conn net.Conn, r *http.Request) bool {
				return behaviours[script[n%len(script)]](n, conn, r)
			},
			refuse: func(n int) error {
				if n > 0 && refuse[n%len(refuse)] {
					return syscall.ECONNREFUSED
				}
				return nil
			},
		}
		result := replayInBubble(t, newTrace(every(100*time.Millisecond, n)...), target, opts, interrupt)
		if err := result.Ledger.Check(); err != nil {
			rt.Fatal(err)
		}
		var failures int64
		for _, f := range result.Errors {
			failures += f.Count
		}
		if failures != result.Ledger.Failed {
			rt.Fatalf("%d failures by class, %d in the ledger", failures, result.Ledger.Failed)
		}
		var windows Window
		for _, w := range result.Windows {
			windows.Sent += w.Sent
			windows.Responses += w.Responses
			windows.Failed += w.Failed
		}
		if l := result.Ledger; windows.Sent != l.Sent || windows.Responses != l.Responses || windows.Failed != l.Failed {
			rt.Fatalf("windows %+v, ledger %+v", windows, l)
		}
		if got := result.Fidelity.Lag.TotalCount(); got != result.Ledger.Sent {
			rt.Fatalf("%d lags, %d sent", got, result.Ledger.Sent)
		}
	})
}

// Bytes that nobody asked for must not become the answer to the next request.
func TestUnaskedAnswersAreNotTaken(t *testing.T) {
	target := &fakeTarget{answer: func(_ int, conn net.Conn, _ *http.Request) bool {
		_, err := io.WriteString(conn, okAnswer+"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
		return err == nil
	}}
	opts := testOptions
	opts.Connections = 1
	result := replayInBubble(t, newTrace(every(time.Millisecond, 50)...), target, opts, 0)
	if result.Overall.Status[500] != 0 || result.Overall.Status[200] == 0 {
		t.Errorf("statuses %v, errors %v", result.Overall.Status, result.Errors)
	}
}

// A target that hangs holds the replay for about a timeout, not for one timeout per request and connection.
func TestWaitingIsBoundedByTheTimeout(t *testing.T) {
	target := &fakeTarget{answer: func(_ int, conn net.Conn, _ *http.Request) bool {
		_, err := conn.Read(make([]byte, 1))
		return err == nil
	}}
	opts := testOptions
	opts.Connections = 2
	result := replayInBubble(t, newTrace(every(time.Millisecond, 100)...), target, opts, 0)
	if result.Elapsed > 3*opts.Timeout {
		t.Errorf("took %v", result.Elapsed)
	}
	if l := result.Ledger; l.Dropped != result.Fidelity.Expired || l.Dropped < 90 || l.Failed != l.Sent {
		t.Errorf("%+v, %d expired", l, result.Fidelity.Expired)
	}
}

// Rates are taken over the time in which there was something to do, not over the wait for a failure.
func TestAHangingRequestDoesNotStretchTheRate(t *testing.T) {
	target := &fakeTarget{answer: func(n int, conn net.Conn, r *http.Request) bool {
		if n == 50 {
			_, err := conn.Read(make([]byte, 1))
			return err == nil
		}
		return answerOK(n, conn, r)
	}}
	result := replayInBubble(t, newTrace(every(10*time.Millisecond, 100)...), target, testOptions, 0)
	if result.Active < 980*time.Millisecond || result.Active > 1100*time.Millisecond || result.Elapsed < 5*time.Second {
		t.Errorf("active %v, elapsed %v", result.Active, result.Elapsed)
	}
}
