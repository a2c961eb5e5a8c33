package trace

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var epoch = time.Date(2026, 2, 7, 10, 0, 0, 0, time.UTC)

// combinedLine is a line of the combined format that ended that many seconds after epoch.
func combinedLine(second int, target string) string {
	at := epoch.Add(time.Duration(second) * time.Second).Format("02/Jan/2006:15:04:05 -0700")
	return fmt.Sprintf("192.0.2.1 - - [%s] \"GET %s HTTP/1.1\" 200 5 \"-\" \"ua\"\n", at, target)
}

// timedLine has $msec and $request_time, both in milliseconds here.
func timedLine(ended, took int, target string) string {
	at := epoch.Add(time.Duration(ended) * time.Millisecond)
	return fmt.Sprintf("192.0.2.1 - - [%s] \"GET %s HTTP/1.1\" 200 5 \"-\" \"ua\" %d.%03d %d.%03d shop.example 100\n",
		at.Format("02/Jan/2006:15:04:05 -0700"), target, at.Unix(), at.Nanosecond()/1e6, took/1000, took%1000)
}

func writeLog(t testing.TB, name string, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func buildTrace(t testing.TB, sel Selection, opts BuildOptions) (Built, []Request) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.trace")
	built, err := Build(context.Background(), sel, opts, path)
	if err != nil {
		t.Fatal(err)
	}
	return built, readAll(t, path)
}

func readAll(t testing.TB, path string) []Request {
	t.Helper()
	reader, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var all []Request
	for {
		batch := make([]Request, 7) // does not divide anything
		n, err := reader.Read(batch)
		all = append(all, batch[:n]...)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func targets(requests []Request) string {
	var list []string
	for _, r := range requests {
		list = append(list, string(r.Target))
	}
	return strings.Join(list, " ")
}

func TestArrivalIsTheEndLessTheRequestTime(t *testing.T) {
	log := writeLog(t, "timed.log",
		timedLine(1000, 0, "/quick"),
		timedLine(3000, 2500, "/slow"), // arrived at 500 ms, before the quick one
		timedLine(3000, 0, "/last"))
	built, requests := buildTrace(t, Selection{Inputs: []string{log}}, BuildOptions{})
	if got := targets(requests); got != "/slow /quick /last" {
		t.Errorf("order %s", got)
	}
	for i, want := range []time.Duration{0, 500 * time.Millisecond, 2500 * time.Millisecond} {
		if got := requests[i].Arrival(); got != want {
			t.Errorf("request %d arrives at %v, want %v", i, got, want)
		}
	}
	info := built.Info
	if info.StartNS != epoch.Add(500*time.Millisecond).UnixNano() || info.Span() != 2500*time.Millisecond || info.PrecisionNS != int64(time.Millisecond) {
		t.Errorf("start %d, span %v, precision %d", info.StartNS, info.Span(), info.PrecisionNS)
	}
	r := requests[0]
	if string(r.Host) != "shop.example" || r.RequestTime != int64(2500*time.Millisecond) || r.RequestLength != 100 || r.Line != 2 || r.Source != log || r.Status != 200 || r.BodyBytes != 5 || r.Referer != nil {
		t.Errorf("%+v", r)
	}
}

func TestRequestsThatShareASecondAreSpreadInside(t *testing.T) {
	log := writeLog(t, "combined.log", combinedLine(0, "/a"), combinedLine(1, "/b"), combinedLine(0, "/c"), combinedLine(1, "/d"), combinedLine(3, "/e"))
	for _, spread := range []Spread{Poisson, Even, Start} {
		built, requests := buildTrace(t, Selection{Inputs: []string{log}}, BuildOptions{Spread: spread, Seed: 7})
		if built.Info.StartNS != epoch.UnixNano() {
			t.Errorf("%s: the trace begins %d ns after its first second", spread, built.Info.StartNS-epoch.UnixNano())
		}
		if got := targets(requests); got != "/a /c /b /d /e" {
			t.Errorf("%s: order %s: log order must be kept within a second", spread, got)
		}
		for i, second := range []time.Duration{0, 0, 1, 1, 3} {
			if got := requests[i].Arrival() / time.Second; got != second {
				t.Errorf("%s: request %d at %v, want second %d", spread, i, requests[i].Arrival(), second)
			}
		}
		if requests[0].Offset != 0 {
			t.Errorf("%s: the trace begins at %v", spread, requests[0].Arrival())
		}
		switch b, d := requests[2].Arrival(), requests[3].Arrival(); {
		case spread == Start && (b != time.Second || d != time.Second),
			spread == Even && (b != time.Second || d != 1500*time.Millisecond),
			spread == Poisson && b == d:
			t.Errorf("%s: at %v and %v", spread, b, d)
		}
	}
}

// hashOf builds and returns the trace's hash.
func hashOf(t testing.TB, opts BuildOptions, inputs ...string) string {
	t.Helper()
	built, _ := buildTrace(t, Selection{Inputs: inputs}, opts)
	return built.Info.SHA256
}

func TestHashIdentifiesTheTraffic(t *testing.T) {
	lines := []string{combinedLine(0, "/a"), combinedLine(0, "/b"), combinedLine(5, "/c")}
	log := writeLog(t, "a.log", lines...)
	base := hashOf(t, BuildOptions{Seed: 1}, log)
	if got := hashOf(t, BuildOptions{Seed: 1}, log); got != base {
		t.Error("the same log and seed give another hash")
	}
	if got := hashOf(t, BuildOptions{Seed: 1}, writeLog(t, "elsewhere.log", lines...)); got != base {
		t.Error("where the log lies changes the hash")
	}
	if got := hashOf(t, BuildOptions{Seed: 1, Memory: 1}, log); got != base {
		t.Error("sorting on disk changes the hash")
	}
	if got := hashOf(t, BuildOptions{Seed: 2}, log); got == base {
		t.Error("another seed gives the same hash")
	}
	if got := hashOf(t, BuildOptions{Seed: 1}, writeLog(t, "a.log", combinedLine(0, "/a"), combinedLine(0, "/B"), combinedLine(5, "/c"))); got == base {
		t.Error("another request gives the same hash")
	}
}

func TestOrderOfInputsDoesNotMatter(t *testing.T) {
	dir := t.TempDir()
	var inputs []string
	for server := range 3 {
		var lines []string
		for i := range 20 {
			lines = append(lines, combinedLine(i/3, fmt.Sprintf("/s%d/%d", server, i)))
		}
		path := filepath.Join(dir, fmt.Sprintf("web%d.log", server))
		if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, path)
	}
	base := hashOf(t, BuildOptions{}, inputs...)
	slices.Reverse(inputs)
	if got := hashOf(t, BuildOptions{}, inputs...); got != base {
		t.Error("reversed inputs give another trace")
	}
}

// Servers take turns inside a second that they share, each in its own order.
func TestServersTakeTurns(t *testing.T) {
	dir := t.TempDir()
	var inputs []string
	for server, n := range []int{6, 3} {
		var lines []string
		for i := range n {
			lines = append(lines, combinedLine(5, fmt.Sprintf("/%c%d", 'a'+server, i)))
		}
		path := filepath.Join(dir, fmt.Sprintf("web%d.log", server))
		if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, path)
	}
	_, requests := buildTrace(t, Selection{Inputs: inputs}, BuildOptions{})
	if got := targets(requests); got != "/a0 /b0 /a1 /a2 /b1 /a3 /a4 /b2 /a5" {
		t.Errorf("order %s", got)
	}
}

func TestSourcesAreIdentified(t *testing.T) {
	log := writeLog(t, "a.log", combinedLine(0, "/a"), combinedLine(1, "/b"))
	path := filepath.Join(t.TempDir(), "a.trace")
	built, err := Build(t.Context(), Selection{Inputs: []string{log}}, BuildOptions{}, path)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := buildTrace(t, Selection{Inputs: []string{path}}, BuildOptions{})
	for name, source := range map[string]Source{log: built.Info.Sources[0], path: again.Info.Sources[0]} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%x", sha256.Sum256(content)); source.SHA256 != want || source.Bytes != int64(len(content)) {
			t.Errorf("%s: %s, %d bytes; want %s, %d", name, source.SHA256, source.Bytes, want, len(content))
		}
	}
	anonymized, _ := buildTrace(t, Selection{Inputs: []string{log}}, BuildOptions{Anonymize: func(*Request) {}})
	if sum := anonymized.Info.Sources[0].SHA256; sum != "" {
		t.Errorf("an anonymized trace keeps the sum %s of what it hides", sum)
	}
	if survey, err := Inspect(t.Context(), Selection{Inputs: []string{log}}, Routing{}); err != nil || survey.Sources[0].SHA256 != "" {
		t.Errorf("inspect pays for a sum: %v", err)
	}
}

func TestTraceOfATrace(t *testing.T) {
	log := writeLog(t, "a.log", timedLine(1000, 700, "/a"), timedLine(2000, 0, "/b"), timedLine(2500, 0, "/c"))
	path := filepath.Join(t.TempDir(), "first.trace")
	first, err := Build(t.Context(), Selection{Inputs: []string{log}}, BuildOptions{}, path)
	if err != nil {
		t.Fatal(err)
	}
	again, requests := buildTrace(t, Selection{Inputs: []string{path}}, BuildOptions{})
	if again.Info.SHA256 != first.Info.SHA256 {
		t.Error("a trace of a trace is another trace")
	}
	if requests[0].Source != log || requests[0].Line != 1 {
		t.Errorf("provenance lost: %s:%d", requests[0].Source, requests[0].Line)
	}
	part, requests := buildTrace(t, Selection{Inputs: []string{path}, Filter: Filter{Paths: []string{"/[bc]"}}}, BuildOptions{})
	if targets(requests) != "/b /c" || requests[1].Arrival() != 500*time.Millisecond {
		t.Errorf("%s at %v", targets(requests), requests[1].Arrival())
	}
	if l := part.Info.Ledger; l.Entries != 3 || l.Requests != 2 || l.Filtered[ByPath] != 1 {
		t.Errorf("%+v", l)
	}
}

func TestLimitKeepsTheFirstToArrive(t *testing.T) {
	log := writeLog(t, "a.log", combinedLine(9, "/late"), combinedLine(0, "/a"), combinedLine(1, "/b"))
	built, requests := buildTrace(t, Selection{Inputs: []string{log}}, BuildOptions{Limit: 2})
	if targets(requests) != "/a /b" || built.Info.Requests != 2 || built.Info.Ledger.Filtered[ByLimit] != 1 {
		t.Errorf("%s, %+v", targets(requests), built.Info.Ledger)
	}
	var routed int64
	for _, r := range built.Info.Routes {
		routed += r.Requests
	}
	if routed != 2 || Total(built.Info.Methods) != 2 {
		t.Errorf("routes count %d, methods %v", routed, built.Info.Methods)
	}
}

// For any log: nothing is lost or doubled, offsets never decrease, seconds hold what the log's seconds hold, and
// neither disorder of lines nor memory changes the traffic of a second.
func TestBuildProperties(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.SliceOfN(rapid.IntRange(0, 30), 1, 80).Draw(t, "seconds")
		spread := rapid.SampledFrom([]Spread{Poisson, Even, Start}).Draw(t, "spread")
		memory := rapid.SampledFrom([]int{1500, DefaultMemory}).Draw(t, "memory")
		var lines []string
		perSecond := map[int]int{}
		for i, second := range seconds {
			lines = append(lines, combinedLine(second, fmt.Sprintf("/r/%d", i)))
			perSecond[second-slices.Min(seconds)]++
		}
		log, path := filepath.Join(dir, "p.log"), filepath.Join(dir, "p.trace")
		if err := os.WriteFile(log, []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Build(context.Background(), Selection{Inputs: []string{log}}, BuildOptions{Spread: spread, Memory: memory}, path); err != nil {
			t.Fatal(err)
		}
		reader, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		requests := make([]Request, len(seconds)+1)
		n, err := reader.Read(requests)
		if n != len(seconds) || err != io.EOF {
			t.Fatalf("%d requests of %d, %v", n, len(seconds), err)
		}
		seen := map[string]bool{}
		for _, r := range requests[:n] {
			seen[string(r.Target)] = true
			perSecond[int(r.Arrival()/time.Second)]--
		}
		if len(seen) != n {
			t.Fatalf("%d different requests of %d", len(seen), n)
		}
		for second, extra := range perSecond {
			if extra != 0 {
				t.Fatalf("second %d: %d requests too few", second, extra)
			}
		}
	})
}

func TestCorruptTracesAreErrors(t *testing.T) {
	var lines []string
	for i := range 300 {
		lines = append(lines, combinedLine(i, fmt.Sprintf("/r/%d", i)))
	}
	path := filepath.Join(t.TempDir(), "x.trace")
	if _, err := Build(t.Context(), Selection{Inputs: []string{writeLog(t, "a.log", lines...)}}, BuildOptions{}, path); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(content []byte) error {
		broken := filepath.Join(t.TempDir(), "broken.trace")
		if err := os.WriteFile(broken, content, 0o600); err != nil {
			t.Fatal(err)
		}
		reader, err := Open(broken)
		if err != nil {
			return err
		}
		defer reader.Close()
		batch := make([]Request, 100)
		for {
			if _, err := reader.Read(batch); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	}
	if err := try(whole); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 3, 4, 100, len(whole) / 2, len(whole) - 1} {
		if try(whole[:n]) == nil {
			t.Errorf("the first %d of %d bytes pass for a trace", n, len(whole))
		}
	}
	// A flipped byte must not panic; whether it is noticed is up to the checksums of the format.
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		flipped := slices.Clone(whole)
		flipped[rng.IntN(len(flipped))] ^= byte(1 + rng.IntN(255))
		_ = try(flipped)
	}
}

func FuzzCodec(f *testing.F) {
	f.Add([]byte("GET"), []byte("/x"), []byte(""), int64(-1), int64(200))
	f.Fuzz(func(t *testing.T, method, target, agent []byte, length, line int64) {
		in := Request{Method: method, Target: target, UserAgent: agent, RequestLength: length, Line: line, Headers: []Header{{Name: method, Value: agent}}}
		var out Request
		if err := decodeRequest(appendRequest(nil, &in), &out); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(in, out); diff != "" {
			t.Fatal(diff)
		}
		_ = decodeRequest(target, &out) // any bytes: an error, never a panic
	})
}

func TestReadKeepsItsBytes(t *testing.T) {
	var lines []string
	for i := range 5000 {
		lines = append(lines, combinedLine(i/10, fmt.Sprintf("/unique/%d", i)))
	}
	_, requests := buildTrace(t, Selection{Inputs: []string{writeLog(t, "a.log", lines...)}}, BuildOptions{})
	for i, r := range requests {
		if want := fmt.Sprintf("/unique/%d", i); string(r.Target) != want {
			t.Fatalf("request %d is %s after later reads, want %s", i, r.Target, want)
		}
	}
}

func TestTiesStayInLogOrder(t *testing.T) {
	log := writeLog(t, "timed.log",
		timedLine(3000, 2000, "/a"), // all arrive at 1 s, and end in another order
		timedLine(1000, 0, "/b"),
		timedLine(2000, 1000, "/c"))
	if _, requests := buildTrace(t, Selection{Inputs: []string{log}}, BuildOptions{}); targets(requests) != "/a /b /c" {
		t.Errorf("order %s", targets(requests))
	}
}

// One source with whole seconds and one with milliseconds, neither with request times: each is in order, together they
// are not.
func TestSourcesOfDifferentPrecisionMakeOneOrder(t *testing.T) {
	var coarse, fine []string
	for i := range 40 {
		coarse = append(coarse, combinedLine(i/10, fmt.Sprintf("/coarse/%d", i)))
		at := epoch.Add(time.Duration(i*100) * time.Millisecond)
		fine = append(fine, fmt.Sprintf(`{"msec":%d.%03d,"request":"GET /fine/%d HTTP/1.1","status":200}`+"\n", at.Unix(), at.Nanosecond()/1e6, i))
	}
	_, requests := buildTrace(t, Selection{Inputs: []string{writeLog(t, "a.log", coarse...), writeLog(t, "b.log", fine...)}}, BuildOptions{})
	if len(requests) != 80 {
		t.Fatalf("%d requests", len(requests))
	}
	perSecond := map[string]int{}
	for i, r := range requests {
		if i > 0 && r.Offset < requests[i-1].Offset {
			t.Fatalf("request %d at %v after %v", i, r.Arrival(), requests[i-1].Arrival())
		}
		perSecond[fmt.Sprintf("%s%d", r.Target[:5], r.Arrival()/time.Second)]++
	}
	for second := range 4 {
		if c, f := perSecond[fmt.Sprintf("/coar%d", second)], perSecond[fmt.Sprintf("/fine%d", second)]; c != 10 || f != 10 {
			t.Errorf("second %d: %d and %d requests, want 10 and 10", second, c, f)
		}
	}
}

func TestTimesBefore1970(t *testing.T) {
	log := writeLog(t, "old.log",
		"192.0.2.1 - - [31/Dec/1969:23:59:58 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"-\"\n",
		"192.0.2.1 - - [01/Jan/1970:00:00:01 +0000] \"GET /b HTTP/1.1\" 200 5 \"-\" \"-\"\n")
	_, requests := buildTrace(t, Selection{Inputs: []string{log}}, BuildOptions{})
	if got := requests[1].Arrival() / time.Second; got != 3 {
		t.Errorf("%v apart", requests[1].Arrival())
	}
}

func TestTimesTooFarApart(t *testing.T) {
	log := writeLog(t, "old.log",
		"192.0.2.1 - - [31/Dec/1700:23:59:58 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"-\"\n",
		"192.0.2.1 - - [01/Jan/2200:00:00:01 +0000] \"GET /b HTTP/1.1\" 200 5 \"-\" \"-\"\n")
	for _, gap := range []time.Duration{0, time.Second} {
		if _, err := Build(t.Context(), Selection{Inputs: []string{log}}, BuildOptions{MaxGap: gap}, filepath.Join(t.TempDir(), "x.trace")); !errors.Is(err, errSpan) {
			t.Errorf("got %v", err)
		}
	}
}

func TestATraceReplacesOnlyAFile(t *testing.T) {
	log, dir := writeLog(t, "a.log", combinedLine(0, "/a")), t.TempDir()
	build := func(path string) error {
		_, err := Build(t.Context(), Selection{Inputs: []string{log}}, BuildOptions{}, path)
		return err
	}
	real, link, fifo := filepath.Join(dir, "real"), filepath.Join(dir, "link"), filepath.Join(dir, "fifo")
	if err := errors.Join(os.WriteFile(real, nil, 0o600), os.Symlink(real, link), syscall.Mkfifo(fifo, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := build(link); err != nil || !IsTrace(real) {
		t.Errorf("through a link: %v", err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
	if err := build(fifo); err == nil {
		t.Error("a pipe was replaced")
	}
}
