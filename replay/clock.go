package replay

import "time"

// A Clock is the time of one replay.
type Clock interface {
	// Now is the time since the start of the replay.
	Now() time.Duration
	// WaitUntil blocks until the replay is that old, or a little less: it may return early, never much too late.
	// It is called by the one goroutine that dispatches.
	WaitUntil(due time.Duration)
}
