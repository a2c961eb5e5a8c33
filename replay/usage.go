package replay

import (
	"runtime"
	"time"
)

// Usage is what the generator itself used during a replay. Processor time and memory are 0 where the system is not Linux.
type Usage struct {
	CPU        time.Duration // of the whole program
	PeakRSS    int64         // bytes, the most since the program started
	GCs        int64         // garbage collections
	GCPause    time.Duration // in all
	MaxGCPause time.Duration // the longest one, of the last 256
}

// startUsage begins to measure. The returned function ends it.
func startUsage() func() Usage {
	cpuBefore, _ := resources()
	memBefore := memory()
	return func() Usage {
		cpu, peak := resources()
		mem := memory()
		u := Usage{
			CPU:     cpu - cpuBefore,
			PeakRSS: peak,
			GCs:     int64(mem.NumGC - memBefore.NumGC),
			GCPause: time.Duration(mem.PauseTotalNs - memBefore.PauseTotalNs),
		}
		for i := range min(mem.NumGC-memBefore.NumGC, uint32(len(mem.PauseNs))) {
			u.MaxGCPause = max(u.MaxGCPause, time.Duration(mem.PauseNs[(mem.NumGC-i+255)%256]))
		}
		return u
	}
}

func memory() (m runtime.MemStats) {
	runtime.ReadMemStats(&m)
	return m
}
