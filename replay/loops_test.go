package replay

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"

	"pgregory.net/rapid"
)

// numbered is a trace of requests for /0, /1, and so on, of some clients in turn.
func numbered(clients int, offsets ...time.Duration) *memoryTrace {
	m := newTrace(offsets...)
	for i := range m.rows {
		r := &m.rows[i]
		r.Target, r.Line = fmt.Appendf(nil, "/%d", i), int64(i)
		r.Client, r.Connection, r.ConnectionRequests = fmt.Appendf(nil, "client %d", i*i%clients), -1, -1
	}
	return m
}

// However many threads send, and whatever ends the replay, each request is sent once at most, and counted once.
func TestThreadsSendEachRequestOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(rt, "requests")
		opts := testOptions
		opts.Threads = rapid.IntRange(1, 4).Draw(rt, "threads")
		opts.Connections = rapid.IntRange(opts.Threads, 9).Draw(rt, "connections")
		opts.Closed = rapid.Bool().Draw(rt, "closed")
		opts.PerClient = !opts.Closed && rapid.Bool().Draw(rt, "per client")
		opts.Timeout = time.Hour
		if !opts.PerClient {
			opts.Prime = rapid.IntRange(0, 9).Draw(rt, "primed")
		}
		tenths := func(most int, label string) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(rt, label)) * 100 * time.Millisecond
		}
		opts.Plan.Duration = tenths(30, "duration")
		serve, stop, kill := tenths(5, "serve"), tenths(50, "stop"), tenths(50, "kill")
		var arrived [300]atomic.Int64
		var open, most atomic.Int64
		target := &fakeTarget{answer: func(i int, conn net.Conn, r *http.Request) bool {
			var number int
			_, _ = fmt.Sscanf(r.URL.Path, "/%d", &number)
			arrived[number].Add(1)
			if now := open.Add(1); now > most.Load() {
				most.Store(now)
			}
			time.Sleep(serve)
			open.Add(-1)
			return answerOK(i, conn, r)
		}}
		source := numbered(7, every(10*time.Millisecond, n)...).traffic(t, traffic.Options{})
		result := replayThreads(t, source, target, opts, stop, kill)
		l, sent := result.Ledger, int64(0)
		for i := range arrived {
			if got := arrived[i].Load(); got > 1 {
				rt.Fatalf("request %d arrived %d times", i, got)
			} else {
				sent += got
			}
		}
		if sent > l.Sent || kill == 0 && sent != l.Sent {
			rt.Fatalf("%d arrived, %+v", sent, l)
		}
		if stop+kill+opts.Plan.Duration == 0 && l != (Ledger{Requests: int64(n), Scheduled: int64(n), Sent: int64(n), Responses: int64(n)}) {
			rt.Fatalf("nothing ended the replay, %+v", l)
		}
		if at, limit := int64(result.OpenAtOnce), int64(opts.Connections); most.Load() > at || at > limit || result.Opened < most.Load() {
			rt.Fatalf("%d requests at once on %d connections at once, limit %d, %d opened", most.Load(), at, limit, result.Opened)
		}
		if deepest := result.Fidelity.Deepest; int64(deepest) > result.Fidelity.Queued || (deepest > 0) != (result.Fidelity.Queued > 0) {
			rt.Fatalf("%d waited, %d at once", result.Fidelity.Queued, deepest)
		}
	})
}

// replayThreads replays in virtual time. stop and kill end it then, if they are not 0.
func replayThreads(t *testing.T, source Requests, target *fakeTarget, opts Options, stop, kill time.Duration) (result *Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		killCtx, cancelKill := context.WithCancel(t.Context())
		defer cancel()
		defer cancelKill()
		if stop > 0 {
			time.AfterFunc(stop, cancel)
		}
		if kill > 0 {
			time.AfterFunc(kill, func() { cancel(); cancelKill() })
		}
		var err error
		result, err = New(source, Target{Dial: target.dial, Format: wire.Format{Host: "h"}}, opts).run(ctx, killCtx, startBubbleClock)
		if err != nil {
			t.Fatal(err)
		}
		cancelKill()
		target.handlers.Wait()
	})
	return result
}

// The loader deals every request to one loop, in order, those of a client to the same one, and has none wait for others.
func TestTheLoaderDealsRequests(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 2000).Draw(rt, "requests")
		opts := testOptions
		opts.Threads = rapid.IntRange(1, 4).Draw(rt, "threads")
		opts.PerClient = rapid.Bool().Draw(rt, "per client")
		m := numbered(40, every(time.Millisecond, n)...)
		l := newLoader(m.traffic(t, traffic.Options{}), Target{Format: wire.Format{Host: "h"}}, newNames(&m.info), opts)
		loopOf := map[string]int{}
		var seen []int64
		used := map[int]bool{}
		for more := true; more; {
			more = l.next()
			for i := range l.filling {
				last := int64(-1)
				b := l.filling[i].take()
				if b == nil {
					continue
				}
				for _, r := range b.requests {
					if want := fmt.Sprintf("GET /%d HTTP", r.line); !strings.HasPrefix(string(r.bytes), want) || r.line <= last {
						rt.Fatalf("request %d after %d: %s", r.line, last, r.bytes)
					}
					client := string(m.rows[r.line].Client)
					if loop, ok := loopOf[client]; opts.PerClient && ok && loop != i {
						rt.Fatalf("%s is sent by loop %d and %d", client, loop, i)
					}
					loopOf[client], used[i], last = i, true, r.line
					seen = append(seen, r.line)
				}
			}
			if int64(len(seen)) != l.loaded {
				rt.Fatalf("%d requests are loaded, %d in batches", l.loaded, len(seen))
			}
		}
		slices.Sort(seen)
		if len(slices.Compact(seen)) != n || !opts.PerClient && len(used) != min(n, opts.Threads) {
			rt.Fatalf("%d of %d requests, by %d of %d loops", len(slices.Compact(seen)), n, len(used), opts.Threads)
		}
	})
}

// A loop that is slow does not hold the others of a closed replay: they send what it does not take.
func TestASlowLoopDoesNotHoldTheOthers(t *testing.T) {
	const requests = 2000
	target := &fakeTarget{}
	target.answer = func(n int, conn net.Conn, r *http.Request) bool {
		if r.URL.Path == "/0" {
			time.Sleep(time.Minute)
		}
		time.Sleep(time.Millisecond)
		return answerOK(n, conn, r)
	}
	opts := testOptions
	opts.Closed, opts.Threads, opts.Connections, opts.Timeout = true, 2, 2, time.Hour
	result := replayInBubble(t, numbered(1, every(0, requests)...), target, opts, 0)
	if l := result.Ledger; l.Responses != requests {
		t.Error(l)
	}
	// Only those wait that share a batch with the slow one.
	if answered := result.Windows[2].Responses + result.Windows[1].Responses + result.Windows[0].Responses; answered < requests-batchSize {
		t.Errorf("%d requests answered in 3 s, want all but %d at most", answered, batchSize)
	}
}

// An error of the trace ends all loops, and is told once.
func TestABrokenTraceEndsAllThreads(t *testing.T) {
	for _, closed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			target := &fakeTarget{answer: answerOK}
			source := newTrace(every(time.Millisecond, 10)...)
			source.info.Requests, source.err = 30, errors.New("page 2: checksum")
			opts := testOptions
			opts.Threads, opts.Closed = 4, closed
			result, err := New(source.traffic(t, traffic.Options{}), Target{Dial: target.dial}, opts).run(t.Context(), t.Context(), startBubbleClock)
			if err == nil || strings.Count(err.Error(), "checksum") != 1 || result == nil {
				t.Fatalf("closed %v: got %v, %v", closed, result, err)
			}
			if l := result.Ledger; l.Responses != 10 || l.Abandoned != 20 || l.Check() != nil {
				t.Errorf("closed %v: %+v", closed, l)
			}
			target.handlers.Wait()
		})
	}
}

// A haltingClock stands beside the time of its bubble: the machine had other things to do.
type haltingClock struct {
	bubbleClock
	ahead *atomic.Int64
}

func (c haltingClock) Now() time.Duration { return c.bubbleClock.Now() + time.Duration(c.ahead.Load()) }

// Loops that are late together shift the plan once.
func TestThreadsShiftThePlanTogether(t *testing.T) {
	var offsets []time.Duration
	for _, at := range every(100*time.Millisecond, 20) {
		offsets = append(offsets, at, at, at)
	}
	for _, threads := range []int{1, 2, 3} {
		synctest.Test(t, func(t *testing.T) {
			target := &fakeTarget{answer: answerOK}
			opts := testOptions
			opts.Threads, opts.Late = threads, LateShift
			clock := haltingClock{ahead: &atomic.Int64{}}
			time.AfterFunc(970*time.Millisecond, func() { clock.ahead.Store(int64(3 * time.Second)) })
			result, err := New(newTrace(offsets...).traffic(t, traffic.Options{}), Target{Dial: target.dial}, opts).run(t.Context(), t.Context(),
				func() (Clock, func()) { clock.start = time.Now(); return clock, func() {} })
			if err != nil {
				t.Fatal(err)
			}
			if got := result.Fidelity.Shifted; got != 3*time.Second || result.Fidelity.Late < 1 || result.Fidelity.Late > 3 || result.Elapsed.Round(time.Millisecond) != 4900*time.Millisecond {
				t.Errorf("%d threads: shifted by %v, %d late, in %v", threads, got, result.Fidelity.Late, result.Elapsed)
			}
			target.handlers.Wait()
		})
	}
}

// A loop whose time is up does not keep the others from theirs, also when all that comes would be its own.
func TestThreadsEndWithAShiftedPlan(t *testing.T) {
	const often, rest = 100 * time.Microsecond, 40_000
	offsets := every(time.Millisecond, 1000)
	for _, at := range every(often, rest) {
		offsets = append(offsets, time.Second+at)
	}
	source := numbered(20, offsets...)
	for i := range rest {
		source.rows[1000+i].Client = []byte("the last one")
	}
	synctest.Test(t, func(t *testing.T) {
		target := &fakeTarget{answer: answerOK}
		opts := testOptions
		opts.Threads, opts.PerClient, opts.Late, opts.Connections, opts.Plan.Duration = 2, true, LateShift, 40, 6*time.Second
		clock := haltingClock{ahead: &atomic.Int64{}}
		time.AfterFunc(970*time.Millisecond, func() { clock.ahead.Store(int64(3 * time.Second)) })
		stop, cancel := context.WithTimeout(t.Context(), time.Hour) // else it would not end
		defer cancel()
		result, err := New(source.traffic(t, traffic.Options{}), Target{Dial: target.dial}, opts).run(stop, t.Context(),
			func() (Clock, func()) { clock.start = time.Now(); return clock, func() {} })
		if err != nil {
			t.Fatal(err)
		}
		if l := result.Ledger; result.Elapsed > 7*time.Second || l.Abandoned != 0 || l.Sent < 20_900 || l.Sent > 21_100 || l.Beyond != l.Requests-l.Sent {
			t.Errorf("%+v in %v", l, result.Elapsed)
		}
		target.handlers.Wait()
	})
}

// The deepest queue is that of all threads at one time.
func TestQueuesOfThreadsAreOne(t *testing.T) {
	for threads := 1; threads <= 3; threads++ {
		var offsets []time.Duration
		for _, at := range every(10*time.Second, 3) {
			offsets = append(offsets, slices.Repeat([]time.Duration{at}, 3*threads)...)
		}
		target := &fakeTarget{answer: func(n int, conn net.Conn, r *http.Request) bool {
			time.Sleep(time.Second)
			return answerOK(n, conn, r)
		}}
		opts := testOptions
		opts.Threads, opts.Connections = threads, threads
		f := replayInBubble(t, newTrace(offsets...), target, opts, 0).Fidelity
		if f.Queued != int64(6*threads) || f.Deepest != 2*threads {
			t.Errorf("%d threads: %d waited, %d at once; want %d, %d", threads, f.Queued, f.Deepest, 6*threads, 2*threads)
		}
	}
}

// Whoever finds out that the plan is late by so much, it is moved to there, not further.
func TestAShiftIsRaisedOnce(t *testing.T) {
	var s shift
	for _, by := range []time.Duration{3, 2, 3, 3} {
		s.raise(by)
	}
	if s.load() != 3 {
		t.Errorf("shifted by %d, want 3", s.load())
	}
}

// Connections and requests in flight are shared out exactly, and what cannot be shared is refused.
func TestThreadsShareTheLimits(t *testing.T) {
	for threads := range mostThreads + 1 {
		opts := Options{Connections: 64 + threads, MaxInFlight: 1001, Threads: threads}
		var connections, inFlight int
		for i := range opts.threads() {
			o := opts.of(i)
			connections, inFlight = connections+o.Connections, inFlight+o.MaxInFlight
			if o.Connections < 1 || o.MaxInFlight < 1 {
				t.Errorf("%d threads: %+v", threads, o)
			}
		}
		if connections != opts.Connections || inFlight != opts.MaxInFlight {
			t.Errorf("%d threads: %d connections, %d in flight", threads, connections, inFlight)
		}
	}
	f := func(opts Options, want string) {
		t.Helper()
		if err := opts.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	opts := testOptions
	opts.Threads = 5
	f(opts, "threads 5: each needs one of --connections 4: give fewer --threads, or more --connections")
	opts.MaxInFlight, opts.Connections = 4, 5
	f(opts, "each needs one of --max-in-flight 4")
	opts.Threads = -1
	f(opts, "threads -1: want 1 to 16")
	opts.Threads = 17
	f(opts, "threads 17: want 1 to 16")
}

// Samples that come as much out of order as loops may bring them are in the percentiles of their own second.
func TestWindowsTakeSamplesOfSeveralLoops(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type late struct {
			sample
			comes time.Duration
		}
		var samples []late
		var at time.Duration
		for range rapid.IntRange(1, 200).Draw(rt, "samples") {
			at += time.Duration(rapid.IntRange(0, 100).Draw(rt, "gap")) * time.Millisecond
			if rapid.IntRange(0, 50).Draw(rt, "pause") == 0 {
				at += 3 * time.Second
			}
			samples = append(samples, late{
				sample{request: &request{due: at - time.Duration(rapid.IntRange(0, 1000).Draw(rt, "response"))*time.Millisecond}, done: at},
				at + time.Duration(rapid.Int64Range(0, int64(2*flushEvery)).Draw(rt, "late")),
			})
		}
		windows := func() []Window {
			w := newWindows()
			for i := range samples {
				w.add(&samples[i].sample, false)
			}
			w.end()
			return w.list
		}
		want := windows()
		slices.SortStableFunc(samples, func(a, b late) int { return int(a.comes - b.comes) })
		for i, got := range windows() {
			if got != want[i] {
				rt.Fatalf("second %d: got %+v, want %+v", i, got, want[i])
			}
		}
	})
}

// Threads share nothing that they must not, over real connections, and all they did is in the result.
func TestThreadsOverSockets(t *testing.T) {
	const requests = 3000
	var arrived [requests]atomic.Int64
	s := newServer(t, func(_ int, conn *net.TCPConn) {
		for in := bufio.NewReader(conn); ; {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			var number int
			_, _ = fmt.Sscanf(r.URL.Path, "/%d", &number)
			arrived[number].Add(1)
			_, _ = io.WriteString(conn, okAnswer)
		}
	})
	for i, closed := range []bool{true, false} {
		opts := testOptions
		opts.Threads, opts.Connections, opts.Prime, opts.Closed, opts.MaxInFlight = 3, 8, 5, closed, requests
		r := New(numbered(5, every(10*time.Microsecond, requests)...).traffic(t, traffic.Options{}), Target{Dial: s.dial, Format: wire.Format{Host: "h"}}, opts)
		result, err := r.Run(t.Context(), t.Context())
		if err != nil || result.Ledger.Sent != requests || result.Ledger.Responses != requests || r.Progress().Sent != requests {
			t.Fatal(err, result.Ledger, result.Errors, r.Progress())
		}
		for n := range arrived {
			if got := arrived[n].Load(); got != int64(i+1) {
				t.Errorf("request %d arrived %d times in %d replays", n, got, i+1)
			}
		}
		if result.OpenAtOnce > opts.Connections || result.Opened < int64(opts.Prime) {
			t.Errorf("%d connections, %d at once", result.Opened, result.OpenAtOnce)
		}
	}
}
