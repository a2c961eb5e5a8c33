// Command generate makes the logs in testdata: it starts a real nginx in front of a small application, sends it two
// minutes of traffic planned from a seed, and keeps the access logs nginx wrote.
//
// Run it at the root of the module:
//
//	go run ./testdata/generate
//
// The plan is the same for the same seed. The logs are nearly so: their times, and what depends on time (which request
// was limited, which line came first), belong to the run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := generate(ctx, os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		stop()
		os.Exit(1)
	}
}

// generate is the whole program. The logs in the output folder are replaced only after a complete run whose logs hold
// everything the tests need, so an interrupted or unlucky run leaves the old ones alone.
func generate(ctx context.Context, args []string, talk io.Writer) (err error) {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	flags.SetOutput(talk)
	folder := flags.String("o", "testdata", "folder that holds nginx.conf and receives the logs")
	seed := flags.Uint64("seed", 1, "seed of the traffic")
	if err := flags.Parse(args); err != nil {
		return err
	}
	conf, err := os.ReadFile(filepath.Join(*folder, "nginx.conf"))
	if err != nil {
		return fmt.Errorf("%w: run at the root of the module, or name the folder with -o", err)
	}

	work, err := newWorkspace()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := writeSite(work); err != nil {
		return err
	}

	app, err := startUpstream()
	if err != nil {
		return err
	}
	defer app.stop()
	server, err := startNginx(ctx, work, string(conf), app.address)
	if err != nil {
		return err
	}

	plan := newPlan(rand.New(rand.NewPCG(*seed, 2024)))
	fmt.Fprintf(talk, "nginx listens on %s; %d requests follow, over %v\n",
		server.address, len(plan), plan[len(plan)-1].at.Round(time.Second))
	playErr := play(ctx, server.address, plan, talk)
	if err := errors.Join(playErr, server.stop()); err != nil {
		return err
	}
	return install(work, *folder, talk)
}

// install checks the logs in work and puts them, and the counts in the README, into folder.
func install(work, folder string, talk io.Writer) error {
	found, err := surveyFolder(work)
	if err != nil {
		return err
	}
	if missing := shortcomings(found); missing != nil {
		return fmt.Errorf("the old logs are kept, the new ones lack something: %w", errors.Join(missing...))
	}
	for _, name := range logNames() {
		if err := replaceFile(filepath.Join(work, name), filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	if err := updateReadme(filepath.Join(folder, "README.md"), found); err != nil {
		return err
	}
	fmt.Fprintf(talk, "%d lines over %v are in %s\n", found.lines, found.span(), folder)
	return nil
}

// replaceFile copies source beside target and renames it, so that target is never half written.
func replaceFile(source, target string) error {
	data, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	if err := os.WriteFile(target+".new", data, 0o644); err != nil {
		return err
	}
	return os.Rename(target+".new", target)
}
