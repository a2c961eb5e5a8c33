package main

import (
	"os"
	"runtime"

	"ngxreplay/report"

	"github.com/prometheus/procfs"
)

// readEnvironment describes this machine, as far as it tells.
func readEnvironment() report.Environment {
	e := report.Environment{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU()}
	e.Hostname, _ = os.Hostname()
	if proc, err := procfs.NewDefaultFS(); err == nil {
		if cpus, err := proc.CPUInfo(); err == nil && len(cpus) > 0 {
			e.CPU = cpus[0].ModelName
		}
		if memory, err := proc.Meminfo(); err == nil && memory.MemTotalBytes != nil {
			e.Memory = int64(*memory.MemTotalBytes)
		}
		if release, err := proc.SysctlStrings("kernel.osrelease"); err == nil && len(release) > 0 {
			e.Kernel = release[0]
		}
	}
	e.Hash = e.Fingerprint()
	return e
}
