package replay

import "time"

// A Clock is the time of one replay.
type Clock interface {
	// Now is the time since the start of the replay.
	Now() time.Duration
}
