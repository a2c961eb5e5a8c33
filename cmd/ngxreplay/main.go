// Command ngxreplay replays the traffic recorded in nginx access logs against one or several targets, and compares
// how each behaves.
//
// The rules of its conversation: standard output carries the product, standard error the talk. Messages are lower
// case, without a full stop, and name the next step. Progress is drawn on a terminal only; elsewhere it is one plain
// line an interval. The first Ctrl-C stops sending, waits for outstanding answers and still reports; the second does
// not wait.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes are part of the command line's contract.
const (
	exitFine        = 0
	exitFailed      = 1   // the tool failed
	exitUsage       = 2   // usage or configuration
	exitAssertion   = 3   // an assertion failed
	exitNoVerdict   = 4   // no data, or the replay was not faithful
	exitInterrupted = 130 // Ctrl-C
)

// An exitError carries the exit code that an error asks for.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func usageError(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitUsage, err}
}

// exitCode is the code of the outermost exitError, or exitFailed.
func exitCode(err error) int {
	var e *exitError
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &e):
		return e.code
	}
	return exitFailed
}

// A terminal is the edge of the program: its streams, and the contexts that end with the first and second Ctrl-C.
type terminal struct {
	out, err  io.Writer
	ctx, kill context.Context
}

func main() {
	ctx, kill, stop := interrupts()
	t := &terminal{out: os.Stdout, err: os.Stderr, ctx: ctx, kill: kill}
	code := t.execute(os.Args[1:])
	stop()
	os.Exit(code)
}

// execute runs one command line and returns its exit code.
func (t *terminal) execute(args []string) int {
	root := t.rootCommand()
	root.SetArgs(args)
	root.SetOut(t.out)
	root.SetErr(t.err)
	err := root.Execute()
	if errors.Is(err, context.Canceled) && t.ctx.Err() != nil {
		return exitInterrupted // which has been said
	}
	if errors.Is(err, syscall.EPIPE) {
		return exitFailed // whoever read our output has had enough
	}
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			fmt.Fprintf(t.err, "ngxreplay: %s\n", line)
		}
	}
	if t.ctx.Err() != nil {
		return exitInterrupted
	}
	return exitCode(err)
}

// interrupts returns a context that ends with the first SIGINT or SIGTERM and one that ends with the second; the third
// does what it does to any program.
func interrupts() (ctx, kill context.Context, stop func()) {
	ctx, cancelFirst := context.WithCancel(context.Background())
	kill, cancelSecond := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	signal.Ignore(syscall.SIGPIPE) // a write to a closed pipe is an error like any other: we have things to clean up
	go func() {
		if _, ok := <-signals; !ok {
			return
		}
		fmt.Fprintln(os.Stderr, "ngxreplay: interrupted: bringing it to an end (interrupt again to leave now)")
		cancelFirst()
		if _, ok := <-signals; !ok {
			return
		}
		cancelSecond()
		signal.Reset(os.Interrupt, syscall.SIGTERM)
	}()
	return ctx, kill, func() {
		signal.Stop(signals)
		close(signals)
		cancelFirst()
		cancelSecond()
	}
}

func (t *terminal) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "ngxreplay",
		Short: "replay the traffic recorded in nginx access logs",
		Long: `ngxreplay replays the traffic recorded in nginx access logs, at its recorded rhythm or scaled, against one or
several targets, and compares how each behaves.`,
		Example: `  ngxreplay inspect access.log                                what is in it, what would be sent
  ngxreplay run access.log --target gin --target echo         compare two built-in targets
  ngxreplay run access.log --target http://127.0.0.1:8080     replay at a server that is running
  ngxreplay run access.log --target gin --speed 10 -o out     ten times as fast, report in out/
  ngxreplay trace access.log* -o day.trace                    build a trace once, replay it often`,
		Version:                    version(),
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		SilenceErrors:              true,
		Args:                       knownCommand,
		RunE:                       func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError(fmt.Errorf("%w (%s --help shows all flags)", err, cmd.CommandPath()))
	})
	root.SetUsageFunc(usage)
	root.AddCommand(t.runCommand(), t.inspectCommand(), t.traceCommand(), t.targetsCommand())
	return root
}

// knownCommand is cobra's check of the first argument, as a usage error.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "ngxreplay --help lists them"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + near[0] + "?"
	}
	return usageError(fmt.Errorf("unknown command %q: %s", args[0], hint))
}

// needInputs is cobra's check of arguments, as a usage error.
func needInputs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError(fmt.Errorf("no input: name log files or a trace, or - for standard input (%s --help)", cmd.CommandPath()))
	}
	return nil
}
