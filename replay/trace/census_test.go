package trace

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The turns of a second are those of sorting by ((rank + 1/2) / n, source): each is taken once, each source keeps its
// order, and after any number of turns no source is ahead of its part by more than half a request for each source.
func TestTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Uint32Range(1, 40), 1, 6).Draw(t, "counts")
		var portions []portion
		type request struct {
			source int
			rank   uint32
			n      uint32
		}
		var all []request
		for i, n := range counts {
			portions = append(portions, portion{3 * i, n})
			for rank := range n {
				all = append(all, request{3 * i, rank, n})
			}
		}
		slices.SortStableFunc(all, func(a, b request) int {
			return cmp.Or(cmp.Compare((2*a.rank+1)*b.n, (2*b.rank+1)*a.n), cmp.Compare(a.source, b.source))
		})
		taken := map[int]int{}
		for want, r := range all {
			if got := turn(portions, r.source, r.rank); got != want {
				t.Fatalf("%+v has turn %d, want %d", r, got, want)
			}
			taken[r.source]++
			for _, p := range portions {
				ahead := float64(taken[p.source]) - float64(want+1)*float64(p.n)/float64(len(all))
				if bound := float64(len(portions)+1) / 2; ahead > bound || ahead < -bound {
					t.Fatalf("after %d turns, source %d is ahead by %.2f", want+1, p.source, ahead)
				}
			}
		}
	})
}

func TestCensus(t *testing.T) {
	c := newCensus()
	for i, want := range []struct {
		second int64
		source int
		rank   uint32
	}{{100, 0, 0}, {100, 0, 1}, {-1, 0, 0}, {100, 1, 0}, {100, 0, 2}, {163, 1, 0}} {
		if got := c.add(want.second, want.source); got != want.rank {
			t.Errorf("%d: rank %d, want %d", i, got, want.rank)
		}
	}
	if got := c.portions(nil, 100); !slices.Equal(got, []portion{{0, 3}, {1, 1}}) {
		t.Errorf("portions %v", got)
	}
	if c.first != -1 {
		t.Errorf("first second %d", c.first)
	}
}
