package pace

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// A Plan maps the recorded time of requests to the time of the replay.
type Plan struct {
	// Speed is the time factor: 2 replays an hour in thirty minutes.
	Speed float64
	// Duration ends the replay: requests due at or after it are not scheduled. 0 means the end of the trace.
	Duration time.Duration
}

// SpeedForRate is the speed at which a trace of that many requests, spread over span, has a mean rate of that many
// requests a second. The shape of the traffic stays: a burst remains a burst.
func SpeedForRate(rate float64, requests int64, span time.Duration) (float64, error) {
	if span <= 0 || requests < 2 {
		return 0, fmt.Errorf("a rate needs requests at different times, and this trace has %d over %v", requests, span)
	}
	return rate * span.Seconds() / float64(requests), nil
}

// Validate joins everything that is wrong with p.
func (p Plan) Validate() error {
	var errs []error
	if !(p.Speed > 0) || math.IsInf(p.Speed, 0) {
		errs = append(errs, fmt.Errorf("speed %v: want a number above 0, as 0.5 or 2", p.Speed))
	}
	if p.Duration < 0 {
		errs = append(errs, fmt.Errorf("duration %v: want a positive time, as 30s", p.Duration))
	}
	return errors.Join(errs...)
}

// Due is when a request of that offset should leave. It never decreases when the offset grows, and is exact for a
// speed that divides the offset: 53 bits hold 104 days in nanoseconds.
func (p Plan) Due(offset time.Duration) time.Duration {
	due := float64(offset) / p.Speed
	if due >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(due)
}

// Within reports whether a request that is due then is part of the replay.
func (p Plan) Within(due time.Duration) bool { return p.Duration == 0 || due < p.Duration }

// Length is how long a trace of that span takes.
func (p Plan) Length(span time.Duration) time.Duration {
	if due := p.Due(span); p.Within(due) {
		return due
	}
	return p.Duration
}
