package replay

import (
	"fmt"
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A Verdict says whether a replay did what it was asked to do. It is about us, not about the target.
type Verdict string

const (
	Faithful   Verdict = "faithful"
	Degraded   Verdict = "degraded"
	Unfaithful Verdict = "unfaithful"
)

// Fidelity is how far the replay was what the trace and the plan asked for.
type Fidelity struct {
	Lag *hdrhistogram.Histogram // sent - due of every request that was sent
	// Late is how many requests left more than a millisecond, and what Options.Slack allows, after they were due.
	Late int64
	// RateError is |achieved rate / planned rate - 1|.
	RateError float64
	// Queued is how many requests had to wait for a free connection, and Deepest how many did at one time.
	Queued  int64
	Deepest int
	// Expired is how many were dropped because they waited longer than the timeout.
	Expired int64
	// TooLate is how many were dropped because we were too late with them, and Shifted how much later than planned the
	// last one was due. See [Late].
	TooLate int64
	Shifted time.Duration
	// Held is how often the sending waited for the recorder, which was far behind.
	Held    int64
	Verdict Verdict
	Reasons []string

	more string // that more threads could do more
}

// A limit is the most that a verdict allows.
type limit struct {
	verdict   Verdict
	lag       time.Duration // at the 99th percentile
	rateError float64
	lost      float64 // share of scheduled requests that were dropped or abandoned
}

// limits are in order: the first that holds gives the verdict.
var limits = []limit{
	{Faithful, 5 * time.Millisecond, 0.01, 0},
	{Degraded, 50 * time.Millisecond, 0.05, 0.01},
}

// judge sets verdict and reasons.
func (f *Fidelity) judge(l Ledger, windows []Window) {
	lag := time.Duration(f.Lag.ValueAtPercentile(99))
	lost := 0.0
	if l.Scheduled > 0 {
		lost = float64(l.Dropped+l.Abandoned) / float64(l.Scheduled)
	}
	f.Verdict, f.Reasons = Unfaithful, nil
	for _, limit := range limits {
		if lag <= limit.lag && f.RateError <= limit.rateError && lost <= limit.lost {
			f.Verdict = limit.verdict
			break
		}
	}
	best := limits[0]
	if lag > best.lag {
		f.Reasons = append(f.Reasons, fmt.Sprintf("lag p99 is %v, more than %v; %d requests left over 1ms late", lag.Round(10*time.Microsecond), best.lag, f.Late))
	}
	if text := saturation(windows); text != "" && f.Verdict != Faithful {
		f.Reasons = append(f.Reasons, text)
		if f.more != "" {
			f.Reasons = append(f.Reasons, f.more)
		}
	}
	if f.RateError > best.rateError {
		f.Reasons = append(f.Reasons, fmt.Sprintf("the rate is %.1f %% off, more than %.0f %%", 100*f.RateError, 100*best.rateError))
	}
	if f.Shifted > 0 {
		f.Reasons = append(f.Reasons, fmt.Sprintf("the plan was shifted by %v: the generator was late (--late shift)", f.Shifted.Round(10*time.Microsecond)))
	}
	if f.Held > 0 {
		f.Reasons = append(f.Reasons, fmt.Sprintf("the sending was held up %d times, until measurements were taken in: the machine is too busy", f.Held))
	}
	if f.TooLate > 0 {
		f.Reasons = append(f.Reasons, fmt.Sprintf("%d requests dropped: the generator was more than %v late with them (--late drop)", f.TooLate, lateDrop))
	}
	if n := l.Dropped - f.Expired - f.TooLate; n > 0 {
		f.Reasons = append(f.Reasons, fmt.Sprintf("%d requests dropped: too many in flight (--max-in-flight)", n))
	}
	if f.Expired > 0 {
		f.Reasons = append(f.Reasons, fmt.Sprintf("%d requests dropped: they waited for a connection longer than the timeout (--timeout, --connections)", f.Expired))
	}
	if l.Abandoned > 0 {
		f.Reasons = append(f.Reasons, fmt.Sprintf("%d requests abandoned: the replay ended before they were due", l.Abandoned))
	}
	if f.Verdict != Faithful && f.Queued > 0 {
		f.Reasons = append(f.Reasons, fmt.Sprintf("%d of %d requests waited for a free connection, up to %d at once: the target may be slower than the traffic, or --connections too few", f.Queued, l.Scheduled, f.Deepest))
	}
}

// rateError compares when the last request left with when it was due. A difference that would pass as lag is none: in
// a short replay it would look large.
func rateError(lastDue, lastSent time.Duration) float64 {
	if lastDue <= 0 || lastSent <= 0 || (lastSent-lastDue).Abs() <= limits[0].lag {
		return 0
	}
	return math.Abs(float64(lastDue)/float64(lastSent) - 1)
}
