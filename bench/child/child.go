// Package child runs a command and tells what it used, by the operating system's own account.
package child

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Usage is what a command used.
type Usage struct {
	Elapsed time.Duration
	CPU     time.Duration
	PeakRSS int64 // bytes
}

// Run runs a command with env added to the environment. An error holds what the command said on standard error.
func Run(env []string, name string, args ...string) (Usage, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	var said bytes.Buffer
	cmd.Stderr = &said
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return Usage{}, fmt.Errorf("%w: %s", err, said.Bytes())
	}
	u := Usage{Elapsed: time.Since(start), CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.PeakRSS = r.Maxrss << 10
	}
	return u, nil
}
