package replay

import (
	"fmt"
	"time"
)

// An effort is how busy the thread of a loop was in its busiest second.
type effort struct {
	since time.Duration // of the clock
	used  time.Duration // processor time of the thread by then
	most  float64       // share
}

// look looks at the thread if a second has passed since the last time. Only the thread itself can do so.
func (e *effort) look(now time.Duration) {
	passed := now - e.since
	if passed < time.Second && e.used > 0 {
		return
	}
	used := threadTime()
	if e.used > 0 {
		e.most = max(e.most, float64(used-e.used)/float64(passed))
	}
	e.since, e.used = now, used
}

// full is from which share on a thread counts as the bottleneck.
const full = 0.9

// moreThreads says that more threads could do more; "" when the busiest of them had time to spare, or no processor is left.
func moreThreads(busiest float64, threads, processors int) string {
	if busiest < full || threads >= processors {
		return ""
	}
	what := "the thread that sends was"
	if threads > 1 {
		what = "one of the threads that send was"
	}
	return fmt.Sprintf("%s busy for %.0f %% of a second: where a processor is free, --threads %d can send more",
		what, min(100*busiest, 100), min(2*threads, processors))
}
