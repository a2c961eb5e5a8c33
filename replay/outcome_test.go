package replay

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"testing"
	"time"

	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"

	"github.com/cespare/xxhash/v2"
)

// toldOf replays and returns what was told of each request, which must agree with the ledger.
func toldOf(t *testing.T, source Requests, target *fakeTarget, opts Options, interrupt time.Duration) (map[int64]Outcome, *Result) {
	t.Helper()
	told := map[int64]Outcome{}
	opts.Outcomes = func(o Outcome) {
		if _, twice := told[o.Number]; twice {
			t.Errorf("request %d is told twice", o.Number)
		}
		told[o.Number] = o
	}
	result := replayTraffic(t, source, target, opts, interrupt)
	counts := map[Fate]int64{}
	for n, o := range told {
		counts[o.Fate]++
		if n < 0 || n >= result.Ledger.Scheduled {
			t.Errorf("request %d of %d", n, result.Ledger.Scheduled)
		}
		if o.Fate != Dropped && (o.Sent < o.Due || o.Done < o.Sent || o.First != 0 && (o.First < o.Sent || o.First > o.Done)) {
			t.Errorf("times out of order: %+v", o)
		}
		if (o.Failed != "") != (o.Fate == Failed) || (o.Attempts == 0) != (o.Fate == Dropped) {
			t.Errorf("contradicts itself: %+v", o)
		}
	}
	if l := result.Ledger; counts[Answered] != l.Responses || counts[Failed] != l.Failed || counts[Dropped] != l.Dropped {
		t.Errorf("told %v, ledger %+v", counts, l)
	}
	return told, result
}

func TestOutcomesOfAnswers(t *testing.T) {
	target := &fakeTarget{answer: func(n int, conn net.Conn, _ *http.Request) bool {
		time.Sleep(time.Millisecond)
		_, err := fmt.Fprintf(conn, "HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%0*d", 200+n, n+1, n+1, n)
		return err == nil
	}}
	opts := testOptions
	opts.HashBodies = true
	told, _ := toldOf(t, newTrace(every(time.Second, 4)...).traffic(t, traffic.Options{Loops: 2}), target, opts, 0)
	if len(told) != 8 {
		t.Errorf("%d told of", len(told))
	}
	for n := range 8 {
		o := told[int64(n)]
		body := fmt.Sprintf("%0*d", n+1, n)
		want := Outcome{
			Number: int64(n), Fate: Answered, Due: o.Due, Sent: o.Due, First: o.Due + time.Millisecond, Done: o.Due + time.Millisecond,
			Attempts: 1, Status: 200 + n, Bytes: int64(len(body)), Hash: xxhash.Sum64String(body), Hashed: true,
		}
		if n == 4 { // a 204 has no body
			want.Bytes, want.Hash, want.Hashed = 0, 0, false
			want.Status = 204
		}
		if o != want {
			t.Errorf("%d: %+v, want %+v", n, o, want)
		}
	}
}

func TestOutcomesOfWhatWasNotAnswered(t *testing.T) {
	stuck := &fakeTarget{answer: func(n int, conn net.Conn, r *http.Request) bool {
		if n == 0 {
			_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
			return err == nil // and wait for the rest in vain
		}
		_, err := conn.Read(make([]byte, 1))
		return err == nil
	}}
	opts := testOptions
	opts.Connections, opts.MaxInFlight, opts.HashBodies = 1, 2, true
	told, result := toldOf(t, newTrace(every(time.Millisecond, 4)...).traffic(t, traffic.Options{}), stuck, opts, 0)
	// The first is answered in part, the second waits for its connection too long or is sent, and the others are too many.
	if o := told[0]; o.Fate != Failed || o.Failed != wire.Timeout || o.First != 1 || o.Hashed {
		t.Errorf("%+v", o)
	}
	for n := int64(2); n < 4; n++ {
		if o := told[n]; o.Fate != Dropped || o.Due != time.Duration(n)*time.Millisecond {
			t.Errorf("%d: %+v", n, o)
		}
	}
	if len(told) != 4 || result.Ledger.Dropped < 2 {
		t.Errorf("%d told of, %+v", len(told), result.Ledger)
	}
}

// A request that waits for a connection longer than the timeout is dropped, and told of.
func TestOutcomesOfExpiredRequests(t *testing.T) {
	target := &fakeTarget{answer: func(n int, conn net.Conn, r *http.Request) bool {
		time.Sleep(4 * time.Second)
		return answerOK(n, conn, r)
	}}
	opts := testOptions
	opts.Connections = 1
	told, result := toldOf(t, newTrace(every(time.Millisecond, 6)...).traffic(t, traffic.Options{}), target, opts, 0)
	if len(told) != 6 || result.Fidelity.Expired == 0 || result.Fidelity.Expired != result.Ledger.Dropped {
		t.Errorf("%d told of, %+v, %d expired", len(told), result.Ledger, result.Fidelity.Expired)
	}
}

func TestOutcomesOfAnInterruptedReplay(t *testing.T) {
	target := &fakeTarget{answer: func(n int, conn net.Conn, r *http.Request) bool {
		time.Sleep(3 * time.Second)
		return answerOK(n, conn, r)
	}}
	told, result := toldOf(t, newTrace(every(time.Second, 2000)...).traffic(t, traffic.Options{}), target, testOptions, 10*time.Second+time.Millisecond)
	if len(told) != 11 || result.Ledger.Abandoned != 1989 {
		t.Errorf("%d told of, %+v", len(told), result.Ledger)
	}
}

// A request that is sent again is one outcome, of two attempts.
func TestOutcomesOfReconnectedRequests(t *testing.T) {
	written := 0
	p := &memoryPoller{answer: func(n int) reply {
		if written++; n == 0 && written == 2 {
			return reply{unreceived: true}
		}
		return reply{text: okAnswer}
	}}
	attempts := map[int64]int{}
	opts := testOptions
	opts.Connections = 1
	opts.Outcomes = func(o Outcome) { attempts[o.Number] = o.Attempts }
	result := replayInMemory(t, newTrace(every(time.Second, 3)...).traffic(t, traffic.Options{}), p, opts)
	if result.Reconnected != 1 || !maps.Equal(attempts, map[int64]int{0: 1, 1: 2, 2: 1}) {
		t.Errorf("%d reconnected, attempts %v", result.Reconnected, attempts)
	}
}

// A request that is tried again is one outcome: it left when it was sent first.
func TestOutcomesOfRetriedRequests(t *testing.T) {
	target := &fakeTarget{answer: func(n int, conn net.Conn, r *http.Request) bool {
		time.Sleep(time.Second)
		return n != 1 && answerOK(n, conn, r)
	}}
	opts := testOptions
	opts.Connections, opts.Retry = 1, 1
	told, result := toldOf(t, newTrace(every(10*time.Second, 3)...).traffic(t, traffic.Options{}), target, opts, 0)
	if o := told[1]; o.Attempts != 2 || o.Fate != Answered || o.Sent != o.Due || o.Done != o.Due+2*time.Second || result.Ledger.Sent != 3 {
		t.Errorf("%+v, %+v", o, result.Ledger)
	}
}
