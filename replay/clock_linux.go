package replay

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// StartClock starts a clock for the calling goroutine, which it locks to its thread until stop is called.
//
// Go's timers wake an idle process up to a millisecond late. A thread with the least timer slack that waits in the kernel
// itself is late by some 35 µs in the median.
func StartClock() (clock Clock, stop func()) {
	stop = keepThread()
	return threadClock{time.Now()}, stop
}

// keepThread locks the calling goroutine to its thread, which then waits exactly, until release is called.
func keepThread() (release func()) {
	runtime.LockOSThread()
	// The slack belongs to the thread; without the call it is 50 µs. Failing costs precision only.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	return func() {
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) // 0 restores the default
		runtime.UnlockOSThread()
	}
}

type threadClock struct{ start time.Time }

func (c threadClock) Now() time.Duration { return time.Since(c.start) }
