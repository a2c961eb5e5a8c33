package pace_test

import (
	"math"
	"testing"
	"time"

	"ngxreplay/replay/pace"

	"pgregory.net/rapid"
)

func TestLoopsFollowAtOneMeanGap(t *testing.T) {
	l, err := pace.NewLoop(3, 5, 8*time.Second)
	if err != nil || l.Period != 10*time.Second || l.Offset(2, time.Second) != 21*time.Second || l.Span(8*time.Second) != 28*time.Second {
		t.Errorf("%+v, %v", l, err)
	}
	if l, err := pace.NewLoop(2, 7, 0); err != nil || l.Period != time.Second {
		t.Errorf("a trace without a span: %+v, %v", l, err)
	}
	for _, count := range []int{0, -1, math.MaxInt} {
		if _, err := pace.NewLoop(count, 5, time.Hour); err == nil {
			t.Errorf("loop %d was accepted", count)
		}
	}
}

func amplifier(t rapid.TB, factor float64, start int64, seed uint64) *pace.Amplifier {
	t.Helper()
	a, err := pace.NewAmplifier(factor, start, seed)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAmplifyRefuses(t *testing.T) {
	for _, factor := range []float64{0, -1, math.NaN(), math.Inf(1), 1001} {
		if _, err := pace.NewAmplifier(factor, 0, 0); err == nil {
			t.Errorf("factor %v was accepted", factor)
		}
	}
}

// Clients of very different weight: any beginning of the traffic has about the asked number of requests, and a client
// is always copied in whole.
func TestEveryBeginningHasTheAskedShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		factor := rapid.Float64Range(0.1, 4).Draw(t, "factor")
		a := amplifier(t, factor, 0, 0)
		heaviest := rapid.IntRange(1, 50).Draw(t, "heaviest")
		copies := map[uint64]int{}
		var asked, sent float64
		var client uint64
		for client < 300 { // each client is there for up to that many requests in a row
			client++
			for range 1 + int(client*7919)%heaviest {
				n := a.Copies(client)
				if before, known := copies[client]; known && before != n {
					t.Fatalf("client %d has %d copies, then %d", client, before, n)
				}
				copies[client] = n
				asked += factor
				sent += float64(n)
			}
			if off := math.Abs(sent - asked); off > float64(heaviest)+1e-6 {
				t.Fatalf("factor %v: %v requests off after client %d, whose heaviest has %d", factor, off, client, heaviest)
			}
		}
	})
}

func TestWholeFactorsAreExact(t *testing.T) {
	a := amplifier(t, 3, 0, 0)
	for client := range uint64(100) {
		if a.Copies(client) != 3 {
			t.Fatal("not three")
		}
	}
	if allocs := testing.AllocsPerRun(100, func() { a.Copies(7) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestShiftKeepsSecondsAndOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.OneOf(rapid.Int64(), rapid.Int64Range(int64(time.Second)-20, int64(time.Second)), rapid.Just(int64(0))).Draw(t, "start")
		start %= math.MaxInt64 / 2
		a := amplifier(t, 2, start, rapid.Uint64().Draw(t, "seed"))
		client, n := rapid.Uint64().Draw(t, "client"), rapid.IntRange(1, 5).Draw(t, "copy")
		x := rapid.OneOf(rapid.Int64Range(0, int64(time.Hour)), rapid.Int64Range(0, int64(2*time.Second))).Draw(t, "x")
		y := x + rapid.OneOf(rapid.Int64Range(0, 5), rapid.Int64Range(0, int64(time.Second))).Draw(t, "gap")
		from, to := time.Duration(x), a.Shift(time.Duration(x), client, n)
		second := func(d time.Duration) int64 { return floorDiv(start+int64(d), int64(time.Second)) }
		if to < 0 || second(from) != second(to) {
			t.Fatalf("%v moved to %v, into another second", from, to)
		}
		later := a.Shift(time.Duration(y), client, n)
		if later < to {
			t.Fatalf("%d is now before %d", y, x)
		}
		if earliest := a.Earliest(from); later < earliest || from < earliest {
			t.Fatalf("%v at %d, but the earliest after %d is %v", later, y, x, earliest)
		}
		if a.Shift(from, client, 0) != from {
			t.Fatal("the original moved")
		}
	})
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func TestCopiesHaveClocksOfTheirOwn(t *testing.T) {
	a := amplifier(t, 3, 0, 1)
	b := amplifier(t, 3, 0, 2)
	const half = time.Second / 2
	if a.Shift(half, 7, 1) == a.Shift(half, 7, 2) || a.Shift(half, 7, 1) == a.Shift(half, 8, 1) || a.Shift(half, 7, 1) == b.Shift(half, 7, 1) {
		t.Error("two copies, clients or seeds shift alike")
	}
	if pace.Identity(7, 0) != 7 || pace.Identity(7, 1) == pace.Identity(7, 2) || pace.Identity(7, 1) == pace.Identity(8, 1) {
		t.Error("identities")
	}
}
