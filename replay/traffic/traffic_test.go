package traffic_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"

	"pgregory.net/rapid"
)

func TestNothingAskedIsTheTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMemory(t)
		tr := newTraffic(t, m, traffic.Options{})
		list := all(t, tr, rapid.IntRange(1, 20).Draw(t, "batch"))
		for i, r := range list {
			if r.line != int64(i+1) || r.at != m.requests[i].Arrival() || r.client != 0 {
				t.Fatalf("request %d is %+v", i, r)
			}
		}
		if want := (traffic.Counts{Trace: int64(len(m.requests))}); tr.Counts() != want || tr.Planned().Requests() != want.Trace || tr.Span() != m.info.Span() {
			t.Fatalf("%+v", tr.Counts())
		}
		closed(t, m, tr)
	})
}

// perSecond counts requests by the second of the log's clock.
func perSecond(m *memory, list []sent) map[int64]int {
	counts := map[int64]int{}
	for _, r := range list {
		counts[(m.info.StartNS+int64(r.at))/int64(time.Second)]++
	}
	return counts
}

// Loops and whole copies: each request is there exactly so often, each second has exactly so many times its requests,
// and each client of each copy keeps its order.
func TestLoopsAndCopies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMemory(t)
		loops, factor := rapid.IntRange(1, 3).Draw(t, "loops"), rapid.IntRange(1, 4).Draw(t, "factor")
		seed := rapid.Uint64().Draw(t, "seed")
		looped := all(t, newTraffic(t, m, traffic.Options{Loops: loops}), 100)
		*m.opened = 0
		opts := traffic.Options{Loops: loops, Amplify: float64(factor), Seed: seed, Clients: true}
		tr := newTraffic(t, m, opts)
		list := all(t, tr, rapid.IntRange(1, 20).Draw(t, "batch"))
		closed(t, m, tr)
		inOrder(t, looped)
		inOrder(t, list)
		if len(list) != len(m.requests)*loops*factor || tr.Counts().Requests() != int64(len(list)) || tr.Planned().Requests() != int64(len(list)) {
			t.Fatalf("%d requests of %d, %+v", len(list), len(m.requests), tr.Counts())
		}
		seen := map[[3]int64]bool{}
		last := map[[2]int64]sent{}
		identity := map[uint64][2]int64{}
		for _, r := range list {
			if key := [3]int64{r.line, int64(r.copy), int64(r.loop)}; seen[key] {
				t.Fatalf("%+v is there twice", r)
			} else {
				seen[key] = true
			}
			client := [2]int64{int64(m.requests[r.line-1].Client[0]), int64(r.copy)}
			before := last[client]
			if before.loop > r.loop || before.loop == r.loop && before.line >= r.line {
				t.Fatalf("%+v comes after %+v", r, before)
			}
			last[client] = r
			if known, ok := identity[r.client]; ok && known != client {
				t.Fatalf("%v and %v have the same number", known, client)
			}
			identity[r.client] = client
		}
		want := perSecond(m, looped)
		for second, n := range perSecond(m, list) {
			if n != factor*want[second] {
				t.Fatalf("second %d has %d requests, want %d times %d", second, n, factor, want[second])
			}
		}
		if again := all(t, newTraffic(t, m, opts), 100); !slices.Equal(again, list) {
			t.Fatal("the same seed made another stream")
		}
	})
}

func TestLoopsHaveNoSeam(t *testing.T) {
	m := plain(5, 1, 2*time.Second)
	list := all(t, newTraffic(t, m, traffic.Options{Loops: 3}), 4)
	for i, r := range list {
		if r.at != time.Duration(i)*2*time.Second || r.loop != int32(i/5) {
			t.Errorf("request %d: %+v", i, r)
		}
	}
}

// A factor with a part: a client is copied in whole or not at all.
func TestClientsAreWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMemory(t)
		factor := rapid.Float64Range(0.1, 3).Draw(t, "factor")
		opts := traffic.Options{Loops: 2, Amplify: factor}
		chosen, err := traffic.Chosen(m.open, opts)
		if err != nil {
			t.Fatal(err)
		}
		opts.Chosen = chosen
		tr := newTraffic(t, m, opts)
		planned := tr.Planned()
		list := all(t, tr, 10)
		closed(t, m, tr)
		if planned.Requests() != int64(len(list)) || planned.Requests() != tr.Counts().Requests() {
			t.Fatalf("%d requests, but %+v were planned", len(list), planned)
		}
		inOrder(t, list)
		times := map[int64]int{}
		for _, r := range list {
			times[r.line]++
		}
		byClient := map[byte]int{}
		for _, r := range m.requests {
			n := times[r.Line]
			if known, ok := byClient[r.Client[0]]; ok && known != n {
				t.Fatalf("client %d: one request is there %d times, another %d", r.Client[0], known, n)
			}
			byClient[r.Client[0]] = n
			if whole := 2 * int(factor); n != whole && n != whole+2 {
				t.Fatalf("%d times at factor %v", n, factor)
			}
		}
		if tr.Counts().Requests() != int64(len(list)) {
			t.Fatalf("%d requests, but %+v", len(list), tr.Counts())
		}
	})
}

func TestSeedsDiffer(t *testing.T) {
	m := plain(100, 10, 13*time.Millisecond)
	a := all(t, newTraffic(t, m, traffic.Options{Amplify: 2, Seed: 1}), 10)
	b := all(t, newTraffic(t, m, traffic.Options{Amplify: 2, Seed: 2}), 10)
	if slices.Equal(a, b) {
		t.Error("two seeds made the same stream")
	}
}

func TestCopiesHaveAddressesOfTheirOwn(t *testing.T) {
	header := trace.Header{Name: []byte("x-forwarded-for"), Value: []byte("203.0.113.9, 10.0.0.1")}
	cookie := trace.Header{Name: []byte("cookie"), Value: []byte("a=1")}
	m := plain(3, 1, time.Millisecond)
	for i := range m.requests {
		m.requests[i].Headers = []trace.Header{cookie, header}
	}
	tr := newTraffic(t, m, traffic.Options{Amplify: 3})
	batch := make([]traffic.Request, 20)
	n, err := tr.Read(batch)
	if n != 9 || err != io.EOF {
		t.Fatalf("%d requests, %v", n, err)
	}
	byCopy := map[int32]string{}
	for _, r := range batch[:n] {
		value := string(r.Recorded.Headers[1].Value)
		if known := byCopy[r.Copy]; known != "" && known != value {
			t.Errorf("copy %d comes from %s and %s", r.Copy, known, value)
		}
		byCopy[r.Copy] = value
		if r.Copy > 0 && (!strings.HasPrefix(value, "198.1") || !strings.HasSuffix(value, ", 10.0.0.1")) {
			t.Errorf("forwarded for %s", value)
		}
		if string(r.Recorded.Headers[0].Value) != "a=1" {
			t.Error("another header changed")
		}
	}
	if byCopy[0] != "203.0.113.9, 10.0.0.1" || byCopy[1] == byCopy[2] {
		t.Errorf("%v", byCopy)
	}
}

func TestACopyWaitsForASecondAtMost(t *testing.T) {
	m := plain(30_000, 10, time.Millisecond)
	var reader *memory
	tr, err := traffic.New(func() (traffic.Trace, error) {
		opened, err := m.open()
		reader = opened.(*memory)
		return opened, err
	}, traffic.Options{Amplify: 3})
	if err != nil {
		t.Fatal(err)
	}
	batch := make([]traffic.Request, 1)
	for range 3000 {
		if _, err := tr.Read(batch); err != nil {
			t.Fatal(err)
		}
		if ahead := time.Duration(reader.read)*time.Millisecond - batch[0].At; ahead > time.Second+256*time.Millisecond {
			t.Fatalf("%v was read ahead", ahead)
		}
	}
}

func TestErrorsComeAfterWhatWasRead(t *testing.T) {
	for name, opts := range map[string]traffic.Options{
		"plain":     {},
		"loop":      {Loops: 2},
		"amplified": {Amplify: 2},
		"mixed":     {Mix: mix(t, "GET=9,POST=1")},
	} {
		m := plain(100, 10, time.Millisecond)
		m.failAt = 50
		tr := newTraffic(t, m, opts)
		list, err := drain(tr, 8)
		want := 50
		if opts.Amplify == 2 {
			want = 100
		}
		if !errors.Is(err, errBroken) || len(list) < want-1 || len(list) > want {
			t.Errorf("%s: %d requests, then %v", name, len(list), err)
		}
		closed(t, m, tr)
	}
}

func TestBadOptions(t *testing.T) {
	m := plain(10, 1, time.Millisecond)
	_, err := traffic.New(m.open, traffic.Options{Loops: -1, Amplify: -2})
	if err == nil || !strings.Contains(err.Error(), "loop -1") || !strings.Contains(err.Error(), "amplify -2") {
		t.Errorf("%v", err)
	}
	if *m.opened != 0 {
		t.Error("the trace is still open")
	}
	calls := 0
	tr, err := traffic.New(func() (traffic.Trace, error) {
		calls++
		other := *m
		other.info.SHA256 = strings.Repeat("x", calls)
		return other.open()
	}, traffic.Options{Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := drain(tr, 10); !strings.Contains(err.Error(), "replaced") {
		t.Errorf("another trace was taken for the second loop: %v", err)
	}
	m.info.SpanNS = 5
	if _, err := drain(newTraffic(t, m, traffic.Options{Loops: 2}), 10); !strings.Contains(err.Error(), "beyond the span") {
		t.Errorf("an offset beyond the span: %v", err)
	}
}

func TestCopiesAndLoopsHaveConnectionsOfTheirOwn(t *testing.T) {
	m := plain(2, 1, time.Millisecond)
	for i := range m.requests {
		m.requests[i].Connection = 7
	}
	batch := make([]traffic.Request, 20)
	n, err := newTraffic(t, m, traffic.Options{Amplify: 3, Loops: 3}).Read(batch)
	if n != 18 || err != io.EOF {
		t.Fatalf("%d requests, %v", n, err)
	}
	requests := map[uint64]int{}
	for _, r := range batch[:n] {
		connection, ok := r.Connection()
		if !ok {
			t.Fatal("no connection")
		}
		requests[connection]++
	}
	if len(requests) != 9 {
		t.Errorf("%d connections of 3 clients in 3 loops", len(requests))
	}
	m.requests[0].Connection = -1
	if _, ok := (&traffic.Request{Recorded: &m.requests[0]}).Connection(); ok {
		t.Error("a connection that was not logged")
	}
}
