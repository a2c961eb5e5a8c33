package replay

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"ngxreplay/replay/traffic"

	"pgregory.net/rapid"
)

// A haltingSource comes late with some of its requests.
type haltingSource struct {
	Requests
	halts []time.Duration // before each reading, again and again
	reads int
}

func (h *haltingSource) Read(dst []traffic.Request) (int, error) {
	time.Sleep(h.halts[h.reads%len(h.halts)])
	h.reads++
	return h.Requests.Read(dst[:min(len(dst), 37)])
}

// A together is a target with hosts, and what is told of each request, by its number.
type together struct {
	answer func(n int, conn net.Conn, r *http.Request) bool
	refuse func(n int) error

	mu       sync.Mutex
	dials    int
	arrivals map[int64]int
	mistaken int // requests on the connection of another host
	outcomes map[int64]Outcome
	twice    int // outcomes of requests that had one
	served   sync.WaitGroup
}

func (g *together) dialHost(ctx context.Context, host string) (net.Conn, error) {
	own := &fakeTarget{answer: func(n int, conn net.Conn, r *http.Request) bool {
		number, err := strconv.ParseInt(strings.TrimPrefix(r.URL.Path, "/"), 10, 64)
		g.mu.Lock()
		g.arrivals[number]++
		if err != nil || host != "" && r.Host != host {
			g.mistaken++
		}
		g.mu.Unlock()
		return g.answer(int(number), conn, r)
	}, refuse: func(int) error {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.dials++
		return g.refuse(g.dials - 1)
	}}
	conn, err := own.dial(ctx)
	if err == nil {
		g.served.Go(own.handlers.Wait)
	}
	return conn, err
}

func (g *together) told(o Outcome) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, again := g.outcomes[o.Number]; again {
		g.twice++
	}
	g.outcomes[o.Number] = o
}

// behaving is a target that does, for requests in turn, what a script of numbers says.
func behaving(script []int) func(number int, conn net.Conn, r *http.Request) bool {
	return func(number int, conn net.Conn, r *http.Request) bool {
		switch script[number%len(script)] {
		case 0:
			return false
		case 1:
			time.Sleep(time.Duration(number%9) * time.Second)
		case 2:
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\nuntil the end")
			return false
		case 3:
			_, _ = io.WriteString(conn, "HTTP/1.1 2")
			time.Sleep(time.Duration(number%9) * 100 * time.Millisecond)
			return false
		case 4:
			_, _ = io.WriteString(conn, okAnswer+okAnswer)
			return true
		case 5, 6, 7:
			time.Sleep(time.Duration(number%9) * 10 * time.Millisecond)
		}
		return answerOK(number, conn, r)
	}
}

// Whatever is asked for together and whatever a target does, each request ends in one place, once, on a connection of its
// own, and nothing is held when all is over.
func TestOptionsTogether(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 1500).Draw(rt, "requests")
		distance := time.Duration(rapid.IntRange(0, 20).Draw(rt, "ms")) * time.Millisecond
		source := newTrace(every(distance, n)...)
		hosts, clients := rapid.IntRange(1, 6).Draw(rt, "hosts"), rapid.IntRange(1, 9).Draw(rt, "clients")
		for i := range source.rows {
			row := &source.rows[i]
			row.Target, row.Host = fmt.Appendf(nil, "/%d", i), fmt.Appendf(nil, "h%d", i*7%11%hosts)
			row.Client = fmt.Appendf(nil, "10.0.0.%d", i*5%13%clients)
		}
		opts := testOptions
		opts.Connections = rapid.IntRange(1, 6).Draw(rt, "connections")
		opts.MaxInFlight = rapid.IntRange(1, 200).Draw(rt, "max in flight")
		opts.Threads = rapid.IntRange(1, min(opts.Connections, opts.MaxInFlight, 4)).Draw(rt, "threads")
		opts.Closed = rapid.Bool().Draw(rt, "closed")
		opts.PerClient = !opts.Closed && rapid.Bool().Draw(rt, "per client")
		opts.Retry = rapid.IntRange(0, 3).Draw(rt, "retry")
		opts.Late = rapid.SampledFrom([]Late{LateCatchUp, LateDrop, LateShift}).Draw(rt, "late")
		opts.Timeout = time.Duration(rapid.IntRange(1, 50).Draw(rt, "timeout")) * 100 * time.Millisecond
		opts.FirstByte = opts.Timeout * time.Duration(rapid.IntRange(0, 2).Draw(rt, "first byte")) / 2
		opts.Plan.Duration = time.Duration(rapid.IntRange(0, 60).Draw(rt, "duration")) * 100 * time.Millisecond
		opts.HashBodies = rapid.Bool().Draw(rt, "hash")
		stop := time.Duration(rapid.IntRange(0, 80).Draw(rt, "stop")) * 100 * time.Millisecond
		kill := stop + time.Duration(rapid.IntRange(0, 30).Draw(rt, "kill"))*100*time.Millisecond
		halts := make([]time.Duration, 5)
		for i := range halts {
			halts[i] = time.Duration(max(rapid.IntRange(-300, 300).Draw(rt, "halt"), 0)) * time.Millisecond
		}
		script := rapid.SliceOfN(rapid.IntRange(0, 20), 1, 20).Draw(rt, "script")
		refuse := rapid.SliceOfN(rapid.Bool(), 1, 8).Draw(rt, "refuse")
		g := &together{arrivals: map[int64]int{}, outcomes: map[int64]Outcome{}}
		g.answer = behaving(script)
		g.refuse = func(n int) error {
			if n > 0 && refuse[n%len(refuse)] {
				return syscall.ECONNREFUSED
			}
			return nil
		}
		opts.Outcomes = g.told
		target := Target{Dial: func(ctx context.Context) (net.Conn, error) { return g.dialHost(ctx, "") }}
		if hosts > 1 {
			target.DialHost = g.dialHost
		}
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			killed, end := context.WithCancel(t.Context())
			if stop > 0 {
				time.AfterFunc(stop, cancel)
				time.AfterFunc(kill, end)
			}
			r := New(&haltingSource{Requests: source.traffic(t, traffic.Options{}), halts: halts}, target, opts)
			result, err := r.run(ctx, killed, startBubbleClock)
			if err != nil {
				rt.Fatal(err)
			}
			cancel()
			end()
			g.served.Wait()
			g.check(rt, result)
			checkNothingIsHeld(rt, r.watched.Load().loops)
		})
	})
}

// check holds that the parts of a result say the same.
func (g *together) check(rt *rapid.T, result *Result) {
	l := result.Ledger
	if err := l.Check(); err != nil {
		rt.Fatal(err)
	}
	var fates [Dropped + 1]int64
	for number, o := range g.outcomes {
		fates[o.Fate]++
		if arrived := g.arrivals[number]; arrived > o.Attempts {
			rt.Fatalf("request %d arrived %d times in %d attempts", number, arrived, o.Attempts)
		}
	}
	if g.twice > 0 || g.mistaken > 0 || fates[Answered] != l.Responses || fates[Failed] != l.Failed || fates[Dropped] != l.Dropped {
		rt.Fatalf("%d outcomes told twice, %d requests on a wrong connection, fates %v, ledger %+v", g.twice, g.mistaken, fates, l)
	}
	for number, arrived := range g.arrivals {
		if _, ended := g.outcomes[number]; !ended {
			rt.Fatalf("request %d arrived %d times, and did not end", number, arrived)
		}
	}
	var failures int64
	for _, f := range result.Errors {
		failures += f.Count
	}
	var windows Window
	for _, w := range result.Windows {
		windows.Sent, windows.Responses, windows.Failed = windows.Sent+w.Sent, windows.Responses+w.Responses, windows.Failed+w.Failed
	}
	if failures != l.Failed || windows.Sent != l.Sent || windows.Responses != l.Responses || windows.Failed != l.Failed {
		rt.Fatalf("%d failures by class, windows %+v, ledger %+v", failures, windows, l)
	}
}

// checkNothingIsHeld holds that the numbers of the loops come back to nothing.
func checkNothingIsHeld(rt *rapid.T, ls loops) {
	c := ls[0].common
	if c.open.now.Load() != 0 || c.waiting.now.Load() != 0 {
		rt.Fatalf("%d connections open and %d requests waiting in the end", c.open.now.Load(), c.waiting.now.Load())
	}
	for _, l := range ls {
		if l.slots != 0 || l.busy != 0 || l.flying.oldest != nil || l.silent.oldest != nil || l.waiting.len() != 0 {
			rt.Fatalf("%d slots, %d busy, %d waiting in the end", l.slots, l.busy, l.waiting.len())
		}
		for e := l.lanes.order.Front(); e != nil; e = e.Next() {
			if lane := e.Value.(*lane); lane.open != 0 {
				rt.Fatalf("a lane has %d connections in the end", lane.open)
			}
		}
	}
}
