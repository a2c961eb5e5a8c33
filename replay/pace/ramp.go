package pace

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"
)

// A Ramp is a factor of the speed that changes in the course of a replay: piecewise linear over replay time. The
// zero value is the factor 1. It is immutable.
//
//	factor
//	  2 ┤         ╭────────   0s:0.5,60s:2
//	    │      ╭──╯
//	0.5 ┤──────╯
//	    └──────┬──┬────────► replay time
//
// How far the replay has come in the trace at the time t is the area under the factor from 0 to t. When a request is
// due is the inverse of that.
type Ramp struct {
	points []point // the first at 0
}

type point struct {
	at     float64 // nanoseconds of replay time, a whole number
	factor float64
	area   float64 // under the factor up to here: nanoseconds of trace time, at speed 1
	slope  float64 // how fast the factor rises or falls from here on, without the sign
}

// maxRampTime keeps replay times exact as floating point numbers.
const maxRampTime = 100 * 24 * time.Hour

const rampForm = "want TIME:FACTOR,TIME:FACTOR with times that do not go backwards, as 0s:0.5,60s:2"

// ParseRamp reads "0s:0.5,60s:2": at these times of the replay the factor is that, and between them it changes
// evenly. Two points at the same time are a step. Before the first point its factor holds, after the last the last
// one's. A factor of 0 is a pause, which the last cannot be.
func ParseRamp(text string) (Ramp, error) {
	var r Ramp
	if strings.TrimSpace(text) == "" {
		return r, errors.New("ramp: empty; " + rampForm)
	}
	for part := range strings.SplitSeq(text, ",") {
		p, err := parsePoint(strings.TrimSpace(part))
		if err != nil {
			return Ramp{}, fmt.Errorf("ramp: %w; %s", err, rampForm)
		}
		if n := len(r.points); n > 0 && p.at < r.points[n-1].at {
			return Ramp{}, fmt.Errorf("ramp: %v comes after %v; %s", time.Duration(p.at), time.Duration(r.points[n-1].at), rampForm)
		}
		if len(r.points) == 0 && p.at > 0 {
			r.points = append(r.points, point{factor: p.factor})
		}
		if n := len(r.points); n > 0 {
			last := &r.points[n-1]
			p.area = last.area + (p.at-last.at)*(last.factor+p.factor)/2
			last.slope = math.Abs(p.factor-last.factor) / (p.at - last.at) // of a step it is not used
		}
		r.points = append(r.points, p)
	}
	if r.points[len(r.points)-1].factor == 0 {
		return Ramp{}, errors.New("ramp: the last factor is 0, so that the replay would never end; end with a factor above 0")
	}
	return r, nil
}

func parsePoint(text string) (point, error) {
	timeText, factorText, found := strings.Cut(text, ":")
	if !found {
		return point{}, fmt.Errorf("%q has no factor", text)
	}
	at, err := time.ParseDuration(timeText)
	if err != nil || at < 0 || at > maxRampTime {
		return point{}, fmt.Errorf("time %q: not a duration from 0s to %.0fh", timeText, maxRampTime.Hours())
	}
	factor, err := strconv.ParseFloat(factorText, 64)
	if err != nil || !(factor >= 0) || factor > maxFactor || factor > 0 && factor < 1/maxFactor {
		return point{}, fmt.Errorf("factor %q: not 0 or a number from %g to %g", factorText, 1/maxFactor, maxFactor)
	}
	return point{at: float64(at), factor: factor}, nil
}

// maxFactor keeps areas within the range in which they add up well.
const maxFactor = 1e9

// when is the replay time, in nanoseconds, at which the area is that. It never decreases when the area grows. What
// falls on a pause leaves at its end.
func (r Ramp) when(area float64) float64 {
	if len(r.points) == 0 {
		return area
	}
	i := sort.Search(len(r.points), func(i int) bool { return r.points[i].area > area }) - 1
	from := &r.points[max(i, 0)]
	if i == len(r.points)-1 {
		return from.at + (area-from.area)/from.factor
	}
	to := &r.points[i+1]
	if from.factor == to.factor {
		return min(from.at+(area-from.area)/from.factor, to.at)
	}
	return piece{from, to}.when(area)
}

// A piece is a part of a ramp in which the factor changes. With the slope k = (f1 - f0) / (t1 - t0), the area after
// the time τ since its beginning is
//
//	y = f0·τ + k·τ²/2
//
// whose solution (-f0 + sqrt(f0² + 2·k·y)) / k loses its digits when k is small. Multiplied by (f0 + sqrt(...)) above
// and below it does not:
//
//	τ = 2·y / (f0 + sqrt(f0² + 2·k·y))
//
// When the factor falls, the same is done from the end of the piece backwards, where it rises, so that nothing is
// ever subtracted under the root.
type piece struct{ from, to *point }

// area is that at the replay time t. Every step of it grows with t, rounded or not, and so does the result.
func (p piece) area(t float64) float64 {
	if p.from.factor < p.to.factor {
		τ := t - p.from.at
		return min(p.from.area+τ*(p.from.factor+p.from.slope*τ/2), p.to.area)
	}
	τ := p.to.at - t
	return max(p.to.area-τ*(p.to.factor+p.from.slope*τ/2), p.from.area)
}

// solve inverts area, up to rounding.
func (p piece) solve(area float64) float64 {
	if p.from.factor < p.to.factor {
		return p.from.at + root(area-p.from.area, p.from.factor, p.from.slope)
	}
	return p.to.at - root(p.to.area-area, p.to.factor, p.from.slope)
}

func root(y, f, k float64) float64 {
	if y <= 0 {
		return 0
	}
	return 2 * y / (f + math.Sqrt(f*f+2*k*y))
}

// when is the last whole nanosecond of the piece at which the area is not above that. The closed form is right to
// within a few, but rounding can make it step back; searched from there, the result is exact and never decreases.
func (p piece) when(area float64) float64 {
	guess := min(max(math.Floor(p.solve(area)), p.from.at), p.to.at)
	low, high := guess, guess+1 // area(low) <= area < area(high), once the search around the guess has ended
	for step := 1.0; low > p.from.at && p.area(low) > area; step *= 2 {
		low, high = max(low-step, p.from.at), low
	}
	for step := 1.0; high <= p.to.at && p.area(high) <= area; step *= 2 {
		low, high = high, min(high+step, p.to.at+1)
	}
	for high-low > 1 {
		if middle := math.Floor((low + high) / 2); p.area(middle) > area {
			high = middle
		} else {
			low = middle
		}
	}
	return low
}
