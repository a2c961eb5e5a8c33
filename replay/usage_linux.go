package replay

import (
	"time"

	"golang.org/x/sys/unix"
)

// resources are the processor time of this program and the most memory it held, in bytes.
func resources() (cpu time.Duration, peakRSS int64) {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		panic("getrusage(RUSAGE_SELF): " + err.Error()) // it only fails for bad arguments
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()), r.Maxrss << 10 // counted in KiB
}

// threadTime is the processor time of the calling thread, above 0; 0 when the system does not tell.
func threadTime() time.Duration {
	var used unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &used); err != nil {
		return 0
	}
	return time.Duration(used.Nano())
}
