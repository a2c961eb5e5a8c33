package main

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// A slice is a part of a soak, as long as the others.
type slice struct {
	requests int
	rss      int64         // of the program at its end, in bytes
	p50, p99 time.Duration // how late requests came
}

// How much more the last quarter of a soak may need than the first. A busy machine moves memory by the garbage
// collector's whims and lag by what else runs; a leak and a drift go on growing.
const (
	rssRatio  = 1.25
	rssFloor  = 4 << 20 // bytes
	lagRatio  = 1.5
	lagGrowth = time.Millisecond
)

// judge says whether memory or lag grew. The first slice is not counted: it is when a program takes what it needs.
func judge(all []slice) error {
	if len(all) < 5 {
		return fmt.Errorf("%d slices are too few to compare: soak for longer", len(all))
	}
	all = all[1:]
	quarter := len(all) / 4
	first, last := median(all[:quarter]), median(all[len(all)-quarter:])
	var errs []error
	if last.rss > first.rss+rssFloor && float64(last.rss) > rssRatio*float64(first.rss) {
		errs = append(errs, fmt.Errorf("memory grew from %.1f MiB in the first quarter to %.1f MiB in the last", mib(first.rss), mib(last.rss)))
	}
	if last.p50 > first.p50+lagGrowth && float64(last.p50) > lagRatio*float64(first.p50) {
		errs = append(errs, fmt.Errorf("the median lag grew from %v in the first quarter to %v in the last", first.p50, last.p50))
	}
	return errors.Join(errs...)
}

// median is the median memory and the median of the median lags, which a busy moment does not move.
func median(part []slice) slice {
	by := func(value func(s slice) int64) int64 {
		values := make([]int64, len(part))
		for i, s := range part {
			values[i] = value(s)
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return slice{
		rss: by(func(s slice) int64 { return s.rss }),
		p50: time.Duration(by(func(s slice) int64 { return int64(s.p50) })),
	}
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }
