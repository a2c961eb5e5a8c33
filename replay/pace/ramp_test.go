package pace_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"ngxreplay/replay/pace"

	"pgregory.net/rapid"
)

func ramp(t rapid.TB, text string) pace.Ramp {
	t.Helper()
	r, err := pace.ParseRamp(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDueOnARamp(t *testing.T) {
	const s = time.Second
	f := func(text string, offset, want time.Duration) {
		t.Helper()
		if got := (pace.Plan{Speed: 1, Ramp: ramp(t, text)}).Due(offset, 0); got != want {
			t.Errorf("%s: due of %v is %v, want %v", text, offset, got, want)
		}
	}
	f("0s:1", 90*s+1, 90*s+1)
	f("5s:2", 90*s, 45*s) // before the first point its factor holds
	f("0s:0.5,60s:2", 0, 0)
	f("0s:0.5,60s:2", 75*s, 60*s) // (0.5+2)/2 for a minute
	f("0s:0.5,60s:2", 95*s, 70*s) // then 2
	f("0s:0,10s:1", 5*s, 10*s)
	f("0s:0,10s:1", 5*s/4, 5*s) // t²/20
	f("0s:1,10s:0,10s:1", 15*s/4, 5*s)
	f("0s:1,10s:0,10s:1", 5*s, 10*s)
	f("0s:1,60s:1,60s:10,120s:100", 60*s-1, 60*s-1)
	f("0s:1,60s:1,60s:10,120s:100", 70*s, 60*s+934502833) // 10τ + 0.75τ² = 10
	f("0s:1,60s:1,60s:10,120s:100", 60*s+3300*s, 120*s)
	f("0s:1,30s:1,30s:0,40s:0,40s:1", 30*s-1, 30*s-1)
	f("0s:1,30s:1,30s:0,40s:0,40s:1", 30*s, 40*s) // what falls on a pause leaves at its end
	f("0s:1,30s:1,30s:0,40s:0,40s:1", 31*s, 41*s)
	f("0s:1e-9", math.MaxInt64/2, math.MaxInt64)
	if got := (pace.Plan{Speed: 4, Ramp: ramp(t, "0s:0.5")}).Due(90*s, 0); got != 45*s {
		t.Errorf("the ramp multiplies the speed: got %v", got)
	}
}

func TestRampsThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "empty",
		" ":                   "empty",
		"60s:2,0s:1":          "0s comes after 1m0s",
		"0s:-1":               `factor "-1"`,
		"0s:NaN":              `factor "NaN"`,
		"0s:Inf":              `factor "Inf"`,
		"0s:1e300":            `factor "1e300"`,
		"-1s:1":               `time "-1s"`,
		"0:1,60:2":            `time "60"`,
		"9999h:1":             `time "9999h"`,
		"0s":                  `"0s" has no factor`,
		"0s:1,":               `"" has no factor`,
		"0s:1,60s:0":          "never end",
		"0s:0":                "never end",
		"0s:1,60s:2,xs:3":     `time "xs"`,
		"0s:1:2":              `factor "1:2"`,
		"1s:1,1s:2,999ms:1e2": "999ms comes after 1s",
	} {
		if _, err := pace.ParseRamp(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

// anyRamp has steps, pauses, factors that are nearly equal, and pieces of a nanosecond.
func anyRamp(t *rapid.T) (points [][2]float64, text string) {
	at := time.Duration(0)
	var parts []string
	n := rapid.IntRange(1, 6).Draw(t, "points")
	for i := range n {
		low := 0.0
		if i == n-1 {
			low = 1e-3
		}
		factor := rapid.OneOf(rapid.Float64Range(low, 1e3), rapid.Float64Range(1, 1+1e-9), rapid.Just(low)).Draw(t, "factor")
		if factor > 0 && factor < 1e-9 {
			factor = 1e-9
		}
		points = append(points, [2]float64{float64(at), factor})
		parts = append(parts, fmt.Sprintf("%v:%v", at, factor))
		at += time.Duration(rapid.OneOf(rapid.Int64Range(0, 100), rapid.Int64Range(0, int64(2*time.Hour))).Draw(t, "length"))
	}
	return points, strings.Join(parts, ",")
}

// area is the integral of the factor, computed apart.
func area(points [][2]float64, t float64) (sum float64) {
	for i, p := range points {
		if i == len(points)-1 {
			return sum + max(t-p[0], 0)*p[1]
		}
		next := points[i+1]
		length := next[0] - p[0]
		if t < next[0] {
			τ := t - p[0]
			return sum + τ*(p[1]+(p[1]+(next[1]-p[1])*τ/length))/2
		}
		sum += length * (p[1] + next[1]) / 2
	}
	return sum
}

func TestDueInvertsTheAreaUnderTheRamp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points, text := anyRamp(t)
		plan := pace.Plan{Speed: 1, Ramp: ramp(t, text)}
		offset := rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "offset")
		due := float64(plan.Due(time.Duration(offset), 0))
		// The area at the due time is the offset; a nanosecond of replay time and the rounding of the sum are granted,
		// which in a falling piece is that of the area at its end.
		whole := area(points, points[len(points)-1][0])
		slack := 1e-12*(float64(offset)+area(points, due)) + 1e-15*whole
		if low, high := area(points, max(due-1, 0)), area(points, due+1); due > 0 && low > float64(offset)+slack || high < float64(offset)-slack {
			t.Fatalf("%s: due of %d is %.0f, where the area is %v to %v", text, offset, due, low, high)
		}
	})
}

func TestDueNeverDecreases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points, text := anyRamp(t)
		plan := pace.Plan{
			Speed: rapid.SampledFrom([]float64{1e-3, 0.7, 1, 2, 1e3}).Draw(t, "speed"),
			Gap:   time.Duration(rapid.SampledFrom([]int64{0, 0, 0, 0, 1e6}).Draw(t, "gap")),
			Ramp:  ramp(t, text),
		}
		// Offsets that are due at about the same nanosecond, where rounding could turn them.
		about := area(points, float64(rapid.Int64Range(0, int64(2*time.Hour)).Draw(t, "about"))) * plan.Speed
		start := max(int64(min(about, 1e18))-100, 0)
		step := rapid.SampledFrom([]int64{1, 1, 7, 1e6}).Draw(t, "step")
		var dues []time.Duration
		for n := range int64(200) {
			dues = append(dues, plan.Due(time.Duration(start+n*step), start+n))
		}
		if !slices.IsSorted(dues) {
			t.Fatalf("%s from %d by %d: %v", text, start, step, dues)
		}
	})
}

func BenchmarkDue(b *testing.B) {
	for _, text := range []string{"", "0s:1", "0s:0.5,60s:2", "0s:1,60s:1,60s:10,120s:100,300s:0,310s:0,600s:5"} {
		b.Run(text, func(b *testing.B) {
			plan := pace.Plan{Speed: 1}
			if text != "" {
				plan.Ramp = ramp(b, text)
			}
			b.ReportAllocs()
			var last time.Duration
			for n := 0; b.Loop(); n++ {
				due := plan.Due(time.Duration(n%60_000)*time.Millisecond, 0)
				if n%60_000 != 0 && due < last {
					b.Fatal("decreases")
				}
				last = due
			}
		})
	}
}
