package replay

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// StartClock starts a clock for the calling goroutine, which it locks to its thread until stop is called.
//
// Go's timers wake an idle process up to a millisecond late. An absolute clock_nanosleep on a thread with the least
// timer slack is late by some 35 µs in the median.
func StartClock() (clock Clock, stop func()) {
	runtime.LockOSThread()
	// The slack belongs to the thread; without the call it is 50 µs. Failing costs precision only.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	c := &threadClock{start: time.Now(), raw: monotonic()}
	return c, func() {
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) // 0 restores the default
		runtime.UnlockOSThread()
	}
}

type threadClock struct {
	start time.Time
	raw   int64 // the same instant on CLOCK_MONOTONIC, in nanoseconds
}

func (c *threadClock) Now() time.Duration { return time.Since(c.start) }

func (c *threadClock) WaitUntil(due time.Duration) {
	deadline := unix.NsecToTimespec(c.raw + int64(due))
	// A signal ends the sleep early; the caller looks at the clock again.
	_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &deadline, nil)
}

func monotonic() int64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		panic("clock_gettime(CLOCK_MONOTONIC): " + err.Error()) // no Linux lacks it
	}
	return now.Nano()
}
