//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// usage is what a process took, by the operating system's account.
type usage struct {
	Start   int64         // CLOCK_MONOTONIC just before it was started, in nanoseconds
	Elapsed time.Duration // until it ended
	CPU     time.Duration // user and system
	PeakRSS int64         // bytes
	Code    int           // exit code
}

// A limited buffer keeps the end of what a process said.
type limited struct {
	bytes.Buffer
	limit int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > 2*l.limit {
		l.Next(l.Len() + min(len(p), l.limit) - l.limit)
	}
	l.Buffer.Write(p[max(0, len(p)-l.limit):])
	return len(p), nil
}

// measure runs a command on one core and returns what it used and printed. Exit codes that are not among ok are errors, and
// so is a command that takes much longer than it was asked to.
func (b *bench) measure(ctx context.Context, core int, ok []int, command ...string) (usage, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute+20*time.Duration(b.seconds)*time.Second)
	defer cancel()
	read, write, err := os.Pipe()
	if err != nil {
		return usage{}, nil, err
	}
	defer read.Close()
	said := limited{limit: 4 << 10}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, b.self, append([]string{"spawn", b.priority(), strconv.Itoa(core)}, command...)...)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = &out, &said, []*os.File{write}
	err = cmd.Run()
	write.Close()
	if ctx.Err() != nil {
		return usage{}, nil, fmt.Errorf("%s: %w", command[0], ctx.Err())
	}
	if err != nil {
		return usage{}, nil, fmt.Errorf("%s: %w: %s", command[0], err, said.Bytes())
	}
	var u usage
	if err := json.NewDecoder(read).Decode(&u); err != nil {
		return usage{}, nil, fmt.Errorf("usage of %s: %w", command[0], err)
	}
	if u.Code != 0 && !slices.Contains(ok, u.Code) {
		return usage{}, nil, fmt.Errorf("exit code %d: %s", u.Code, bytes.TrimSpace(append(said.Bytes(), tail(out.Bytes())...)))
	}
	return u, out.Bytes(), nil
}

func tail(b []byte) []byte { return b[max(0, len(b)-1<<10):] }

// spawn is a process of its own between the bench and the measured one: Linux counts the peak memory of the process that
// forks as memory of its child, and this one is small. It writes the usage to descriptor 3.
func spawn(core string, keen bool, command []string) error {
	runtime.LockOSThread() // the child inherits the core of this thread
	if err := pin(core, keen); err != nil {
		return err
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	u := usage{Start: now()}
	if err := cmd.Start(); err != nil {
		return err
	}
	err := cmd.Wait()
	if cmd.ProcessState == nil {
		return err
	}
	u.Elapsed = time.Duration(now() - u.Start)
	u.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	u.Code = cmd.ProcessState.ExitCode()
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.PeakRSS = r.Maxrss << 10
	}
	return json.NewEncoder(io.Writer(os.NewFile(3, "usage"))).Encode(u)
}

// become turns this process into a command on one core.
func become(core string, keen bool, command []string) error {
	runtime.LockOSThread()
	if err := pin(core, keen); err != nil {
		return err
	}
	return unix.Exec(command[0], command, os.Environ())
}

// pin puts the calling thread, and what it starts, on one core. A keen one goes before the other work of the machine and
// wakes soon after it is due: the nicest that root can be to it, and a slice of 0.1 ms.
func pin(core string, keen bool) error {
	n, err := strconv.Atoi(core)
	if err != nil {
		return err
	}
	var set unix.CPUSet
	set.Set(n)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("core %d: %w", n, err)
	}
	if !keen {
		return nil
	}
	err = unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Nice: -20, Runtime: 100_000}, 0)
	if err != nil {
		return fmt.Errorf("-keen needs root: %w", err)
	}
	return nil
}
