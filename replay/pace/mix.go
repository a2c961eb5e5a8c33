package pace

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Weight is how much of a mix a class is, in millionths, so that shares are exact.
type Weight int64

const (
	one       Weight = 1e6
	maxWeight uint64 = 1e6
)

// ParseWeight reads a decimal number above 0 with at most six places, as 7 or 0.25.
func ParseWeight(text string) (Weight, error) {
	whole, places, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(whole, 10, 32)
	digits := len(strings.Trim(places, "0123456789")) == 0 && len(places) <= 6
	if err != nil || n > maxWeight || !digits {
		return 0, fmt.Errorf("weight %q: want a number above 0 with at most six decimals and up to %d, as 7 or 0.25", text, maxWeight)
	}
	millionths, _ := strconv.Atoi((places + "000000")[:6])
	w := Weight(n)*one + Weight(millionths)
	if w == 0 {
		return 0, errors.New("weight 0: want a number above 0; a class that is to be left out is not named")
	}
	return w, nil
}

func (w Weight) String() string { return strconv.FormatFloat(float64(w)/float64(one), 'f', -1, 64) }

// A Mix draws classes so that any beginning of the draws has the share of each class to within one request: of k classes,
// after n draws, a class of the share s was drawn n·s times, give or take 1 - 1/(2k-2).
//
// It is the method of Tijdeman ("The chairman assignment problem", 1980), for which that bound is proven and the best
// possible. A class may be drawn when it is behind its share by at least 1/(2k-2), counting the draw to be made; of
// these it is the turn of the one that would otherwise be the first to fall behind by more than the bound. The usual
// smooth weighted round robin (nginx's), which draws the class that is farthest behind, can be off by more than one
// when there are many classes.
//
// It computes with whole numbers: after as many draws as the weights sum up to, in lowest terms, each class was drawn as
// often as its weight, and everything begins again without a rest. It is not safe for concurrent use.
type Mix struct {
	weights []int64 // in lowest terms
	total   int64
	behind  []int64 // n·weight - drawn·total
	scale   int64   // 2k-2
}

// maxClasses and maxTotal keep the products of the comparisons within 63 bits.
const (
	maxClasses = 100
	maxTotal   = 1 << 27
)

// NewMix returns a mix of classes with those weights.
func NewMix(weights []Weight) (*Mix, error) {
	if len(weights) == 0 || len(weights) > maxClasses {
		return nil, fmt.Errorf("mix: %d classes: want 1 to %d", len(weights), maxClasses)
	}
	var divisor, total int64
	for _, w := range weights {
		if w <= 0 {
			return nil, fmt.Errorf("mix: weight %v: want a number above 0", w)
		}
		divisor = gcd(int64(w), divisor)
	}
	m := &Mix{behind: make([]int64, len(weights)), scale: max(2*int64(len(weights))-2, 1)}
	for _, w := range weights {
		m.weights = append(m.weights, int64(w)/divisor)
		total += int64(w) / divisor
	}
	if total > maxTotal {
		return nil, errors.New("mix: the weights are too far apart to be exact; use fewer decimals")
	}
	m.total = total
	return m, nil
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Again is the same mix before its first draw.
func (m *Mix) Again() *Mix {
	again := *m
	again.behind = make([]int64, len(m.behind))
	return &again
}

// Share is that of a class.
func (m *Mix) Share(class int) float64 { return float64(m.weights[class]) / float64(m.total) }

// Next is the index of the class that is drawn next.
func (m *Mix) Next() int {
	best, bestRoom := -1, int64(0)
	for i, w := range m.weights {
		m.behind[i] += w
		if m.behind[i]*m.scale < m.total {
			continue
		}
		// room/weight is how many draws later the class would be behind by the bound.
		room := m.total*(m.scale-1) - m.behind[i]*m.scale
		if best < 0 || room*m.weights[best] < bestRoom*w {
			best, bestRoom = i, room
		}
	}
	m.behind[best] -= m.total
	return best
}
