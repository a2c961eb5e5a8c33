package traffic_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"
)

// build makes a trace of one of the logs in testdata.
func build(t testing.TB, name string) func() (traffic.Trace, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.trace")
	log := filepath.Join("..", "..", "testdata", name)
	if _, err := trace.Build(context.Background(), trace.Selection{Inputs: []string{log}}, trace.BuildOptions{Seed: 1}, path); err != nil {
		t.Fatal(err)
	}
	return func() (traffic.Trace, error) { return trace.Open(path) }
}

// The tables of asked and achieved shares on real logs: exact to one request a class, at the end and everywhere before.
func TestMixesOfRealLogs(t *testing.T) {
	const log = "timed.log"
	open := build(t, log)
	for _, opts := range []traffic.Options{
		{Mix: mix(t, "GET=7,POST=2,PUT=1")},
		{Mix: mix(t, "GET=7,POST=2,PUT=1"), Amplify: 3, Loops: 2},
		{Mix: mix(t, "route:/api/order=3,status:5xx=0.5,POST=1,other=5.5")},
	} {
		tr, err := traffic.New(open, opts)
		if err != nil {
			t.Fatal(err)
		}
		batch := make([]traffic.Request, 100)
		for err = nil; err == nil; {
			_, err = tr.Read(batch)
			for _, s := range tr.Mixed(math.MaxInt64).Classes {
				if off := float64(s.Drawn) - s.Asked*float64(tr.Mixed(math.MaxInt64).Drawn); math.Abs(off) >= 1 {
					t.Fatalf("%s: %+v is %v off", log, s, off)
				}
			}
		}
		if err != io.EOF || tr.Mixed(math.MaxInt64).Drawn != tr.Planned().Requests() {
			t.Errorf("%s: %d of %d requests, %v", log, tr.Mixed(math.MaxInt64).Drawn, tr.Planned().Requests(), err)
		}
		t.Logf("%s --mix %v --amplify %v\n%s", log, opts.Mix, opts.Amplify, mixTable(tr.Mixed(math.MaxInt64)))
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	}
}

func mixTable(m *traffic.Mixed) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-18s %9s %8s %7s %9s %7s %9s %7s %9s\n", "class", "requests", "log", "weight", "asked", "drawn", "achieved", "cycles", "left out")
	for _, s := range m.Classes {
		fmt.Fprintf(&b, "%-18s %9d %7.2f%% %7s %8.3f%% %7d %8.3f%% %7d %9d\n", s.Class, s.Requests, 100*s.Log, s.Weight, 100*s.Asked, s.Drawn, 100*s.Achieved, s.Cycles, s.LeftOut)
	}
	fmt.Fprintf(&b, "requests of no class left out: %d", m.Unnamed)
	return b.String()
}

// Whole factors are exact for every method; others are off by what a client or two can weigh.
func TestAmplifiedRealLogs(t *testing.T) {
	const log = "combined.log"
	open := build(t, log)
	recorded, info := methods(t, open, traffic.Options{Clients: true})
	t.Logf("%s: %d requests in %v, %d of one client", log, info.Requests, info.Span().Round(time.Second), recorded["heaviest"])
	for _, factor := range []float64{3, 2.5, 1.1, 0.5, 0.1} {
		counts, _ := methods(t, open, traffic.Options{Amplify: factor})
		for _, method := range []string{"GET", "POST", "PUT", "all"} {
			asked, achieved := factor*float64(recorded[method]), counts[method]
			t.Logf("%s --amplify %-4v %-5s recorded %5d asked %8.1f achieved %6d (%.3f)", log, factor, method, recorded[method], asked, achieved, float64(achieved)/float64(recorded[method]))
			if factor == 3 && achieved != 3*recorded[method] {
				t.Errorf("%s is not exact", method)
			}
		}
		if off := math.Abs(float64(counts["all"]) - factor*float64(recorded["all"])); off > 2*float64(recorded["heaviest"]) {
			t.Errorf("factor %v is off by %v requests; the heaviest client has %d", factor, off, recorded["heaviest"])
		}
	}
}

func methods(t testing.TB, open func() (traffic.Trace, error), opts traffic.Options) (map[string]int, *trace.Info) {
	t.Helper()
	tr, err := traffic.New(open, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	counts, clients := map[string]int{}, map[uint64]int{}
	batch := make([]traffic.Request, 100)
	for err == nil {
		var n int
		n, err = tr.Read(batch)
		for _, r := range batch[:n] {
			counts[string(r.Recorded.Method)]++
			counts["all"]++
			clients[r.Client]++
			counts["heaviest"] = max(counts["heaviest"], clients[r.Client])
		}
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	return counts, tr.Info()
}
