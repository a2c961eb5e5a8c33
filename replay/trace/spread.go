package trace

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A Spread is how requests that share a second are placed inside it.
type Spread string

const (
	// Poisson places n requests by n sorted uniform draws, which is what a Poisson process looks like given that
	// it had n arrivals in that second.
	Poisson Spread = "poisson"
	// Even places them at equal distances.
	Even Spread = "even"
	// Start places all at the beginning of the second.
	Start Spread = "start"
)

// ParseSpread returns the spread of that name.
func ParseSpread(name string) (Spread, error) {
	switch s := Spread(name); s {
	case Poisson, Even, Start:
		return s, nil
	}
	return "", fmt.Errorf("spread %q: want poisson, even or start", name)
}

// draws appends n offsets inside an interval that begins at start, in increasing order. They depend on the seed and
// the interval only, not on what came before, so that a part of a log spreads as the whole does.
func (s Spread) draws(dst []time.Duration, n int, start int64, interval time.Duration, seed uint64) []time.Duration {
	dst = slices.Grow(dst, n)
	switch s {
	case Even:
		for i := range n {
			dst = append(dst, time.Duration(float64(i)/float64(n)*float64(interval)))
		}
	case Start:
		for range n {
			dst = append(dst, 0)
		}
	default:
		rng := rand.New(rand.NewPCG(seed, uint64(start)))
		first := len(dst)
		for range n {
			dst = append(dst, time.Duration(rng.Int64N(int64(interval))))
		}
		slices.Sort(dst[first:])
	}
	return dst
}
