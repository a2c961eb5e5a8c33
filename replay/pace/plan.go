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
	// Gap makes the pace constant: request n has the offset n*Gap instead of its own. 0 keeps the rhythm of the trace.
	// Speed and Ramp apply to it as to any offset, so that a Gap of one second and a Speed of 300 are exactly 300
	// requests a second.
	Gap time.Duration
	// Ramp changes the speed on the way. The zero value leaves it.
	Ramp Ramp
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

// MeanGap is the Gap at which that many requests take the span that they have in the trace.
func MeanGap(requests int64, span time.Duration) time.Duration {
	if requests < 2 {
		return 0
	}
	return span / time.Duration(requests-1)
}

// maxSpeed and its inverse bound the speed: an hour in 3.6 microseconds, a second in 31 years.
const maxSpeed = 1e9

// Validate joins everything that is wrong with p. A ramp is checked when it is parsed.
func (p Plan) Validate() error {
	var errs []error
	if !(p.Speed >= 1/maxSpeed && p.Speed <= maxSpeed) {
		errs = append(errs, fmt.Errorf("speed %v: want a number from %g to %g, as 0.5 or 2", p.Speed, 1/maxSpeed, maxSpeed))
	}
	if p.Gap < 0 {
		errs = append(errs, fmt.Errorf("gap %v: want a positive time between requests, as 2ms, or 0 for that of the trace", p.Gap))
	}
	if p.Duration < 0 {
		errs = append(errs, fmt.Errorf("duration %v: want a positive time, as 30s", p.Duration))
	}
	return errors.Join(errs...)
}

// Due is when request n, counted from 0, should leave, if its offset is that. It never decreases when neither offset
// nor n do, and is exact for a speed that divides the offset: 53 bits hold 104 days in nanoseconds.
func (p Plan) Due(offset time.Duration, n int64) time.Duration {
	position := float64(offset)
	if p.Gap > 0 {
		position = float64(n) * float64(p.Gap)
	}
	due := p.Ramp.when(position / p.Speed)
	if due >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(due)
}

// Within reports whether a request that is due then is part of the replay.
func (p Plan) Within(due time.Duration) bool { return p.Duration == 0 || due < p.Duration }

// Length is how long a trace of that many requests over span takes.
func (p Plan) Length(span time.Duration, requests int64) time.Duration {
	if due := p.Due(span, max(requests-1, 0)); p.Within(due) {
		return due
	}
	return p.Duration
}
