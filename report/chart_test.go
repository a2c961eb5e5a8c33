package report

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestLinePath(t *testing.T) {
	tests := []struct {
		name            string
		values          []float64
		lowest, highest float64
		want            string
	}{
		{"none", nil, 0, 1, ""},
		{"corners", []float64{0, 1}, 0, 1, "M0 100L600 0"},
		{"half way", []float64{0, 5, 10}, 0, 10, "M0 100L300 50L600 0"},
		{"alone", []float64{1}, 0, 2, "M0 50h0"},
		{"gap", []float64{0, 0, none, 0, 0}, 0, 1, "M0 100L150 100M450 100L600 100"},
		{"dot", []float64{none, 1, none}, 0, 1, "M300 0h0"},
		{"outside", []float64{-5, 50}, 0, 10, "M0 100L600 0"},
		{"no height", []float64{1, 2}, 3, 3, ""},
		{"infinite", []float64{math.Inf(1), 0}, 0, 1, "M600 100h0"},
	}
	for _, tt := range tests {
		if got := linePath(tt.values, tt.lowest, tt.highest); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestThin(t *testing.T) {
	values := []float64{1, 3, none, 8, 5}
	if got := thin(values, 5, mean); &got[0] != &values[0] {
		t.Error("few values were changed")
	}
	if got := thin(values, 3, highestOf); !slices.Equal(got, []float64{3, 8, 5}) {
		t.Errorf("thin: %v", got)
	}
	if !math.IsNaN(highestOf([]float64{none, none})) {
		t.Error("a highest of nothing")
	}
	long := Target{Windows: make([]Window, 86_400)}
	if n := len(long.rates(func(w *Window) int64 { return w.Sent })); n > mostPoints || n < mostPoints/2 {
		t.Errorf("a day has %d points", n)
	}
}

func TestRoundUp(t *testing.T) {
	for v, want := range map[float64]float64{0: 1, 1: 1, 1.1: 2, 3: 5, 7: 10, 10: 10, 2700: 5000, 0.03: 0.05} {
		if got := roundUp(v); math.Abs(got-want) > 1e-9*want {
			t.Errorf("roundUp(%v) = %v, want %v", v, got, want)
		}
	}
	if got := roundUp(none); got != 1 {
		t.Errorf("roundUp(none) = %v", got)
	}
}

// TestChartsShareScales checks that the same value is at the same height in the charts of two targets.
func TestChartsShareScales(t *testing.T) {
	run := &Run{Targets: []Target{
		{Name: "a", ElapsedNS: 2e9, Windows: []Window{{Sent: 10, Responses: 10, P50: 1e6, P99: 1e7}, {Sent: 100, Responses: 100, P50: 1e6, P99: 1e8}}},
		{Name: "b", ElapsedNS: 2e9, Windows: []Window{{Sent: 10, Responses: 10, P50: 1e6, P99: 1e7}, {Sent: 10, Failed: 10}}},
	}}
	a := newAxes(run)
	first, second := a.charts(&run.Targets[0]), a.charts(&run.Targets[1])
	for i, want := range []string{"M0 90", "M0 50"} {
		for _, charts := range [][]chart{first, second} {
			if got := charts[i].Lines[1].Path; !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s, want %s...", charts[i].Title, got, want)
			}
		}
	}
	if len(first[0].Lines) != 2 || len(second[0].Lines) != 3 {
		t.Error("failures must be a line exactly when there are some")
	}
	if got := second[1].Lines[1].Path; got != "M0 50h0" {
		t.Errorf("a second without an answer has no latency, but: %s", got)
	}
	if first[1].Top != "100 ms" || first[1].Low != "1 ms" || first[0].Top != "100" {
		t.Errorf("scales: %s to %s, %s", first[1].Low, first[1].Top, first[0].Top)
	}
}

// TestLastSecond checks that an incomplete second does not look like a breakdown.
func TestLastSecond(t *testing.T) {
	target := Target{ElapsedNS: 2_300 * ms, Windows: []Window{{Sent: 5}, {Sent: 5}, {Sent: 1}}}
	if got := target.rates(func(w *Window) int64 { return w.Sent }); !slices.Equal(got, []float64{5, 5}) {
		t.Errorf("rates: %v", got)
	}
	run := &Run{Targets: []Target{target}}
	a := newAxes(run)
	if got := a.charts(&run.Targets[0])[0].End; got != "2.00 s" {
		t.Errorf("two seconds of rates end at %s", got)
	}
}
