package pace

import (
	"fmt"
	"math"
	"time"
)

// A Loop repeats a trace: each time begins one Period after the one before.
type Loop struct {
	Count  int           // how often, at least 1
	Period time.Duration // from the start of one to the start of the next
}

// NewLoop repeats a trace of that many requests over span. The period is the span and one mean gap, so that the last
// request and the first of the next loop are no burst. Requests that all came at once are repeated every second.
func NewLoop(count int, requests int64, span time.Duration) (Loop, error) {
	l := Loop{Count: count, Period: span + MeanGap(requests, span)}
	if l.Period <= 0 {
		l.Period = time.Second
	}
	if count < 1 {
		return l, fmt.Errorf("loop %d: want how often the trace is replayed, at least 1", count)
	}
	if limit := math.MaxInt64 / l.Period; time.Duration(count) > limit {
		return l, fmt.Errorf("loop %d: a trace of %v can be repeated at most %d times", count, span, limit)
	}
	return l, nil
}

// Offset is that of a request in loop k, counted from 0.
func (l Loop) Offset(k int, offset time.Duration) time.Duration {
	return time.Duration(k)*l.Period + offset
}

// Span is the offset of the last request of the last loop.
func (l Loop) Span(span time.Duration) time.Duration { return l.Offset(l.Count-1, span) }
