//go:build linux

package main

import (
	"slices"
	"time"
)

// A timing compares when requests arrived with when they were due. The start of a tool is not known from outside, so a
// constant offset is removed first.
type timing struct {
	// Late counts from the most punctual requests: the offset is that of the 0.5th percentile. Off is the distance, to
	// either side, from the median offset.
	LateP50, LateP99 time.Duration
	OffP50, OffP99   time.Duration

	// Drift is the median offset of the last tenth of the arrivals over that of the first tenth.
	Drift time.Duration

	OutOfOrder  float64 // share of arrivals that were due before the arrival ahead of them
	Missing     int     // due, and never seen
	Repeated    int     // seen more than once
	Connections int     // that carried requests
}

// onTime is the quantile of the offsets that counts as punctual: not the least, which one slow answer to the recorder's
// first read could be.
const onTime = 0.005

// compare sets arrivals, in their order, against due times by number, in nanoseconds from a common start.
func compare(due []int64, arrivals []stamp) timing {
	var t timing
	seen := make([]bool, len(due))
	connections := map[int64]bool{}
	offsets := make([]int64, 0, len(arrivals))
	last, behind := int64(-1<<62), 0
	for _, a := range arrivals {
		if a.Number < 0 || a.Number >= int64(len(due)) {
			continue
		}
		if seen[a.Number] {
			t.Repeated++
		}
		seen[a.Number] = true
		connections[a.Connection] = true
		d := due[a.Number]
		offsets = append(offsets, a.At-d)
		if d < last {
			behind++
		}
		last = d
	}
	for _, ok := range seen {
		if !ok {
			t.Missing++
		}
	}
	t.Connections = len(connections)
	if len(offsets) == 0 {
		return t
	}
	t.OutOfOrder = float64(behind) / float64(len(offsets))
	t.Drift = drift(offsets)
	slices.Sort(offsets)
	punctual, middle := quantile(offsets, onTime), quantile(offsets, 0.5)
	t.LateP50, t.LateP99 = time.Duration(middle-punctual), time.Duration(quantile(offsets, 0.99)-punctual)
	for i, o := range offsets {
		offsets[i] = max(o-middle, middle-o)
	}
	slices.Sort(offsets)
	t.OffP50, t.OffP99 = time.Duration(quantile(offsets, 0.5)), time.Duration(quantile(offsets, 0.99))
	return t
}

// came are the arrivals as the system of the server saw them, without the delay of the program that stamped them. It is
// nil when the system did not say.
func came(arrivals []stamp) []stamp {
	of := slices.Clone(arrivals)
	for i, a := range of {
		if a.Came == 0 {
			return nil
		}
		of[i].At = a.Came
	}
	return of
}

func drift(offsets []int64) time.Duration {
	tenth := max(1, len(offsets)/10)
	first, last := slices.Clone(offsets[:tenth]), slices.Clone(offsets[len(offsets)-tenth:])
	slices.Sort(first)
	slices.Sort(last)
	return time.Duration(quantile(last, 0.5) - quantile(first, 0.5))
}

// beat numbers the arrivals of a tool that sends at a constant rate, and gives the even beat that fits them best: a rate
// that is a little off is no lateness. What was sent beyond n requests is not looked at.
func beat(n int, arrivals []stamp) (due []int64, numbered []stamp) {
	numbered = slices.Clone(arrivals[:min(n, len(arrivals))])
	at := make([]int64, len(numbered))
	for i := range numbered {
		numbered[i].Number, at[i] = int64(i), numbered[i].At
	}
	due = make([]int64, n)
	apart := len(at) - max(1, len(at)/10) // the middles of the first and of the last tenth
	if apart <= 0 {
		return due, numbered
	}
	gap := float64(drift(at)) / float64(apart)
	for i := range due {
		due[i] = int64(float64(i) * gap)
	}
	return due, numbered
}

// quantile of sorted values, 0 to 1: one of them.
func quantile[T any](sorted []T, q float64) T {
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
