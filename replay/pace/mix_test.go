package pace_test

import (
	"math"
	"testing"

	"ngxreplay/replay/pace"

	"pgregory.net/rapid"
)

func TestParseWeight(t *testing.T) {
	for text, want := range map[string]pace.Weight{"7": 7e6, "0.25": 250_000, "1.000001": 1_000_001, "2.": 2e6, "1000000": 1e12} {
		if got, err := pace.ParseWeight(text); got != want || err != nil {
			t.Errorf("%s: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "0.0", "-1", "x", "1e3", "1.0000001", "1.x", ".5.", "+1", "1000001", "NaN"} {
		if got, err := pace.ParseWeight(text); err == nil {
			t.Errorf("%q was accepted as %v", text, got)
		}
	}
	if got := pace.Weight(250_000).String(); got != "0.25" {
		t.Errorf("printed as %s", got)
	}
}

func TestMixDraws(t *testing.T) {
	m, err := pace.NewMix([]pace.Weight{7e6, 2e6, 1e6})
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for range 20 {
		got = append(got, "GPU"[m.Next()])
	}
	if want := "GGPGGUGGPG" + "GGPGGUGGPG"; string(got) != want {
		t.Errorf("draws %s, want %s", got, want)
	}
	if m.Share(0) != 0.7 {
		t.Errorf("share %v", m.Share(0))
	}
}

func TestMixRefuses(t *testing.T) {
	for _, weights := range [][]pace.Weight{nil, {0}, {-1, 5}, {1e12, 1}} {
		if _, err := pace.NewMix(weights); err == nil {
			t.Errorf("%v was accepted", weights)
		}
	}
}

// Every beginning has each class between floor and ceil of its share.
func TestEveryBeginningOfAMixIsWithinOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(1, 20), rapid.Int64Range(1, 3e6)), 1, 30).Draw(t, "weights")
		var list []pace.Weight
		var total int64
		for _, w := range weights {
			list = append(list, pace.Weight(w))
			total += w
		}
		m, err := pace.NewMix(list)
		if err != nil {
			t.Fatal(err)
		}
		drawn := make([]int64, len(weights))
		for n := int64(1); n <= 500; n++ {
			drawn[m.Next()]++
			scale := max(2*int64(len(weights))-2, 1)
			for i, w := range weights {
				if off := max(n*w-drawn[i]*total, drawn[i]*total-n*w); off*scale > total*(scale-1) {
					t.Fatalf("after %d draws class %d of %d/%d was drawn %d times: beyond the bound of Tijdeman", n, i, w, total, drawn[i])
				}
				if low, high := n*w/total, (n*w+total-1)/total; drawn[i] < low || drawn[i] > high {
					t.Fatalf("after %d draws class %d of %d/%d was drawn %d times", n, i, w, total, drawn[i])
				}
			}
		}
	})
}

// A mix begins again after each round: a million rounds are as exact as one.
func TestMixDoesNotDrift(t *testing.T) {
	m, err := pace.NewMix([]pace.Weight{333_333, 333_334, 333_333})
	if err != nil {
		t.Fatal(err)
	}
	var drawn [3]int
	for range 3_000_000 {
		drawn[m.Next()]++
	}
	if drawn != [3]int{999_999, 1_000_002, 999_999} {
		t.Errorf("drawn %v", drawn)
	}
	if allocs := testing.AllocsPerRun(100, func() { m.Next() }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkMixNext(b *testing.B) {
	for name, classes := range map[string]int{"3": 3, "30": 30} {
		b.Run(name, func(b *testing.B) {
			weights := make([]pace.Weight, classes)
			for i := range weights {
				weights[i] = pace.Weight(i+1) * 1e6
			}
			m, err := pace.NewMix(weights)
			if err != nil {
				b.Fatal(err)
			}
			first := 0
			b.ReportAllocs()
			n := 0
			for ; b.Loop(); n++ {
				if m.Next() == 0 {
					first++
				}
			}
			if math.Abs(float64(first)-float64(n)*m.Share(0)) >= 1 {
				b.Errorf("class 0 drawn %d times of %d", first, n)
			}
		})
	}
}
