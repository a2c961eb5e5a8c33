// Command trace measures what making a trace of a large log costs, by the operating system's own account: CPU, lines per
// second and core, peak memory, and the size of the trace. With -replay it also replays the trace and measures that.
//
//	go run ./bench/trace -lines 20000000
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"ngxreplay/bench/child"
	"ngxreplay/bench/genlog"
)

func main() {
	var b bench
	flag.IntVar(&b.lines, "lines", 1_000_000, "lines of the log")
	flag.Uint64Var(&b.seed, "seed", 1, "seed of the log")
	flag.StringVar(&b.program, "ngxreplay", "bin/ngxreplay", "the program to measure (make build builds it)")
	flag.StringVar(&b.target, "replay", "", "also replay the trace at this target, at a rate of 20,000 a second for ten seconds")
	flag.Parse()
	if err := b.run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench/trace:", err)
		os.Exit(1)
	}
}

type bench struct {
	lines   int
	seed    uint64
	program string
	target  string
}

func (b *bench) run(out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "ngxreplay-bench-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	log, trace := filepath.Join(dir, "access.log"), filepath.Join(dir, "access.trace")
	size, err := genlog.Write(log, b.lines, b.seed)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d lines, %d MB\n", b.lines, size/1e6)
	fmt.Fprintf(out, "%-22s %10s %12s %16s %10s %10s\n", "", "seconds", "CPU seconds", "lines/CPU second", "peak MiB", "trace MB")
	for _, cores := range []int{1, runtime.NumCPU()} {
		u, err := measure(cores, b.program, "trace", log, "-o", trace)
		if err != nil {
			return err
		}
		info, err := os.Stat(trace)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%-22s %10.1f %12.1f %16.0f %10.1f %10.1f\n", "trace, GOMAXPROCS="+strconv.Itoa(cores),
			u.Elapsed.Seconds(), u.CPU.Seconds(), float64(b.lines)/u.CPU.Seconds(), float64(u.PeakRSS)/(1<<20), float64(info.Size())/1e6)
	}
	if b.target == "" {
		return nil
	}
	u, err := measure(runtime.NumCPU(), b.program, "run", trace, "--target", b.target, "--rate", "20000", "--duration", "10s")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%-22s %10.1f %12.1f %16s %10.1f\n", "run, 20000/s for 10s", u.Elapsed.Seconds(), u.CPU.Seconds(), "", float64(u.PeakRSS)/(1<<20))
	return nil
}

// measure runs a command on so many cores.
func measure(cores int, name string, args ...string) (child.Usage, error) {
	u, err := child.Run([]string{"GOMAXPROCS=" + strconv.Itoa(cores)}, name, args...)
	if err != nil {
		err = fmt.Errorf("%s %s: %w", name, args[0], err)
	}
	return u, err
}
