package replay_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ngxreplay/internal/hostile"
	"ngxreplay/replay"
	"ngxreplay/replay/pace"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire"
)

// A fault is one way in which a server misbehaves towards a request. The others it answers well, on the same
// connections where it can.
type fault struct {
	name  string
	steps hostile.Script // instead of the good answer, when the head of the request has been read
	// want is what becomes of the request: "" is an answer. or lists what it may be beside that, where the network or
	// the taste of a parser decides.
	want wire.Class
	or   []wire.Class

	status int           // of the answer; 0 is the good one
	size   int64         // of its body; 0 is the good one, and empty is none
	method string        // of the request; "" is GET
	body   int           // of the request, in bytes
	gap    time.Duration // between requests; 0 is a millisecond
	// stale says that the server ends the connection without having said so. A request that is already on its way may be
	// lost with it: it is sent again only if nothing of it can have been processed.
	stale bool
}

// empty is the size of an answer without a body.
const empty = -1

// good is what a request that meets no fault gets.
var good = fault{name: "none", steps: hostile.Script{hostile.Answer}}

// The faulty ones among the requests of a replay: the first two come early, so that there are fresh connections among
// theirs, the last one late.
const requests = 12

func isFaulty(id int) bool { return id == 1 || id == 2 || id == 6 }

// Requests that hang are given up after shortTimeout. Where nothing hangs, no timeout may tell a busy machine from a
// slow server.
const (
	shortTimeout = 300 * time.Millisecond
	longTimeout  = 10 * time.Second
)

// A mode is how the requests come.
type mode struct {
	name        string
	closed      bool
	connections int
	secure      bool // over TLS
}

// In the open loop no request ever waits for a connection.
var (
	open   = mode{name: "open", connections: 2 * requests}
	closed = mode{name: "closed", closed: true, connections: 4}
	single = mode{name: "single", closed: true, connections: 1}
	secure = mode{name: "tls", connections: 2 * requests, secure: true}
)

// shortTimeout is longer over TLS, where a dozen handshakes come before the answers.
func (m mode) shortTimeout() time.Duration {
	if m.secure {
		return 5 * shortTimeout
	}
	return shortTimeout
}

func (m mode) options(timeout time.Duration) replay.Options {
	return replay.Options{Plan: pace.Plan{Speed: 1}, Connections: m.connections, MaxInFlight: 1000, Timeout: timeout, Closed: m.closed}
}

func TestFaults(t *testing.T) {
	for _, f := range faults() {
		assigned := make([]fault, requests)
		for id := range assigned {
			assigned[id] = good
			if isFaulty(id) {
				assigned[id] = f
			}
		}
		for _, keepAlive := range []bool{true, false} {
			for _, m := range []mode{open, closed, secure} {
				if m.secure && !keepAlive { // the same as plain, with a handshake for each request
					continue
				}
				t.Run(fmt.Sprintf("%s/keep=%v/%s", f.name, keepAlive, m.name), func(t *testing.T) { testFaults(t, assigned, keepAlive, m) })
			}
		}
	}
}

// All faults that do not take a timeout, in any order, one after the other on one connection, as long as it can be kept:
// what one leaves behind must not reach the next. Good requests stand between them, because a POST that meets a
// connection which the server has closed is lost: it is not sent again.
func TestFaultsTogether(t *testing.T) {
	const most = 60 // statuses that are no client errors
	quick := slices.DeleteFunc(faults(), func(f fault) bool { return f.want == wire.Timeout || f.status != 0 })
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 0))
		random.Shuffle(len(quick), func(i, j int) { quick[i], quick[j] = quick[j], quick[i] })
		for part := range slices.Chunk(quick, most/2) {
			assigned := make([]fault, 0, most)
			for _, f := range part {
				f.gap = 0
				assigned = append(assigned, f, good)
			}
			t.Run(fmt.Sprintf("seed=%d/%s", seed, part[0].name), func(t *testing.T) { testFaults(t, assigned, true, single) })
		}
	}
}

// testFaults replays a request for each fault, in that order, and holds that each ended as it should.
func testFaults(t *testing.T, assigned []fault, keepAlive bool, m mode) {
	checkLeaks(t)
	script, dial := hostile.Script{}, dialer
	if m.secure {
		var start hostile.Step
		start, dial = startTLS(t)
		script = append(script, hostile.If(hostile.IsPlain, hostile.Script{start}, nil))
	}
	script = append(script, hostile.ReadHead)
	opts := m.options(longTimeout)
	for id, f := range assigned {
		script = append(script, hostile.If(func(c *hostile.Conn) bool { return c.ID == id }, f.steps, nil))
		if f.want == wire.Timeout {
			opts.Timeout = m.shortTimeout()
		}
	}
	server := listen(t, keepAlive, script...)
	result := run(t, &memory{rows: faultyRequests(assigned)}, dial(server), opts)
	checkCounts(t, result, int64(len(assigned)))
	checkOutcomes(t, result, assigned)
	for id, f := range assigned {
		checkSentOnce(t, server, id, f.method == "POST")
	}
}

// faultyRequests are requests with the logged answer that their fault gives them.
func faultyRequests(assigned []fault) []trace.Request {
	rows := goodRequests(0, len(assigned))
	for id, f := range assigned {
		r := &rows[id]
		r.Status, r.BodyBytes = int32(f.statusOf(id)), f.sizeOf(id)
		if f.gap == 0 {
			f.gap = time.Millisecond
		}
		if id > 0 {
			r.Offset = rows[id-1].Offset + int64(f.gap)
		}
		if f.method != "" {
			r.Method = []byte(f.method)
		}
		if f.body > 0 {
			r.Body = []byte(strings.Repeat("b", f.body))
		}
	}
	return rows
}

func (f *fault) statusOf(id int) int {
	if f.status != 0 {
		return f.status
	}
	return hostile.Status(id)
}

func (f *fault) sizeOf(id int) int64 {
	switch f.size {
	case 0:
		return hostile.Size(id)
	case empty:
		return 0
	}
	return f.size
}

// checkOutcomes holds that each request got its own answer, or failed as its fault has it. A status belongs to one
// request only, so the statuses tell which were answered.
func checkOutcomes(t *testing.T, result *replay.Result, assigned []fault) {
	t.Helper()
	classes, allowed := map[wire.Class]int64{}, map[wire.Class]int64{}
	statuses, size := map[int]int64{}, int64(0)
	stale := 0
	for _, f := range assigned {
		if f.stale {
			stale++
		}
	}
	for id, f := range assigned {
		answered := f.want == ""
		if stale > 0 && answered && len(f.or) == 0 && result.Overall.Status[f.statusOf(id)] == 0 {
			stale--
			f.or = []wire.Class{wire.EOF, wire.Reset}
		}
		if len(f.or) > 0 {
			answered = result.Overall.Status[f.statusOf(id)] > 0
			for _, class := range append(f.or, f.want) {
				allowed[class]++
			}
		} else if !answered {
			classes[f.want]++
		}
		if answered {
			statuses[f.statusOf(id)]++
			size += f.sizeOf(id)
		}
	}
	for class, failures := range result.Errors {
		if n := failures.Count; n < classes[class] || n > classes[class]+allowed[class] {
			t.Errorf("%d requests failed as %s, want %d: %q", n, class, classes[class], failures.Examples)
		}
		delete(classes, class)
	}
	if len(classes) > 0 {
		t.Errorf("no request failed as %v", classes)
	}
	if o := result.Overall; !maps.Equal(o.Status, statuses) || o.Bytes != size || o.SameStatus != o.Responses() || o.SameSize != o.Responses() {
		t.Errorf("of %d responses %d with the status and %d with the size of their own request\ngot  %d bytes, %v\nwant %d bytes, %v",
			o.Responses(), o.SameStatus, o.SameSize, o.Bytes, o.Status, size, statuses)
	}
}

// checkCounts holds that every request of a replay ended in one place, and that it took no longer than it may.
func checkCounts(t *testing.T, result *replay.Result, n int64) {
	t.Helper()
	l := result.Ledger
	if err := l.Check(); err != nil {
		t.Error(err)
	}
	if l.Requests != n || l.Scheduled != n || l.Sent != n || l.Dropped != 0 || l.Abandoned != 0 {
		t.Errorf("not every request was sent: %+v", l)
	}
	if l.Responses != result.Overall.Responses() || l.Failed != result.Overall.Failed() {
		t.Errorf("%d responses and %d failures measured, ledger %+v", result.Overall.Responses(), result.Overall.Failed(), l)
	}
	var failed int64
	for _, f := range result.Errors {
		failed += f.Count
	}
	if failed != l.Failed {
		t.Errorf("%d failures by class, ledger %+v", failed, l)
	}
	if result.Elapsed > longTimeout/2 {
		t.Errorf("it took %v", result.Elapsed)
	}
}

// checkSentOnce holds that a request was not sent in secret: once, and once more at most when a kept connection turned
// out to be closed; never when it may have been carried out.
func checkSentOnce(t *testing.T, server *hostile.Server, id int, writes bool) {
	t.Helper()
	most := 2
	if writes {
		most = 1
	}
	if n := server.Seen(id); n > most {
		t.Errorf("request %d reached the server %d times", id, n)
	}
}
