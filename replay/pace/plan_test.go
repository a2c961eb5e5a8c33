package pace_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"ngxreplay/replay/pace"

	"pgregory.net/rapid"
)

func TestDue(t *testing.T) {
	f := func(speed float64, offset, want time.Duration) {
		t.Helper()
		if got := (pace.Plan{Speed: speed}).Due(offset, 0); got != want {
			t.Errorf("due of %v at speed %v = %v, want %v", offset, speed, got, want)
		}
	}
	f(1, 0, 0)
	f(1, 24*time.Hour+1, 24*time.Hour+1)
	f(2, time.Hour, 30*time.Minute)
	f(0.5, time.Second, 2*time.Second)
	f(1e-12, 24*time.Hour, math.MaxInt64)
}

func TestSpeedForRate(t *testing.T) {
	speed, err := pace.SpeedForRate(500, 6000, 2*time.Minute)
	if err != nil || speed != 10 {
		t.Errorf("got %v, %v; want 10", speed, err)
	}
	if _, err := pace.SpeedForRate(500, 1, 0); err == nil {
		t.Error("a trace without a span has no rate")
	}
}

func TestValidateNamesEveryProblem(t *testing.T) {
	for _, speed := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if (pace.Plan{Speed: speed}).Validate() == nil {
			t.Errorf("speed %v was accepted", speed)
		}
	}
	if (pace.Plan{Speed: 1, Duration: -1}).Validate() == nil {
		t.Error("a negative duration was accepted")
	}
	if err := (pace.Plan{Speed: 0, Duration: -1, Gap: -1}).Validate(); strings.Count(fmt.Sprint(err), "\n") != 2 {
		t.Errorf("not three problems: %v", err)
	}
	if err := (pace.Plan{Speed: 3}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestDueProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := pace.Plan{Speed: rapid.Float64Range(1e-3, 1e3).Draw(t, "speed")}
		a := time.Duration(rapid.Int64Range(0, int64(100*24*time.Hour)).Draw(t, "a"))
		b := time.Duration(rapid.Int64Range(int64(a), int64(100*24*time.Hour)).Draw(t, "b"))
		if plan.Due(a, 0) > plan.Due(b, 1) {
			t.Fatalf("due decreases: %v at %v, %v at %v", plan.Due(a, 0), a, plan.Due(b, 1), b)
		}
		if got := (pace.Plan{Speed: 2}).Due(a, 0); got != a/2 {
			t.Fatalf("speed 2: due of %v is %v", a, got)
		}
	})
}

func TestDurationEndsTheReplay(t *testing.T) {
	plan := pace.Plan{Speed: 1, Duration: time.Second}
	if !plan.Within(time.Second-1) || plan.Within(time.Second) {
		t.Error("the end is not at the duration")
	}
	if got := plan.Length(time.Minute, 2); got != time.Second {
		t.Errorf("length %v", got)
	}
	if got := plan.Length(time.Millisecond, 2); got != time.Millisecond {
		t.Errorf("length %v", got)
	}
}

func TestAConstantPace(t *testing.T) {
	plan := pace.Plan{Speed: 300, Gap: time.Second}
	for n, want := range map[int64]time.Duration{0: 0, 1: 3333333, 3: 10 * time.Millisecond, 300 * 86400: 24 * time.Hour} {
		if got := plan.Due(time.Hour, n); got != want {
			t.Errorf("request %d is due at %v, want %v", n, got, want)
		}
	}
	if got := plan.Length(time.Hour, 301); got != time.Second {
		t.Errorf("length %v", got)
	}
	if got := pace.MeanGap(5, 8*time.Second); got != 2*time.Second {
		t.Errorf("mean gap %v", got)
	}
}
