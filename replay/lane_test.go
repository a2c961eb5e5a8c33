package replay

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"ngxreplay/replay/trace"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A visit is a request of a client at a time. A connection that the log numbers is not 0.
type visit struct {
	client     string
	at         time.Duration
	connection int64
	request    int64
}

func newVisits(visits ...visit) *memoryTrace {
	m := newTrace()
	for _, v := range visits {
		r := trace.Request{
			Offset: int64(v.at), Method: []byte("GET"), Target: []byte("/" + v.client), Client: []byte(v.client),
			Route: "/x", Connection: -1, ConnectionRequests: -1,
		}
		if v.connection > 0 {
			r.Connection, r.ConnectionRequests = v.connection, v.request
		}
		m.rows = append(m.rows, r)
	}
	m.info = trace.Info{Requests: int64(len(visits)), SpanNS: m.rows[len(visits)-1].Offset}
	return m
}

// carriers replays with connections per client and returns, for each request in order of arrival, client and number of
// connection. The probe has number 0.
func carriers(t *testing.T, source *memoryTrace, opts Options, serve time.Duration) ([]string, *Result) {
	t.Helper()
	numbers := map[net.Conn]int{}
	var got []string
	target := &fakeTarget{}
	target.answer = func(n int, conn net.Conn, r *http.Request) bool {
		target.mu.Lock()
		if _, ok := numbers[conn]; !ok {
			numbers[conn] = len(numbers) + 1
		}
		got = append(got, fmt.Sprintf("%s on %d", r.URL.Path[1:], numbers[conn]))
		target.mu.Unlock()
		time.Sleep(serve)
		return answerOK(n, conn, r)
	}
	opts.PerClient = true
	result := replayInBubble(t, source, target, opts, 0)
	if err := result.Ledger.Check(); err != nil {
		t.Error(err)
	}
	return got, result
}

func TestEachClientHasItsOwnConnection(t *testing.T) {
	const second = time.Second
	for name, test := range map[string]struct {
		visits []visit
		speed  float64
		limit  int
		serve  time.Duration
		want   []string
	}{
		"kept between requests": {
			[]visit{{"a", 0, 0, 0}, {"b", second, 0, 0}, {"a", 2 * second, 0, 0}, {"b", 3 * second, 0, 0}}, 1, 10, 0,
			[]string{"a on 1", "b on 2", "a on 1", "b on 2"}},
		"ended by 75 s of quiet": {
			[]visit{{"a", 0, 0, 0}, {"a", 75 * second, 0, 0}, {"a", 151 * second, 0, 0}}, 1, 10, 0,
			[]string{"a on 1", "a on 1", "a on 2"}},
		"75 s of trace time, whatever the speed": {
			[]visit{{"a", 0, 0, 0}, {"a", 75 * second, 0, 0}, {"a", 151 * second, 0, 0}}, 10, 10, 0,
			[]string{"a on 1", "a on 1", "a on 2"}},
		"a second one while the first is busy": {
			[]visit{{"a", 0, 0, 0}, {"a", second, 0, 0}, {"a", 5 * second, 0, 0}}, 1, 10, 2 * second,
			[]string{"a on 1", "a on 2", "a on 2"}},
		"as the log numbers them": {
			[]visit{{"a", 0, 7, 1}, {"a", second, 8, 1}, {"a", 2 * second, 7, 2}, {"a", 3 * second, 8, 2}, {"a", 4 * second, 7, 1}}, 1, 10, 0,
			[]string{"a on 1", "a on 2", "a on 1", "a on 2", "a on 3"}},
		"numbered ones outlast 75 s, as they did": {
			[]visit{{"a", 0, 7, 1}, {"a", 300 * second, 7, 2}}, 1, 10, 0,
			[]string{"a on 1", "a on 1"}},
		"never another client's, not even at the limit": {
			[]visit{{"a", 0, 0, 0}, {"b", second, 0, 0}, {"a", 2 * second, 0, 0}}, 1, 1, 3 * second,
			[]string{"a on 1", "b on 2", "a on 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			opts := testOptions
			opts.Plan.Speed, opts.Connections, opts.Timeout = test.speed, test.limit, time.Minute
			got, result := carriers(t, newVisits(test.visits...), opts, test.serve)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("requests and their connections (-want +got):\n%s", diff)
			}
			if result.OpenAtOnce > test.limit {
				t.Errorf("%d connections at once, limit %d", result.OpenAtOnce, test.limit)
			}
		})
	}
}

func TestAConnectionOfAClientServesAThousandRequests(t *testing.T) {
	var visits []visit
	for i := range 2500 {
		visits = append(visits, visit{client: "a", at: time.Duration(i) * time.Millisecond})
	}
	got, result := carriers(t, newVisits(visits...), testOptions, 0)
	if result.Doubled != 0 {
		t.Errorf("%d doubled without numbers in the log", result.Doubled)
	}
	if len(got) != 2500 || got[999] != "a on 1" || got[1000] != "a on 2" || got[2499] != "a on 3" {
		t.Errorf("%d requests, the 1000th is %s, the next %s, the last %s", len(got), got[999], got[1000], got[2499])
	}
	if result.Opened != 3 {
		t.Errorf("%d connections opened, want 3", result.Opened)
	}
}

func TestClientsNeverShareAConnection(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var visits []visit
		at := time.Duration(0)
		for range rapid.IntRange(1, 60).Draw(rt, "requests") {
			at += time.Duration(rapid.Int64Range(0, int64(30*time.Second)).Draw(rt, "gap"))
			visits = append(visits, visit{client: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "client"), at: at})
		}
		opts := testOptions
		opts.Connections, opts.Timeout = rapid.IntRange(1, 5).Draw(rt, "limit"), time.Hour
		got, _ := carriers(t, newVisits(visits...), opts, time.Duration(rapid.IntRange(0, 20).Draw(rt, "serve"))*time.Second)
		owner := map[string]string{}
		for _, line := range got {
			var client, number string
			fmt.Sscanf(line, "%s on %s", &client, &number)
			if o, ok := owner[number]; ok && o != client {
				rt.Fatalf("connection %s served %s and %s", number, o, client)
			}
			owner[number] = client
		}
		slices.Sort(got)
		if len(got) != len(visits) {
			rt.Fatalf("%d requests arrived, %d were due", len(got), len(visits))
		}
	})
}

// The idle connections of a lane are taken in the reverse order of becoming idle, whichever were taken out between.
func TestLanesTakeTheConnectionUsedLast(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		perClient := rapid.Bool().Draw(rt, "per client")
		l := newLanes(perClient, false, 100)
		var idle []*conn // of all lanes
		requests := []*request{{client: 1}, {client: 2}}
		for range rapid.IntRange(1, 200).Draw(rt, "steps") {
			r := requests[rapid.IntRange(0, 1).Draw(rt, "client")]
			l.enter(r)
			switch rapid.IntRange(0, 3).Draw(rt, "step") {
			case 0:
				c := &conn{lane: r.lane}
				l.put(c)
				idle = append(idle, c)
			case 1:
				var want *conn
				for _, c := range idle {
					if c.lane == r.lane {
						want = c
					}
				}
				if got := l.take(r); got != want {
					rt.Fatalf("took %p, want %p", got, want)
				}
				idle = slices.DeleteFunc(idle, func(c *conn) bool { return c == want })
			case 2:
				if len(idle) > 0 {
					at := rapid.IntRange(0, len(idle)-1).Draw(rt, "removed")
					l.remove(idle[at])
					l.remove(idle[at]) // again does nothing
					idle = slices.Delete(idle, at, at+1)
				}
			case 3:
				if got := l.evict(); !perClient && got != nil || perClient && len(idle) > 0 && got != idle[0] {
					rt.Fatalf("evicted %p of %d", got, len(idle))
				} else if got != nil {
					idle = idle[1:]
				}
			}
		}
	})
}

// A target that closes all idle connections costs each the same, however many there are.
func TestClosingManyIdleConnectionsIsNotQuadratic(t *testing.T) {
	each := func(n int) time.Duration {
		best := time.Hour
		for range 5 {
			l := newLanes(false, false, 100)
			conns := make([]*conn, n)
			for i := range conns {
				conns[i] = &conn{lane: l.shared}
				l.put(conns[i])
			}
			start := time.Now()
			for _, c := range conns {
				l.remove(c)
			}
			best = min(best, time.Since(start))
		}
		return best / time.Duration(n)
	}
	if few, many := each(500), each(50_000); many > 10*few+100*time.Nanosecond {
		t.Errorf("%v each of 500, %v of 50,000", few, many)
	}
}

// A request whose logged connection is still busy leaves when it is due, on a further one, which is counted. A request
// that the log gives a connection of its own is not.
func TestASecondConnectionBesideABusyOneIsCounted(t *testing.T) {
	const second = time.Second
	opts := testOptions
	opts.Timeout = time.Minute
	got, result := carriers(t, newVisits(
		visit{"a", 0, 7, 1}, visit{"a", second, 7, 2}, visit{"a", 3 * second / 2, 8, 1}, visit{"a", 10 * second, 7, 3}, visit{"a", 11 * second, 7, 1},
	), opts, 2*second)
	want := []string{"a on 1", "a on 2", "a on 3", "a on 2", "a on 4"}
	if diff := cmp.Diff(want, got); diff != "" || result.Doubled != 1 {
		t.Errorf("%d doubled, want 1; requests and their connections (-want +got):\n%s", result.Doubled, diff)
	}
}
