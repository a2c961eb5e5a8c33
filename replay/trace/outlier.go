package trace

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// An Outlier is a group of requests at one end of the traffic that an idle gap separates from the rest, so that a
// replay would spend much of its time waiting: a line with a wrong clock, or the beginning of another day.
//
// The group is at most one request in a hundred (but may be a single one of ten or more), and at most a hundred; the
// gap is longer than a minute and than a tenth of the span of the rest.
type Outlier struct {
	Last     bool   `json:"last"` // they come after the rest, not before it
	Requests int64  `json:"requests"`
	GapNS    int64  `json:"gap_ns"`
	Source   string `json:"source"` // where the outermost of them was read
	Line     int64  `json:"line"`
}

// An origin is the line that something was read from.
type origin struct {
	source string
	line   int64
}

const (
	maxOutliers     = 100         // most requests of a group
	outlierShare    = 100         // a group is at most one in so many
	minOutlierTotal = 10          // fewer requests have no outliers
	minOutlierGap   = time.Minute // shorter gaps are part of the traffic
	outlierGapShare = 10          // a gap is more than one in so many parts of the rest's span
)

// isOutlier reports whether n of total requests are outliers, when such a gap separates them from a rest of such a span.
func isOutlier(n, total, gap, rest int64) bool {
	return total >= minOutlierTotal && n <= min(maxOutliers, max(total/outlierShare, 1)) &&
		gap > int64(minOutlierGap) && gap > rest/outlierGapShare
}

func (o Outlier) String() string {
	where, are := "before", "requests lie"
	if o.Last {
		where = "after"
	}
	if o.Requests == 1 {
		are = "request lies"
	}
	return fmt.Sprintf("%d %s %s %s the others (%s:%d)", o.Requests, are, roughly(time.Duration(o.GapNS)), where, o.Source, o.Line)
}

// roughly writes a duration in one unit that people count in.
func roughly(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return fmt.Sprintf("%d seconds", d/time.Second)
}

// edges looks for outliers in arrivals that come in order. Of the requests it keeps marks only, which say to its user
// where they were read.
type edges struct {
	count       int64
	first, last int64 // arrivals
	firstMark   []byte
	lastMark    []byte // of the last request; kept while there is a gap near it
	head        []edge // wide gaps with at most maxOutliers requests before them
	tail        []edge // the same, after them; older ones are dropped
}

// An edge is a wide gap.
type edge struct {
	before   int64 // requests before it
	from, to int64 // arrivals around it
}

func (e edge) gap() int64 { return e.to - e.from }

// add takes the next n requests, which arrive at the same time, and a mark, which is borrowed for the call.
func (e *edges) add(arrival, n int64, mark []byte) {
	if e.count == 0 {
		e.first, e.firstMark = arrival, append(e.firstMark[:0], mark...)
	} else if arrival-e.last > int64(minOutlierGap) {
		found := edge{e.count, e.last, arrival}
		if e.count <= maxOutliers {
			e.head = append(e.head, found)
		}
		if len(e.tail) > maxOutliers {
			e.tail = append(e.tail[:0], e.tail[1:]...)
		}
		e.tail = append(e.tail, found)
	}
	e.last = arrival
	e.count += n
	if i := len(e.tail) - 1; i >= 0 && e.count-e.tail[i].before <= maxOutliers {
		e.lastMark = append(e.lastMark[:0], mark...)
	}
}

// outliers are what was found, at most one group at each end: the largest. Where they were read is for the caller to fill
// in.
func (e *edges) outliers() []Outlier {
	first, last := e.first, e.last // of the rest
	var before, after []Outlier
	for range 2 { // one end may have stretched the rest so that the other did not stand out
		for _, g := range slices.Backward(e.head) {
			if before == nil && isOutlier(g.before, e.count, g.gap(), last-g.to) {
				before, first = []Outlier{{Requests: g.before, GapNS: g.gap()}}, g.to
			}
		}
		for _, g := range e.tail {
			if n := e.count - g.before; after == nil && isOutlier(n, e.count, g.gap(), g.from-first) {
				after, last = []Outlier{{Last: true, Requests: n, GapNS: g.gap()}}, g.from
			}
		}
	}
	return append(before, after...)
}

// locate fills in where the outermost were read.
func locate(found []Outlier, first, last origin) []Outlier {
	for i := range found {
		at := first
		if found[i].Last {
			at = last
		}
		found[i].Source, found[i].Line = at.source, at.line
	}
	return found
}

// outliers finds them in counts by second, of entries that came in any order.
func (s *seconds) outliers() []Outlier {
	var e edges
	for _, number := range slices.Sorted(maps.Keys(s.pages)) {
		for i, n := range s.pages[number] {
			if n > 0 {
				e.add((number*pageSeconds+int64(i))*int64(time.Second), int64(n), nil)
			}
		}
	}
	return e.outliers()
}
