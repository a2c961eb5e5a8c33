//go:build !linux

package replay

import "time"

func resources() (cpu time.Duration, peakRSS int64) { return 0, 0 }

func threadTime() time.Duration { return 0 }
