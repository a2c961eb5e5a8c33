package replay

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"

	"pgregory.net/rapid"
)

// A memoryPoller watches memoryLinks. Its time only passes when the loop waits.
type memoryPoller struct {
	patientPoller
	now    time.Duration
	answer func(n int) reply // n counts the connections from 0
	links  atomic.Int64
	waits  int
	bubble bool
	copies time.Duration // how long a read takes
	events []event
	spare  []event
}

// A reply is what a memoryLink does with a request.
type reply struct {
	text       string // "" ends the connection
	unreceived bool   // it had ended before the request came
	broken     bool   // writing fails
}

// A memoryLink answers at once.
type memoryLink struct {
	poller *memoryPoller
	place  place
	number int
	reply  reply
	left   string
}

// A memoryConn is what is dialled.
type memoryConn struct{ net.Conn }

func (*memoryConn) Close() error { return nil }

func (p *memoryPoller) Now() time.Duration { return p.now }

func (p *memoryPoller) adopt(net.Conn) (link, bool, error) {
	return &memoryLink{poller: p, number: int(p.links.Add(1)) - 1}, true, nil
}

func (p *memoryPoller) watch(l link, at place) error {
	l.(*memoryLink).place = at
	return nil
}

func (p *memoryPoller) wait(d time.Duration) []event {
	p.waits++
	if p.bubble {
		synctest.Wait() // until everybody else is done
	}
	switch {
	case len(p.events) > 0 || p.bubble && len(p.woken) > 0:
	case d < patience:
		p.now += d
	default:
		p.patientPoller.wait(d)
	}
	select {
	case <-p.woken:
	default:
	}
	p.events, p.spare = p.spare[:0], p.events
	return p.spare
}

func (l *memoryLink) write(b []byte) (int, error) {
	if l.reply = l.poller.answer(l.number); l.reply.broken {
		return 0, io.ErrClosedPipe
	}
	l.left = l.reply.text
	l.poller.events = append(l.poller.events, event{place: l.place, readable: true, ending: l.left == ""})
	return len(b), nil
}

func (l *memoryLink) read(b []byte) (int, error) {
	if l.left == "" {
		if l.reply.text == "" {
			return 0, io.EOF
		}
		return 0, errAgain
	}
	n := copy(b, l.left)
	l.left = l.left[n:]
	l.poller.now += l.poller.copies
	if n < len(b) {
		return n, errAgain
	}
	return n, nil
}

func (l *memoryLink) flush() error                  { return nil }
func (l *memoryLink) written() bool                 { return true }
func (l *memoryLink) unreceived([]byte, error) bool { return l.reply.unreceived }
func (l *memoryLink) close()                        {}

func dialMemory(context.Context) (net.Conn, error) { return &memoryConn{}, nil }

// replayInMemory replays with a loop that waits for p.
func replayInMemory(tb testing.TB, source Requests, p *memoryPoller, opts Options) (result *Result) {
	tb.Helper()
	if t, ok := tb.(*testing.T); ok && !p.bubble {
		p.bubble = true
		synctest.Test(t, func(t *testing.T) { result = replayInMemory(t, source, p, opts) })
		return result
	}
	p.patientPoller = *newPatientPoller()
	r := New(source, Target{Dial: dialMemory, Format: wire.Format{Host: "h"}}, opts)
	r.newPoller = func(net.Conn) poller { return p }
	var err error
	result, err = r.run(tb.Context(), tb.Context(), func() (Clock, func()) { return p, func() {} })
	if err != nil {
		tb.Fatal(err)
	}
	return result
}

// What did not reach a target that had closed a kept connection is sent again, once. Nothing else ever is.
func TestOnlyWhatDidNotReachTheTargetIsSentAgain(t *testing.T) {
	ok, gone := reply{text: okAnswer}, reply{unreceived: true}
	f := func(name string, script [][]reply, want Ledger, reconnected int64, class wire.Class) {
		t.Helper()
		written := map[int]int{}
		p := &memoryPoller{}
		p.answer = func(n int) reply {
			written[n]++
			return script[n][written[n]-1]
		}
		opts := testOptions
		opts.Connections = 1
		result := replayInMemory(t, newTrace(every(time.Second, int(want.Requests))...).traffic(t, traffic.Options{}), p, opts)
		if result.Ledger != want || result.Reconnected != reconnected || class != "" && result.Errors[class] == nil {
			t.Errorf("%s: %+v, %d reconnected, %v", name, result.Ledger, result.Reconnected, result.Errors)
		}
	}
	all := func(n, failed int64) Ledger {
		return Ledger{Requests: n, Scheduled: n, Sent: n, Responses: n - failed, Failed: failed}
	}
	f("came too late", [][]reply{{ok, gone}, {ok, ok}}, all(3, 0), 1, "")
	f("could not be written", [][]reply{{ok, {broken: true}}, {ok}}, all(2, 0), 1, "")
	f("came too late again", [][]reply{{ok, gone}, {gone}, {ok}}, all(3, 1), 1, wire.EOF)
	f("a new connection", [][]reply{{gone}, {{broken: true}}, {ok}}, all(3, 2), 0, wire.EOF)
	f("may have been read", [][]reply{{ok, {}}, {ok}}, all(3, 1), 0, wire.EOF)
	f("an answer had begun", [][]reply{{ok, {text: "HTTP/1.1 2"}}}, all(2, 1), 0, wire.Timeout)
}

// A slow generator is what the user chose: it catches up, drops what is too late, or shifts the rest.
func TestLate(t *testing.T) {
	duration := time.Duration(0)
	f := func(late Late, want Ledger, lastDue time.Duration, check func(f Fidelity) bool) {
		t.Helper()
		p := &memoryPoller{}
		n := 0
		p.answer = func(int) reply {
			if n++; n == 3 {
				p.now += time.Second // the machine had other things to do
			}
			return reply{text: okAnswer}
		}
		opts := testOptions
		opts.Late, opts.Plan.Duration = late, duration
		r := replayInMemory(t, newTrace(every(200*time.Millisecond, 10)...).traffic(t, traffic.Options{}), p, opts)
		if r.Ledger != want || !check(r.Fidelity) || r.Elapsed.Round(10*time.Millisecond) != lastDue {
			t.Errorf("%s: %+v, elapsed %v, %+v", late, r.Ledger, r.Elapsed, r.Fidelity)
		}
	}
	// Sent at 0, 200 and 400 ms; then it is 1400 ms, when those due at 600, 800, 1000 and 1200 are late.
	all := Ledger{Requests: 10, Scheduled: 10, Sent: 10, Responses: 10}
	f(LateCatchUp, all, 1800*time.Millisecond, func(f Fidelity) bool { return f.Late == 4 && f.TooLate == 0 })
	dropped := all
	dropped.Sent, dropped.Responses, dropped.Dropped = 6, 6, 4
	f(LateDrop, dropped, 1800*time.Millisecond, func(f Fidelity) bool { return f.TooLate == 4 && f.Verdict == Unfaithful })
	f(LateShift, all, 2600*time.Millisecond, func(f Fidelity) bool {
		return f.Late == 1 && f.Shifted == 800*time.Millisecond && f.RateError > 0.3 && f.Verdict == Unfaithful
	})
	// The replay ends when it was to, also when its plan was moved: the last, at 1800 + 800 ms, is beyond.
	duration = 2500 * time.Millisecond
	shorter := Ledger{Requests: 10, Beyond: 1, Scheduled: 9, Sent: 9, Responses: 9}
	f(LateShift, shorter, 2400*time.Millisecond, func(f Fidelity) bool { return f.Shifted == 800*time.Millisecond })
	duration = 1700 * time.Millisecond // of which nine lay within
	shorter.Beyond, shorter.Scheduled, shorter.Sent, shorter.Responses = 5, 5, 5, 5
	f(LateShift, shorter, 1600*time.Millisecond, func(f Fidelity) bool { return f.Shifted == 800*time.Millisecond })
}

// With slack, requests that are due soon after each other leave at one waking.
func TestSlackBatchesWakings(t *testing.T) {
	wakings := func(slack time.Duration) int {
		p := &memoryPoller{answer: func(int) reply { return reply{text: okAnswer} }}
		opts := testOptions
		opts.Slack, opts.Connections = slack, 100
		r := replayInMemory(t, newTrace(every(100*time.Microsecond, 1000)...).traffic(t, traffic.Options{}), p, opts)
		if lag := time.Duration(r.Fidelity.Lag.Max()); lag > slack+time.Microsecond || r.Fidelity.Late > 0 || r.Ledger.Responses != 1000 {
			t.Errorf("slack %v: lag %v, %+v", slack, lag, r.Ledger)
		}
		return p.waits
	}
	if exact, slack := wakings(0), wakings(time.Millisecond); exact < 5*slack {
		t.Errorf("%d wakings exact, %d with 1 ms of slack", exact, slack)
	}
}

// Connections stay in the order in which they sent.
func TestFlightKeepsTheOrderOfSending(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := flight{number: rapid.IntRange(0, 1).Draw(rt, "number")}
		in := map[*conn]bool{}
		for range rapid.IntRange(1, 100).Draw(rt, "steps") {
			if len(in) > 0 && rapid.Bool().Draw(rt, "remove") {
				for c := range in {
					f.remove(c)
					f.remove(c) // again does nothing
					delete(in, c)
					break
				}
			} else {
				c := &conn{sent: time.Duration(rapid.IntRange(0, 20).Draw(rt, "sent"))}
				f.insert(c)
				in[c] = true
			}
			n, last := 0, time.Duration(0)
			for c := f.oldest; c != nil; c = c.beside[f.number].newer {
				if c.sent < last || !in[c] || c.beside[f.number].newer == nil && f.newest != c {
					rt.Fatal("out of order, not in, or a broken end")
				}
				n, last = n+1, c.sent
			}
			if n != len(in) {
				rt.Fatalf("%d in the list, want %d", n, len(in))
			}
		}
	})
}

// sameRows is traffic of one request, again and again. It does not allocate.
type sameRows struct {
	*memoryTrace
	row  trace.Request
	read int
	all  int
}

func (s *sameRows) Read(dst []traffic.Request) (int, error) {
	n := min(len(dst), s.all-s.read)
	for i := range dst[:n] {
		dst[i] = traffic.Request{Recorded: &s.row, At: time.Duration(s.read+i) * time.Microsecond}
	}
	if s.read += n; s.read == s.all {
		return n, s.err
	}
	return n, nil
}

func (s *sameRows) Span() time.Duration        { return time.Duration(s.all) * time.Microsecond }
func (s *sameRows) Planned() traffic.Counts    { return traffic.Counts{Trace: int64(s.all)} }
func (s *sameRows) Counts() traffic.Counts     { return traffic.Counts{Trace: int64(s.read)} }
func (s *sameRows) Mixed(int64) *traffic.Mixed { return nil }

func BenchmarkLoop(b *testing.B) {
	for _, connections := range []int{1, 64} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			p := &memoryPoller{answer: func(int) reply { return reply{text: okAnswer} }}
			source := &sameRows{memoryTrace: newTrace(0), all: b.N}
			source.row = trace.Request{Method: []byte("GET"), Target: bytes.Repeat([]byte("/x"), 20), Route: "/x", Status: 200, BodyBytes: 2}
			opts := testOptions
			opts.Closed, opts.Connections, opts.Prime = true, connections, connections
			b.ReportAllocs()
			if r := replayInMemory(b, source, p, opts); r.Ledger.Responses != int64(b.N) {
				b.Fatal(r.Ledger, r.Errors)
			}
		})
	}
}
