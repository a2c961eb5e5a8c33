//go:build linux

// Command peers measures ngxreplay beside other load generators, all in turn on one machine, and prints ratios: CPU a
// request flat out against nginx, how late requests arrive when they have a time, and how soon the first leaves.
//
//	go run ./bench/peers
//	go run ./bench/peers -short
//
// The client has one core and the server another. docs/benchmarks.md says what the figures mean. Tools that are not here
// are left out, and named.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	if err := command(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench/peers:", err)
		os.Exit(1)
	}
}

// command is the bench, or one of the small processes that it starts of itself: NAME KEEN CORE and what they do.
func command(args []string) error {
	if len(args) > 3 {
		keen, core, rest := args[1] == "true", args[2], args[3:]
		switch args[0] {
		case "record":
			return record(core, rest[0], rest[1], keen)
		case "spawn":
			return spawn(core, keen, rest)
		case "become":
			return become(core, keen, rest)
		}
	}
	b := &bench{talk: os.Stderr}
	flag.StringVar(&b.program, "ngxreplay", "bin/ngxreplay", "the program to measure (make build builds it)")
	flag.StringVar(&b.before, "before", "", "another build of ngxreplay, measured beside it in every round")
	only := flag.String("only", "", "measure only tools whose names match this expression: 'ngxreplay|floor'")
	flag.StringVar(&b.tools, "tools", "bin/peers", "folder of the tools that are built here once")
	flag.BoolVar(&b.withK6, "k6", false, "build k6 too, which takes minutes the first time")
	flag.IntVar(&b.rounds, "rounds", 5, "runs of each tool, in turn")
	flag.IntVar(&b.seconds, "seconds", 3, "length of a run, of tools that are given one")
	flag.IntVar(&b.connections, "connections", 64, "connections of each tool")
	flag.Uint64Var(&b.seed, "seed", 1, "seed of the logs")
	flag.IntVar(&b.clientCore, "client-core", 0, "core of the tools")
	flag.IntVar(&b.serverCore, "server-core", 1, "core of nginx and of the recorder")
	flag.BoolVar(&b.keen, "keen", false, "all that is measured goes before other work of the machine (root): for machines that are not idle")
	flag.BoolVar(&b.flat, "flat", true, "measure flat out")
	rates := flag.String("rates", "1000,5000,20000", "rates of timed runs, requests a second; empty: none")
	lengths := flag.String("lengths", "1000000,5000000", "lengths of traces whose first request is waited for; empty: none")
	short := flag.Bool("short", false, "a first look in under a minute: 2 rounds of 1 s, 5000/s, a trace of 200000")
	asJSON := flag.Bool("json", false, "print everything as JSON, each round")
	flag.Parse()
	if *short {
		b.rounds, b.seconds, *rates, *lengths = 2, 1, "5000", "200000"
	}
	var err error
	if *only != "" {
		if b.only, err = regexp.Compile(*only); err != nil {
			return fmt.Errorf("-only: %w", err)
		}
	}
	if b.rates, err = numbers(*rates, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) }); err != nil {
		return fmt.Errorf("-rates: %w", err)
	}
	if b.lengths, err = numbers(*lengths, strconv.Atoi); err != nil {
		return fmt.Errorf("-lengths: %w", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := b.run(ctx); err != nil {
		return err
	}
	if *asJSON {
		if err := json.NewEncoder(os.Stdout).Encode(b.report); err != nil {
			return err
		}
	} else {
		b.report.write(os.Stdout)
	}
	if b.report.broken {
		return errors.New("a run of ngxreplay failed: see the failures")
	}
	return nil
}

// numbers reads a list with commas.
func numbers[T int | float64](list string, parse func(string) (T, error)) ([]T, error) {
	var all []T
	for text := range strings.SplitSeq(list, ",") {
		if text == "" {
			continue
		}
		n, err := parse(text)
		if err != nil {
			return nil, err
		}
		if n <= 0 {
			return nil, fmt.Errorf("%v: not above 0", n)
		}
		all = append(all, n)
	}
	return all, nil
}
