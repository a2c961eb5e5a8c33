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
	setSlice(shortSlice)
	return func() {
		setSlice(0) // restores the default, as 0 does for the slack
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0)
		runtime.UnlockOSThread()
	}
}

// shortSlice is how long the thread asks to run at a time. A thread that asks for less is let in sooner when it wakes, for
// the same share of time: it need not wait until the goroutines that make batches, or the collector, have had their turn of
// 3 ms. Linux grants it from 6.12 on, and without privilege.
const shortSlice = 100 * time.Microsecond

// setSlice changes nothing where it cannot.
func setSlice(slice time.Duration) {
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil || attr.Policy != unix.SCHED_NORMAL {
		return
	}
	attr.Runtime = uint64(slice)
	_ = unix.SchedSetAttr(0, attr, 0)
}

type threadClock struct{ start time.Time }

func (c threadClock) Now() time.Duration { return time.Since(c.start) }
