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

// A spreader gives each request of a coarse second its offset inside it. It holds the draws of recent seconds only:
// they can be drawn again at any time.
type spreader struct {
	spread Spread
	seed   uint64
	census *census

	seconds map[int64]*drawn
	held    int // draws
	recent  *drawn
	second  int64 // of recent
}

// drawn is a second whose requests have their places.
type drawn struct {
	portions []portion
	draws    []time.Duration
}

// maxDraws is how many draws are held before all are dropped: some seconds of the densest log.
const maxDraws = 1 << 20

func newSpreader(spread Spread, seed uint64, census *census) *spreader {
	return &spreader{spread: spread, seed: seed, census: census, seconds: map[int64]*drawn{}}
}

// offset is where the request of a source and rank stands in its second.
func (s *spreader) offset(second int64, source int, rank uint32) time.Duration {
	if s.recent == nil || second != s.second {
		s.second, s.recent = second, s.draw(second)
	}
	return s.recent.draws[turn(s.recent.portions, source, rank)]
}

func (s *spreader) draw(second int64) *drawn {
	if d, ok := s.seconds[second]; ok {
		return d
	}
	d := &drawn{portions: s.census.portions(nil, second)}
	n := 0
	for _, p := range d.portions {
		n += int(p.n)
	}
	if s.held += n; s.held > maxDraws {
		clear(s.seconds)
		s.held = n
	}
	d.draws = s.spread.draws(nil, n, second*int64(time.Second), time.Second, s.seed)
	if second == s.census.first {
		d.draws[0] = 0 // so that the seconds of the trace are those of the log
	}
	s.seconds[second] = d
	return d
}
