package report

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// A chart is drawn without a script. Its numbers stand beside it as text, so that it may be stretched.
type chart struct {
	Title string
	Label string // what one hears who does not see it
	Top   string
	Low   string
	End   string // of the time axis
	Grid  string // a path
	Lines []chartLine
}

type chartLine struct {
	Name  string
	Class string
	Path  string
}

const (
	chartWidth  = 600.0
	chartHeight = 100.0
	// mostPoints is how many points a line has: more than a screen shows would only make the file large.
	mostPoints = 600
)

// linePath makes the d of an SVG path through values, from the left edge to the right: lowest at the bottom, highest
// at the top. It is interrupted where a value is none, and a value alone becomes a dot.
func linePath(values []float64, lowest, highest float64) string {
	if !(highest > lowest) {
		return ""
	}
	step := chartWidth
	if len(values) > 1 {
		step = chartWidth / float64(len(values)-1)
	}
	var b strings.Builder
	down := false // the pen
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			down = false
			continue
		}
		y := chartHeight * (1 - (min(max(v, lowest), highest)-lowest)/(highest-lowest))
		command := byte('L')
		if !down {
			command = 'M'
		}
		b.WriteByte(command)
		b.WriteString(coordinate(float64(i)*step) + " " + coordinate(y))
		alone := !down && (i+1 == len(values) || math.IsNaN(values[i+1]))
		if alone {
			b.WriteString("h0") // a stroke with round ends
		}
		down = true
	}
	return b.String()
}

// coordinate has a tenth of a unit, which is less than a pixel.
func coordinate(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

// thin merges neighbours until at most most values are left.
func thin(values []float64, most int, merge func([]float64) float64) []float64 {
	if len(values) <= most {
		return values
	}
	size := (len(values) + most - 1) / most
	thinned := make([]float64, 0, most)
	for part := range slices.Chunk(values, size) {
		thinned = append(thinned, merge(part))
	}
	return thinned
}

func mean(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total / float64(len(values))
}

// highestOf is none only if all values are.
func highestOf(values []float64) float64 {
	highest := none
	for _, v := range values {
		if !math.IsNaN(v) && !(highest >= v) {
			highest = v
		}
	}
	return highest
}

// roundUp is the next of 1, 2, 5, 10, 20, 50 ... that is not below v.
func roundUp(v float64) float64 {
	if !(v > 0) {
		return 1
	}
	power := math.Pow10(int(math.Floor(math.Log10(v))))
	for _, step := range []float64{1, 2, 5} {
		if v <= step*power*(1+1e-9) {
			return step * power
		}
	}
	return 10 * power
}

// wholeSeconds is how many windows have a rate: the last second of a replay is not whole, unless it is the only one.
func (t *Target) wholeSeconds() int {
	n := len(t.Windows)
	if n > 1 && t.ElapsedNS < int64(n)*1e9 {
		n--
	}
	return n
}

// rates are a count of each whole second of a target.
func (t *Target) rates(of func(*Window) int64) []float64 {
	values := make([]float64, t.wholeSeconds())
	for i := range values {
		values[i] = float64(of(&t.Windows[i]))
	}
	return thin(values, mostPoints, mean)
}

// decades are the logarithms of a latency of each second, none where nothing was answered. Merged seconds keep the
// highest.
func (t *Target) decades(of func(*Window) int64) []float64 {
	values := make([]float64, len(t.Windows))
	for i := range values {
		values[i] = none
		if v := of(&t.Windows[i]); v > 0 {
			values[i] = math.Log10(float64(v))
		}
	}
	return thin(values, mostPoints, highestOf)
}

// Axes are what the charts of all targets share, so that they can be compared.
type axes struct {
	rate                  float64 // highest
	fastest, slowest      float64 // powers of ten, of nanoseconds
	sent, answers, failed func(*Window) int64
	p50, p99              func(*Window) int64
}

func newAxes(run *Run) axes {
	a := axes{
		sent: func(w *Window) int64 { return w.Sent }, answers: func(w *Window) int64 { return w.Responses },
		failed: func(w *Window) int64 { return w.Failed },
		p50:    func(w *Window) int64 { return w.P50 }, p99: func(w *Window) int64 { return w.P99 },
	}
	var rates []float64
	lowest, highest := math.Inf(1), math.Inf(-1)
	for i := range run.Targets {
		t := &run.Targets[i]
		rates = slices.Concat(rates, t.rates(a.sent), t.rates(a.answers), t.rates(a.failed))
		for _, v := range slices.Concat(t.decades(a.p50), t.decades(a.p99)) {
			if !math.IsNaN(v) {
				lowest, highest = min(lowest, v), max(highest, v)
			}
		}
	}
	a.rate = roundUp(highestOf(rates))
	a.fastest, a.slowest = math.Floor(lowest), math.Ceil(highest)
	if a.slowest <= a.fastest {
		a.slowest = a.fastest + 1
	}
	return a
}

// charts draws responses and latency of a target over time; none without windows.
func (a *axes) charts(t *Target) []chart {
	if len(t.Windows) == 0 {
		return nil
	}
	name := excerpt(t.Name, longestLabel)
	rate := chart{
		Title: "Requests and responses per second", Label: "requests and responses of " + name + " in each second",
		Top: digits(a.rate), Low: "0", End: span(int64(t.wholeSeconds()) * 1e9), Grid: gridPath(2),
		Lines: []chartLine{
			{"sent", "second", linePath(t.rates(a.sent), 0, a.rate)},
			{"responses", "first", linePath(t.rates(a.answers), 0, a.rate)},
		},
	}
	if failed := t.rates(a.failed); highestOf(failed) > 0 {
		rate.Lines = append(rate.Lines, chartLine{"failed", "bad", linePath(failed, 0, a.rate)})
	}
	if math.IsInf(a.fastest, 0) {
		return []chart{rate} // nothing was answered
	}
	return []chart{rate, {
		Title: "Response time, logarithmic", Label: "response time of " + name + " in each second",
		Top: power(a.slowest), Low: power(a.fastest), End: span(int64(len(t.Windows)) * 1e9), Grid: gridPath(int(a.slowest - a.fastest)),
		Lines: []chartLine{
			{"p50", "second", linePath(t.decades(a.p50), a.fastest, a.slowest)},
			{"p99", "first", linePath(t.decades(a.p99), a.fastest, a.slowest)},
		},
	}}
}

// power writes a power of ten of nanoseconds.
func power(exponent float64) string {
	v := math.Pow(10, exponent)
	u := unitFor(timeUnits, v)
	return strconv.FormatFloat(math.Round(v/u.size), 'f', -1, 64) + " " + u.name
}

// gridPath rules the chart into n parts of equal height.
func gridPath(n int) string {
	var b strings.Builder
	for i := range n + 1 {
		b.WriteString("M0 " + coordinate(chartHeight*float64(i)/float64(n)) + "H" + coordinate(chartWidth))
	}
	return b.String()
}
