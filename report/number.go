package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// missing stands where there is no number. It is never 0, which would be a number.
const missing = "–"

// tie is a blank (U+00A0) at which a line does not break. What came from outside holds none: printable escapes it.
const tie = "\u00a0"

// none is the value of a measure that was not taken.
var none = math.NaN()

// A unit is what a column of numbers is shown in.
type unit struct {
	name string
	size float64
}

var (
	timeUnits = []unit{{"ns", 1}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}}
	sizeUnits = []unit{{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}}
)

// unitFor picks one unit for all values, so that they can be compared by eye: the one that suits the value half way,
// in orders of magnitude, between the smallest and the largest.
func unitFor(units []unit, values ...float64) unit {
	lowest, highest := math.Inf(1), 0.0
	for _, v := range values {
		if v > 0 { // false for none
			lowest, highest = min(lowest, v), max(highest, v)
		}
	}
	best := units[0]
	if highest == 0 {
		return best
	}
	const slack = 1 - 1e-9 // for the roots of a value that is exactly one unit
	middle := math.Sqrt(lowest) * math.Sqrt(highest)
	for _, u := range units[1:] {
		if middle >= slack*u.size {
			best = u
		}
	}
	return best
}

// columnUnit is unitFor for a column, which has a unit even when it has no value: the usual one, ms or MiB.
func columnUnit(units []unit, values []float64) unit {
	if slices.ContainsFunc(values, func(v float64) bool { return v > 0 }) {
		return unitFor(units, values...)
	}
	return units[len(units)/2]
}

// in is v in u, without the unit's name.
func (u unit) in(v float64) string { return digits(v / u.size) }

// digits writes three significant digits, but never replaces a whole digit by a zero: 1523 stays 1,523.
func digits(v float64) string {
	const least = 0.0001 // of what is shown; a smaller number is not worth its digits
	switch abs := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return missing
	case v == 0:
		return "0"
	case abs < least:
		return "<0.0001"
	case abs < 1000:
		exponent := int(math.Floor(math.Log10(abs)))
		if rounded, err := strconv.ParseFloat(strconv.FormatFloat(abs, 'e', 2, 64), 64); err == nil && rounded >= math.Pow10(exponent+1) {
			exponent++ // 9.996 is 10.0, not 10.00
		}
		return strconv.FormatFloat(v, 'f', max(0, min(2-exponent, 6)), 64)
	}
	return count(int64(math.Round(v)))
}

// count writes a whole number with its thousands apart.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// plural writes a count and its noun.
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// share is part of whole in percent. It is rounded down, and up from nothing, so that 100 means all and 0 none.
func share(part, whole int64) string {
	if whole <= 0 {
		return missing
	}
	p := 100 * float64(part) / float64(whole)
	switch {
	case part == 0:
		return "0"
	case part == whole:
		return "100"
	case p < 0.1:
		return "<0.1"
	}
	return strconv.FormatFloat(math.Floor(p*10)/10, 'f', 1, 64)
}

// latency writes nanoseconds in the unit that suits them.
func latency(ns int64) string {
	u := unitFor(timeUnits, float64(ns))
	return u.in(float64(ns)) + " " + u.name
}

// size writes bytes in the unit that suits them.
func size(bytes int64) string {
	u := unitFor(sizeUnits, float64(bytes))
	return u.in(float64(bytes)) + " " + u.name
}

// span writes how long something lasted, to the precision that a reader wants.
func span(ns int64) string {
	d := time.Duration(ns)
	switch {
	case d < time.Minute:
		return latency(ns)
	case d < time.Hour:
		d = d.Round(time.Second)
		return fmt.Sprintf("%d min %02d s", d/time.Minute, d%time.Minute/time.Second)
	}
	d = d.Round(time.Minute)
	if d < 48*time.Hour {
		return fmt.Sprintf("%d h %02d min", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%d days %d h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// tied keeps s on one line.
func tied(s string) string { return strings.ReplaceAll(s, " ", tie) }

// tally writes counts by name, the largest first.
func tally[K ~string](counts map[K]int64) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	parts := make([]string, 0, len(names))
	for _, name := range names {
		if counts[name] != 0 {
			parts = append(parts, printable(string(name))+tie+count(counts[name]))
		}
	}
	return strings.Join(parts, ", ")
}
