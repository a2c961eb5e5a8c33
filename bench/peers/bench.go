//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"time"
)

// A bench is one measurement of everything that was asked for.
type bench struct {
	program     string         // ngxreplay
	before      string         // another build of it, measured beside it; may be empty
	only        *regexp.Regexp // of the names of the tools to measure; nil: all
	tools       string         // the folder of tools that the bench builds itself
	withK6      bool
	rounds      int
	seconds     int // of a run, of tools that take a duration
	connections int
	seed        uint64
	rates       []float64 // of timed runs
	lengths     []int     // of the traces whose first request is waited for
	flat        bool
	clientCore  int
	serverCore  int
	keen        bool // measured processes go before others

	self   string // this program, which is its own recorder
	dir    string // scratch
	port   int    // of the recorder
	slacks []time.Duration
	report report
	talk   io.Writer // progress
}

// run measures, one thing at a time.
func (b *bench) run(ctx context.Context) (err error) {
	if runtime.NumCPU() < 2 || b.clientCore == b.serverCore {
		return errors.New("client and server need a core each")
	}
	if b.program, err = filepath.Abs(b.program); err != nil {
		return err
	}
	if b.before != "" {
		if b.before, err = filepath.Abs(b.before); err != nil {
			return err
		}
	}
	help, err := exec.Command(b.program, "run", "--help").Output()
	if err != nil {
		return fmt.Errorf("%s: %w: make build builds it", b.program, err)
	}
	b.slacks = slacks(help)
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.tools, err = filepath.Abs(b.tools); err != nil {
		return err
	}
	if b.port, err = freePort(); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "ngxreplay-bench-*"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if err := b.install(ctx); err != nil {
		return err
	}
	b.report.Machine, b.report.Connections, b.report.Rounds, b.report.Seconds = thisMachine(), b.connections, b.rounds, b.seconds
	return b.parts(ctx)
}

func (b *bench) parts(ctx context.Context) error {
	if b.flat {
		if err := b.flatOut(ctx); err != nil {
			return fmt.Errorf("flat out: %w", err)
		}
	}
	for _, rate := range b.rates {
		if err := b.timed(ctx, rate); err != nil {
			return fmt.Errorf("%.0f/s: %w", rate, err)
		}
	}
	for _, n := range b.lengths {
		if err := b.start(ctx, n); err != nil {
			return fmt.Errorf("first of %d requests: %w", n, err)
		}
	}
	return nil
}

// priority is how the processes of the bench are told whether they are keen.
func (b *bench) priority() string { return strconv.FormatBool(b.keen) }

// recorderURL is where each recorder listens, one after the other, so that a tool's command stays the same.
func (b *bench) recorderURL() string { return "http://127.0.0.1:" + strconv.Itoa(b.port) }

func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(b.talk, "bench/peers: "+format+"\n", args...)
}
