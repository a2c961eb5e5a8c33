//go:build linux

package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// now is CLOCK_MONOTONIC in nanoseconds, which all processes of a machine share.
func now() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic("CLOCK_MONOTONIC: " + err.Error()) // every Linux has it
	}
	return t.Nano()
}

// A clock reads CLOCK_MONOTONIC without entering the kernel.
type clock struct {
	start time.Time
	at    int64 // CLOCK_MONOTONIC at start
}

func newClock() clock { return clock{time.Now(), now()} }

func (c clock) now() int64 { return c.at + int64(time.Since(c.start)) }
