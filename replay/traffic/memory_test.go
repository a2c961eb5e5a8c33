package traffic_test

import (
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"ngxreplay/replay/route"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"

	"pgregory.net/rapid"
)

// A memory is a trace in memory, which can fail.
type memory struct {
	requests []trace.Request
	info     trace.Info
	failAt   int // the request before which reading fails; 0 is never
	most     int // requests a Read
	read     int
	opened   *int // readers that are open
}

// newMemory describes requests as a builder would.
func newMemory(requests []trace.Request, start int64) *memory {
	info := trace.Info{Requests: int64(len(requests)), StartNS: start, SHA256: "x", Methods: map[string]int64{}}
	routes := map[string]int64{}
	for i := range requests {
		r := &requests[i]
		info.SpanNS = r.Offset
		info.Methods[string(r.Method)]++
		routes[r.Route]++
	}
	for name, n := range routes {
		info.Routes = append(info.Routes, route.Route{Name: name, Requests: n})
	}
	return &memory{requests: requests, info: info, most: 7, opened: new(int)}
}

// open returns a reader of its own.
func (m *memory) open() (traffic.Trace, error) {
	*m.opened++
	reader := *m
	reader.read = 0
	return &reader, nil
}

var errBroken = fmt.Errorf("broken")

func (m *memory) Read(dst []trace.Request) (int, error) {
	dst = dst[:min(len(dst), m.most)] // fewer than asked for
	end := len(m.requests)
	if m.failAt > 0 {
		end = m.failAt
	}
	n := copy(dst, m.requests[m.read:end])
	m.read += n
	switch {
	case m.read < end:
		return n, nil
	case m.failAt > 0:
		return n, errBroken
	}
	return n, io.EOF
}

func (m *memory) Info() *trace.Info { return &m.info }

func (m *memory) Close() error {
	*m.opened--
	return nil
}

// anyMemory has a few clients, several requests a second, gaps, and ties.
func anyMemory(t *rapid.T) *memory {
	start := rapid.Int64Range(0, 3e9).Draw(t, "start")
	n := rapid.IntRange(1, 60).Draw(t, "requests")
	requests := make([]trace.Request, n)
	var offset int64
	for i := range requests {
		requests[i] = trace.Request{
			Offset: offset,
			Line:   int64(i + 1),
			Source: "x.log",
			Method: []byte(rapid.SampledFrom([]string{"GET", "GET", "GET", "POST", "PUT"}).Draw(t, "method")),
			Target: []byte(fmt.Sprintf("/%d", i)),
			Route:  rapid.SampledFrom([]string{"/a", "/b", "other"}).Draw(t, "route"),
			Status: rapid.SampledFrom([]int32{200, 200, 404, 500, 503}).Draw(t, "status"),
			Client: []byte{byte(rapid.IntRange(1, 6).Draw(t, "client"))},
		}
		offset += rapid.SampledFrom([]int64{0, 1, 1e6, 3e8, 2.5e9}).Draw(t, "gap")
	}
	return newMemory(requests, start)
}

// A sent is a request as a test remembers it.
type sent struct {
	line       int64
	copy, loop int32
	at         time.Duration
	client     uint64
	method     string
	route      string
	status     int32
}

// all reads everything, by batches of that size.
func all(t rapid.TB, s traffic.Stream, size int) []sent {
	t.Helper()
	list, err := drain(s, size)
	if err != io.EOF {
		t.Fatal(err)
	}
	return list
}

func drain(s traffic.Stream, size int) (list []sent, err error) {
	batch := make([]traffic.Request, size)
	for {
		n, err := s.Read(batch)
		for _, r := range batch[:n] {
			rec := r.Recorded
			list = append(list, sent{rec.Line, r.Copy, r.Loop, r.At, r.Client, string(rec.Method), rec.Route, rec.Status})
			if want := fmt.Sprintf("/%d", rec.Line-1); string(rec.Target) != want {
				return list, fmt.Errorf("line %d has the target %s", rec.Line, rec.Target)
			}
		}
		if err != nil {
			return list, err
		}
	}
}

func newTraffic(t rapid.TB, m *memory, opts traffic.Options) *traffic.Traffic {
	t.Helper()
	tr, err := traffic.New(m.open, opts)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func closed(t rapid.TB, m *memory, tr *traffic.Traffic) {
	t.Helper()
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	if *m.opened != 0 {
		t.Fatalf("%d readers of the trace are still open", *m.opened)
	}
}

func inOrder(t rapid.TB, list []sent) {
	t.Helper()
	if len(list) > 0 && list[0].at < 0 || !slices.IsSortedFunc(list, func(a, b sent) int { return int(a.at - b.at) }) {
		t.Fatalf("times go backwards: %v", list)
	}
}

// plain is n requests of that many clients, at that distance.
func plain(n, clients int, gap time.Duration) *memory {
	requests := make([]trace.Request, n)
	for i := range requests {
		method := "GET"
		if i%10 == 9 {
			method = "POST"
		}
		requests[i] = trace.Request{
			Offset: int64(i) * int64(gap), Line: int64(i + 1), Method: []byte(method),
			Target: []byte(fmt.Sprintf("/%d", i)), Route: "/:id", Status: 200, Source: "x.log",
			Client: []byte(fmt.Sprint(i % clients)), UserAgent: []byte("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101"),
		}
	}
	return newMemory(requests, 0)
}

func mix(t testing.TB, text string) traffic.Mix {
	t.Helper()
	m, err := traffic.ParseMix(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
