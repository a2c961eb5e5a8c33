package replay

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"
)

// flood is an answer with a body of n bytes.
func flood(n int) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", n) + strings.Repeat("x", n)
}

// Large answers delay what is due by one read, not by all that there is to read.
func TestLargeAnswersDelayNoRequest(t *testing.T) {
	const large, small = 20, 400
	answer := flood(4 << 20)
	for _, slack := range []time.Duration{0, 500 * time.Microsecond} {
		p := &memoryPoller{copies: 100 * time.Microsecond}
		n := 0
		p.answer = func(int) reply {
			if n++; n <= large {
				return reply{text: answer}
			}
			return reply{text: okAnswer}
		}
		opts := testOptions
		opts.Connections, opts.Slack = large+small, slack
		offsets := append(make([]time.Duration, large), every(200*time.Microsecond, small)...)
		result := replayInMemory(t, newTrace(offsets...).traffic(t, traffic.Options{}), p, opts)
		if got, want := time.Duration(result.Fidelity.Lag.Max()), slack+2*p.copies; got > want || result.Ledger.Responses != large+small {
			t.Errorf("slack %v: lag %v, want at most %v; %+v", slack, got, want, result.Ledger)
		}
	}
}

// A connection that had more to read than a turn allows, and of which an event tells again, is read on once.
func TestAConnectionIsReadOnOnce(t *testing.T) {
	p := &memoryPoller{patientPoller: *newPatientPoller()}
	l := newLoop(t.Context(), Target{Dial: dialMemory}, newFeeds(1, false, 1, nil)[0], newRecorder(newNames(&newTrace().info), 0), testOptions, p)
	defer l.close()
	l.clock = p
	c := &conn{lane: l.lanes.shared, request: &request{}, link: &memoryLink{poller: p, left: flood(8 << 20)}}
	for _, ending := range []bool{false, true, false} {
		l.read(c, ending)
		if len(l.unread) != 1 || l.unread[0] != c {
			t.Fatalf("%d times among the unread", len(l.unread))
		}
	}
	if !c.ending {
		t.Error("forgot that the end follows")
	}
	l.readOn()
	if len(l.unread) != 1 || !c.unread {
		t.Errorf("%d times among the unread after a turn", len(l.unread))
	}
}

// A process that was stopped for longer than the timeout reads what came meanwhile before anything times out.
func TestAnswersThatCameWhileWeWereAwayCount(t *testing.T) {
	const requests, hanging = 600, 3
	for name, away := range map[string]time.Duration{"long": time.Minute, "just too long": testOptions.Timeout + 25*time.Millisecond} {
		p := &memoryPoller{}
		n := 0
		p.answer = func(int) reply {
			if n++; n <= hanging {
				return reply{text: "HTTP/1.1 2"}
			}
			if n == requests {
				p.now += away
			}
			return reply{text: okAnswer}
		}
		opts := testOptions
		opts.Connections, opts.Prime = requests, requests
		result := replayInMemory(t, newTrace(every(0, requests)...).traffic(t, traffic.Options{}), p, opts)
		if f := result.Errors[wire.Timeout]; result.Ledger.Responses != requests-hanging || f == nil || f.Count != hanging {
			t.Errorf("%s: %+v, %v", name, result.Ledger, result.Errors)
		}
	}
}

// What waited for a connection while we were away, and what was due then, leaves as soon as answers were read.
func TestWaitingWhileWeWereAwayDoesNotExpire(t *testing.T) {
	p := &memoryPoller{}
	n := 0
	p.answer = func(int) reply {
		if n++; n == 2 {
			p.now += time.Minute
		}
		return reply{text: okAnswer}
	}
	opts := testOptions
	opts.Connections = 2
	offsets := append(every(0, 20), time.Second, 2*time.Second, 3*time.Second)
	result := replayInMemory(t, newTrace(offsets...).traffic(t, traffic.Options{}), p, opts)
	if result.Ledger.Responses != 23 || result.Fidelity.Expired != 0 {
		t.Errorf("%+v, %d expired", result.Ledger, result.Fidelity.Expired)
	}
}

// A resetLink gives an answer, and with it the news that the connection broke.
type resetLink struct{ memoryLink }

func (l *resetLink) read(b []byte) (int, error) { return copy(b, l.left), syscall.ECONNRESET }

// What waits for a connection does not leave on one that has broken behind its last answer.
func TestNothingLeavesOnABrokenConnection(t *testing.T) {
	p := &memoryPoller{patientPoller: *newPatientPoller(), answer: func(int) reply { return reply{} }}
	opts := testOptions
	opts.Connections = 1
	l := newLoop(t.Context(), Target{Dial: dialMemory}, newFeeds(1, false, 1, nil)[0], newRecorder(newNames(&newTrace().info), 0), opts, p)
	defer l.close()
	l.clock = p
	c := &conn{lane: l.lanes.shared, link: &resetLink{memoryLink{poller: p, left: okAnswer}}}
	l.hold(c.lane, 1)
	l.places = []*conn{c}
	l.depart(c, &request{}, 0)
	next := &request{lane: c.lane}
	l.waiting.push(next)
	l.busy = 2
	l.handle(event{readable: true})
	if flying := l.flying.oldest; !c.closed || len(l.chunk) != 1 || l.chunk[0].failed != "" || flying == nil || flying == c || flying.request != next || l.reconnected != 0 {
		t.Errorf("closed %v, %d samples, %d reconnected", c.closed, len(l.chunk), l.reconnected)
	}
}
