package traffic_test

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"

	"pgregory.net/rapid"
)

func TestParseMix(t *testing.T) {
	for _, text := range []string{"GET=7,POST=2,PUT=1", "route:/api/a=b=3,other=0.5", "status:5xx=1,status:404=2", "GET=1"} {
		m, err := traffic.ParseMix(text)
		if err != nil || m.String() != text || m.IsZero() {
			t.Errorf("%s: read as %s, %v", text, m, err)
		}
	}
	for text, want := range map[string]string{
		"":                       `"" is no class`,
		"GET":                    `"GET" is no class`,
		"=3":                     `"=3" is no class`,
		"GET=0":                  "GET: weight 0",
		"GET=-1":                 `weight "-1"`,
		"GET=x,POST=y":           `weight "y"`,
		"GET=1,GET=2":            "GET is there twice",
		"route:=1":               "route:: no such class",
		"status:6x=1":            "status:6x: no such class",
		"status:abc=1":           "status:abc: no such class",
		"status:4y4=1":           "status:4y4: not a status",
		"host:x=1":               "host:x: no such class",
		"GET=1000000,A=0.000001": "too far apart",
	} {
		if _, err := traffic.ParseMix(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

func TestImpossibleMixes(t *testing.T) {
	m := plain(100, 10, time.Millisecond)
	for text, want := range map[string]string{
		"GET=7,PUT=1":                     "no request is PUT; the methods are GET (90), POST (10)",
		"route:/x=1,other=2":              "no request is route:/x; the routes are /:id (100)",
		"status:5xx=1,other=2":            "no request is status:5xx; the statuses are 200 (100)",
		"GET=1,POST=1,other=1":            "no request is other",
		"GET=1,route:/:id=1,status:200=1": "no request is status:200",
	} {
		_, err := traffic.New(m.open, traffic.Options{Mix: mix(t, text)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", text, err, want)
		}
		if *m.opened != 0 {
			t.Errorf("%s: the trace is still open", text)
		}
	}
}

// inClass is a second opinion on classes.
func inClass(name string, r sent) bool {
	return name == r.method || name == "route:"+r.route || name == fmt.Sprintf("status:%d", r.status) ||
		name == fmt.Sprintf("status:%dxx", r.status/100)
}

// Under any combination of loops, copies and a mix, the times are those of the traffic without the mix, any beginning has
// the asked shares to within one request, and each class comes in its own order, again from the start when it has run
// out: nothing is lost or doubled.
func TestMix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMemory(t)
		names := rapid.SampledFrom([][]string{
			{"GET", "POST", "PUT"}, {"POST", "GET"}, {"PUT", "other"}, {"route:/a", "other"}, {"route:/b", "route:/a"},
			{"status:5xx", "status:404", "other"}, {"GET", "route:/a", "status:404", "other"}, {"other"},
		}).Draw(t, "classes")
		opts := traffic.Options{
			Loops:   rapid.IntRange(1, 3).Draw(t, "loops"),
			Amplify: rapid.SampledFrom([]float64{1, 1, 2, 3, 1.5, 0.5}).Draw(t, "factor"),
			Seed:    1,
			Clients: true,
		}
		unmixed := all(t, newTraffic(t, m, opts), 100)
		var weights []float64
		var total float64
		var parts []string
		for _, name := range names {
			w := rapid.SampledFrom([]float64{1, 2, 7, 0.25, 50}).Draw(t, "weight")
			weights, total = append(weights, w), total+w
			parts = append(parts, fmt.Sprintf("%s=%v", name, w))
		}
		queues := make([][]sent, len(names))
		unnamed := 0
		for _, r := range unmixed {
			class := -1
			for i, name := range names {
				if name == "other" && class < 0 || name != "other" && inClass(name, r) {
					class = i
					break
				}
			}
			if class < 0 {
				unnamed++
				continue
			}
			queues[class] = append(queues[class], r)
		}
		*m.opened = 0
		opts.Mix, _ = traffic.ParseMix(strings.Join(parts, ","))
		opts.Memory = rapid.SampledFrom([]int{0, 1, 1000}).Draw(t, "memory") // all, or nearly nothing, in memory
		tr, err := traffic.New(m.open, opts)
		for _, q := range queues {
			if len(q) == 0 {
				if err == nil || !strings.Contains(err.Error(), "no request is") {
					t.Fatalf("an impossible mix: %v", err)
				}
				return
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		mixed := all(t, tr, rapid.IntRange(1, 20).Draw(t, "batch"))
		if len(mixed) != len(unmixed) || tr.Counts().Requests() != int64(len(mixed)) {
			t.Fatalf("%d requests of %d, %+v", len(mixed), len(unmixed), tr.Counts())
		}
		drawn, early := make([]int, len(names)), rapid.IntRange(0, len(mixed)).Draw(t, "early")
		for n, r := range mixed {
			if n == early { // what was sent by then, whatever was read
				for i, s := range tr.Mixed(int64(early)).Classes {
					if s.Drawn != int64(drawn[i]) || s.Cycles != int64(max(drawn[i]-1, 0)/len(queues[i])) {
						t.Fatalf("after %d requests: %+v, want %d drawn", early, s, drawn[i])
					}
				}
			}
			class := -1
			for i, q := range queues {
				want := q[drawn[i]%len(q)]
				want.at = unmixed[n].at
				if r == want {
					class = i
				}
			}
			if class < 0 {
				t.Fatalf("request %d is the next of no class, or not at its time: %+v", n, r)
			}
			drawn[class]++
			for i, w := range weights {
				if off := float64(drawn[i]) - w/total*float64(n+1); math.Abs(off) >= 1 {
					t.Fatalf("after %d requests, %d are %s of %v", n+1, drawn[i], names[i], parts)
				}
			}
		}
		table := tr.Mixed(math.MaxInt64)
		for i, s := range table.Classes {
			cycles := max(drawn[i]-1, 0) / len(queues[i])
			if s.Class != names[i] || s.Drawn != int64(drawn[i]) || s.Cycles != int64(cycles) || s.LeftOut != int64(max(len(queues[i])-drawn[i], 0)) {
				t.Fatalf("%+v, want %d drawn, %d cycles of %d", s, drawn[i], cycles, len(queues[i]))
			}
		}
		if table.Unnamed != int64(unnamed) || table.Drawn != int64(len(mixed)) {
			t.Fatalf("%+v, want %d unnamed", table, unnamed)
		}
		closed(t, m, tr)
	})
}

// What is passed on the way to a class is held only until it is sent: a mix that has about the shares of the trace does
// not read it far ahead.
func TestAMixReadsAsFarAsItMust(t *testing.T) {
	m := plain(30_000, 10, time.Millisecond)
	var reader *memory
	tr, err := traffic.New(func() (traffic.Trace, error) {
		opened, err := m.open()
		reader = opened.(*memory)
		return opened, err
	}, traffic.Options{Mix: mix(t, "GET=8,POST=2")})
	if err != nil {
		t.Fatal(err)
	}
	batch := make([]traffic.Request, 100)
	for range 100 {
		if _, err := tr.Read(batch); err != nil {
			t.Fatal(err)
		}
	}
	if reader.read > 2*10_000+300 { // twice the POSTs: twice as far
		t.Errorf("%d requests were read for 10,000", reader.read)
	}
}

func TestAMixSaysThatItsDiskFailed(t *testing.T) {
	m := plain(5000, 10, time.Millisecond)
	opts := traffic.Options{Mix: mix(t, "POST=1"), Memory: 1, TempDir: filepath.Join(t.TempDir(), "gone")}
	_, err := drain(newTraffic(t, m, opts), 10)
	if err == nil || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("%v", err)
	}
}

// A mix turns every field of a request into a record and back.
func TestAMixKeepsRequestsWhole(t *testing.T) {
	m := plain(20, 2, time.Millisecond)
	for i := range m.requests {
		r := &m.requests[i]
		r.Headers = []trace.Header{{Name: []byte("cookie"), Value: []byte("a=1")}}
		r.Body, r.Host, r.User = []byte{}, []byte("shop"), nil
		r.Connection, r.RequestTime = -1, 5
	}
	tr := newTraffic(t, m, traffic.Options{Mix: mix(t, "GET=9,POST=1")})
	batch := make([]traffic.Request, 100)
	n, _ := tr.Read(batch)
	for _, r := range batch[:n] {
		if got, want := fmt.Sprintf("%#v", *r.Recorded), fmt.Sprintf("%#v", m.requests[r.Recorded.Line-1]); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}

// A replay must not wait for a rare class once it runs: the first Read, which comes before it, reads everything.
func TestAMixOfARareClassReadsEverythingFirst(t *testing.T) {
	m := plain(3000, 10, time.Millisecond)
	var reader *memory
	tr, err := traffic.New(func() (traffic.Trace, error) {
		opened, err := m.open()
		reader = opened.(*memory)
		return opened, err
	}, traffic.Options{Mix: mix(t, "GET=1,POST=9")})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := tr.Read(make([]traffic.Request, 1)); n != 1 || err != nil || reader.read != 3000 {
		t.Errorf("%d requests, %v, %d were read", n, err, reader.read)
	}
}
