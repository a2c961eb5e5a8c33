//go:build !linux

package replay

import "time"

// StartClock starts a clock for the calling goroutine. Outside Linux replays wait with Go's timers, which are late by up
// to a millisecond on an idle process.
func StartClock() (clock Clock, stop func()) {
	return timerClock{time.Now()}, func() {}
}

type timerClock struct{ start time.Time }

func (c timerClock) Now() time.Duration { return time.Since(c.start) }

// keepThread does nothing here: Go's timers wake any thread.
func keepThread() (release func()) { return func() {} }
