// Command soak replays a log over and over at a constant pace for a long time, and fails when the program's memory or its
// lag is larger at the end than at the beginning, or when a request was lost. Lag is what the target sees.
//
//	go run ./bench/soak -for 15m -rate 5000
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"ngxreplay/bench/genlog"
	"ngxreplay/report"

	"github.com/prometheus/procfs"
)

func main() {
	var s soak
	flag.DurationVar(&s.length, "for", 15*time.Minute, "how long to replay")
	flag.IntVar(&s.rate, "rate", 5000, "requests a second")
	flag.StringVar(&s.program, "ngxreplay", "bin/ngxreplay", "the program to measure (make build builds it)")
	flag.Parse()
	if err := s.run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench/soak:", err)
		os.Exit(1)
	}
}

type soak struct {
	length  time.Duration
	rate    int
	program string
}

// parts is how many slices a soak has: minutes, for the usual one.
const parts = 15

// lines of the log, all different requests.
const lines = 50_000

func (s *soak) run(out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "ngxreplay-soak-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	log := filepath.Join(dir, "access.log")
	if _, err := genlog.Write(log, lines, 1); err != nil {
		return err
	}
	target, err := listen(time.Second / time.Duration(s.rate))
	if err != nil {
		return err
	}
	defer target.listener.Close() // of no further use, whatever closing says
	loops := 2 + int(s.length.Seconds()*float64(s.rate)/(lines*0.99))
	cmd := exec.Command(s.program, "run", log, "--target", target.url(), "--pace", "constant", "--rate", strconv.Itoa(s.rate),
		"--loop", strconv.Itoa(loops), "--duration", s.length.String(), "--json")
	var document, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &document, &said
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w: make build builds it", err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	slices, err := s.watch(out, cmd.Process.Pid, target, exited)
	if err != nil {
		return errors.Join(err, cmd.Process.Kill(), errors.New(said.String()))
	}
	return errors.Join(checkRun(out, document.Bytes(), s), judge(slices))
}

// watch prints a line for each slice and returns when the program has left.
func (s *soak) watch(out io.Writer, pid int, target *recorder, exited <-chan error) ([]slice, error) {
	proc, err := procfs.NewProc(pid)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "%8s %12s %10s %12s %12s\n", "after", "requests/s", "RSS MiB", "lag p50", "lag p99")
	each := s.length / parts
	ticker := time.NewTicker(each)
	defer ticker.Stop()
	started := time.Now()
	var slices []slice
	for {
		select {
		case err := <-exited:
			var status *exec.ExitError
			if errors.As(err, &status) && status.ExitCode() == noVerdict {
				err = nil // a busy machine; what was lost is in the ledger
			}
			return slices, err
		case <-ticker.C:
		}
		stat, err := proc.Stat()
		if err != nil || stat.RSS == 0 {
			continue // it is leaving
		}
		part := slice{rss: int64(stat.ResidentMemory())}
		part.requests, part.p50, part.p99 = target.take()
		if len(slices) < parts {
			slices = append(slices, part)
		}
		fmt.Fprintf(out, "%8s %12.0f %10.1f %12v %12v\n", time.Since(started).Round(time.Second), float64(part.requests)/each.Seconds(),
			mib(part.rss), part.p50.Round(time.Microsecond), part.p99.Round(time.Microsecond))
	}
}

// noVerdict is the exit code of a replay that was not faithful.
const noVerdict = 4

// checkRun holds that every request of the soak was answered.
func checkRun(out io.Writer, document []byte, s *soak) error {
	run, err := report.ReadJSON(bytes.NewReader(document))
	if err != nil {
		return err
	}
	target := run.Targets[0]
	l := target.Ledger
	fmt.Fprintf(out, "%d requests scheduled, %d answered; %s\n", l.Scheduled, l.Responses, target.Fidelity.Verdict)
	if want := int64(s.length.Seconds() * float64(s.rate)); l.Scheduled != want || l.Responses != want {
		return fmt.Errorf("%d requests belong to it: ledger %+v, failures %v", want, l, target.Errors)
	}
	return l.Check()
}
