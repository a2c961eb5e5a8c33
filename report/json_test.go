package report

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ngxreplay/parse"
	"ngxreplay/replay"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"
)

// word draws a text that JSON can hold: any but bytes that are not UTF-8.
func word() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", hostileRoute, hostileError, hostileFile}))
}

func drawRun(t *rapid.T) *Run {
	strings := func(name string) []string { return rapid.SliceOfN(word(), 1, 3).Draw(t, name) }
	number := rapid.Int64()
	run := &Run{
		Schema: Schema, Tool: Tool{Name: word().Draw(t, "tool")}, Notes: strings("notes"), Verdict: Verdict(word().Draw(t, "verdict")),
		Environment: Environment{CPU: word().Draw(t, "cpu"), CPUs: rapid.Int().Draw(t, "cpus"), Memory: number.Draw(t, "memory")},
		Config: Config{
			Started: time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).UTC(),
			Inputs:  strings("inputs"), Speed: rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64).Draw(t, "speed"), Seed: rapid.Uint64().Draw(t, "seed"),
			Spread: trace.Spread(word().Draw(t, "spread")), Filter: trace.Filter{Paths: strings("paths"), SkipNoise: rapid.Bool().Draw(t, "noise")},
			Header: []wire.Header{{Name: word().Draw(t, "header"), Value: word().Draw(t, "value")}},
		},
		Trace: Trace{
			Requests: number.Draw(t, "requests"), Methods: rapid.MapOf(word(), number).Draw(t, "methods"),
			Sources: []trace.Source{{Name: word().Draw(t, "file"), Format: word().Draw(t, "format"), Lines: number.Draw(t, "lines")}},
		},
		Ledger: trace.Ledger{
			Lines:        number.Draw(t, "lines"),
			Filtered:     rapid.MapOf(rapid.Map(word(), func(s string) trace.Rule { return trace.Rule(s) }), number).Draw(t, "filtered"),
			Unreplayable: rapid.MapOf(rapid.Map(word(), func(s string) parse.Reason { return parse.Reason(s) }), number).Draw(t, "unreplayable"),
		},
		Comparisons: []Comparison{{Base: word().Draw(t, "base"), Ratio: rapid.Float64Range(0, 1e9).Draw(t, "ratio")}},
		Assertions:  []Assertion{{Expr: word().Draw(t, "expr"), Verdict: Fail}},
	}
	for range rapid.IntRange(0, 3).Draw(t, "targets") {
		run.Targets = append(run.Targets, drawTarget(t))
	}
	return run
}

func drawTarget(t *rapid.T) Target {
	number := rapid.Int64()
	statistics := func() Statistics {
		return Statistics{
			Count: number.Draw(t, "count"), Rate: rapid.Float64Range(0, 1e9).Draw(t, "rate"), Status: rapid.MapOf(rapid.Int(), number).Draw(t, "status"),
			Response: Latency{P50: number.Draw(t, "p50"), Max: number.Draw(t, "max"), HDR: word().Draw(t, "hdr")},
		}
	}
	target := Target{
		Name: word().Draw(t, "name"), URL: word().Draw(t, "url"), Trouble: word().Draw(t, "trouble"), Overall: statistics(),
		Ledger:   replay.Ledger{Sent: number.Draw(t, "sent"), Failed: number.Draw(t, "failed")},
		Fidelity: Fidelity{RateError: rapid.Float64Range(0, 10).Draw(t, "error"), Verdict: replay.Degraded, Reasons: []string{word().Draw(t, "reason")}},
		Routes:   []Part{{Name: word().Draw(t, "route"), Statistics: statistics()}}, Windows: []Window{{Second: 1, P99: number.Draw(t, "p99")}},
		Errors: Errors{wire.Class(word().Draw(t, "class")): {Count: number.Draw(t, "n"), Examples: []string{word().Draw(t, "example")}}},
	}
	if rapid.Bool().Draw(t, "bodies") {
		target.Bodies = &Bodies{Hashed: number.Draw(t, "hashed"), Base: word().Draw(t, "base"), Differ: number.Draw(t, "differ")}
	}
	if rapid.Bool().Draw(t, "resources") {
		target.Resources = &Resources{CPUNS: number.Draw(t, "cpu"), GCPauseP99NS: -1}
	}
	return target
}

// TestJSONRoundTrip checks that run.json holds the whole run, so that every report can be made from it again.
func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		run := drawRun(t)
		var b bytes.Buffer
		if err := WriteJSON(&b, run); err != nil {
			t.Fatal(err)
		}
		read, err := ReadJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(run, read) {
			t.Fatalf("wrote %+v\nread  %+v", run, read)
		}
	})
}

// TestReportsFromJSON checks that a report does not depend on anything that run.json loses.
func TestReportsFromJSON(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, sampleRun()); err != nil {
		t.Fatal(err)
	}
	read, err := ReadJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	if textOf(t, read, TextOptions{}) != textOf(t, sampleRun(), TextOptions{}) || htmlOf(t, read) != htmlOf(t, sampleRun()) {
		t.Error("the report of the file is another than that of the run")
	}
}

func TestReadJSONRefuses(t *testing.T) {
	for _, tt := range []struct{ document, want string }{
		{"", "not a run document"}, {"{", "not a run document"}, {"[]", "not a run document"},
		{"{}", `schema ""`}, {`{"schema":"ngxreplay.run/2"}`, `schema "ngxreplay.run/2", but this ngxreplay reads ngxreplay.run/1`},
	} {
		if _, err := ReadJSON(strings.NewReader(tt.document)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.document, err, tt.want)
		}
	}
}

// TestLatency compares the percentiles of a latency block with those of the sorted values.
func TestLatency(t *testing.T) {
	const finest = 512.0 // ns: what a histogram from a microsecond on tells apart, however many digits it has
	for digits, precision := range map[int]float64{2: 0.01, 3: 0.001} {
		h := hdrhistogram.New(us, int64(time.Hour), digits)
		r := rand.New(rand.NewPCG(1, uint64(digits)))
		values := make([]int64, 20_000)
		for i := range values {
			values[i] = int64(math.Exp(r.NormFloat64()*2+13)) + us
			if err := h.RecordValue(values[i]); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(values)
		l, err := newLatency(h, new(hdrWriter))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []struct {
			name     string
			got      int64
			quantile float64
		}{{"min", l.Min, 0}, {"p50", l.P50, 0.5}, {"p90", l.P90, 0.9}, {"p95", l.P95, 0.95}, {"p99", l.P99, 0.99}, {"p999", l.P999, 0.999}, {"max", l.Max, 1}} {
			want := float64(values[max(0, int(math.Ceil(p.quantile*float64(len(values))))-1)])
			if allowed := max(finest*10/math.Pow10(digits-2), precision*want); math.Abs(float64(p.got)-want) > allowed {
				t.Errorf("%d digits: %s is %d, want %.0f ± %.0f", digits, p.name, p.got, want, allowed)
			}
		}
		decoded, err := hdrhistogram.Decode([]byte(l.HDR))
		if err != nil || decoded.TotalCount() != int64(len(values)) || decoded.ValueAtPercentile(99) != l.P99 {
			t.Errorf("%d digits: the encoded histogram is another: %v", digits, err)
		}
	}
	empty, err := newLatency(hdrhistogram.New(us, int64(time.Hour), 2), new(hdrWriter))
	if err != nil || empty.Max != 0 || empty.Min != 0 || empty.HDR == "" {
		t.Errorf("empty: %+v, %v", empty, err)
	}
}
