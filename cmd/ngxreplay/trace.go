package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ngxreplay/parse"
	"ngxreplay/replay/trace"
	"ngxreplay/report"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (t *terminal) traceCommand() *cobra.Command {
	var input inputFlags
	var output string
	var asJSON bool
	var export exportFlags
	cmd := &cobra.Command{
		Use:   "trace LOG|TRACE... -o FILE",
		Short: "build a trace file, which replays any number of times",
		Long: `Build a trace: the requests of the logs in order of arrival, as a Parquet file.

A trace replays at once, without reading the logs again, and identifies its traffic by a hash. Its columns can be
queried with DuckDB, Spark or anything else that reads Parquet; docs/trace-format.md describes them.

With --to the requests are written for another tool instead. With --anonymize pseudonyms stand for what identifies
people.`,
		Example: `  ngxreplay trace access.log access.log.1 -o day.trace
  ngxreplay trace access.log --path '/api/**' --skip-noise -o api.trace
  ngxreplay trace access.log --routes routes.txt -o day.trace
  ngxreplay trace day.trace --limit 1000 -o small.trace
  ngxreplay trace access.log --anonymize-key secret.key -o shared.trace
  ngxreplay trace day.trace --to k6 --base-url https://staging.example.com -o day.js`,
		Args: needInputs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.buildTrace(cmd.Flags(), args, &input, output, asJSON, &export)
		},
	}
	input.register(cmd.Flags())
	input.registerBuild(cmd.Flags())
	export.register(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "the trace `file` to write; with --to, - is standard output")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what the trace holds as JSON")
	return cmd
}

func (t *terminal) buildTrace(set *pflag.FlagSet, inputs []string, flags *inputFlags, output string, asJSON bool, export *exportFlags) error {
	if output == "" {
		return usageError(errors.New("no output: name the trace file with -o FILE"))
	}
	if err := export.check(output, asJSON); err != nil {
		return usageError(err)
	}
	if err := checkTraceOutput(inputs, output); err != nil {
		return usageError(err)
	}
	selection, selectionErr := flags.selection(inputs)
	options, optionsErr := flags.build(set)
	anonymizer, keyErr := t.anonymizer(export)
	if err := errors.Join(selectionErr, optionsErr, keyErr); err != nil {
		return usageError(err)
	}
	options.Anonymize = anonymizer
	if export.to != "" {
		changes := flags.filters() || anonymizer != nil
		return t.exportTrace(&runSettings{inputs: inputs, filters: changes, selection: selection, build: options}, export, output, asJSON)
	}
	built, err := t.build(selection, options, output)
	if err != nil {
		return inputError(err)
	}
	if asJSON {
		return json.NewEncoder(t.out).Encode(built.Info)
	}
	info := built.Info
	_, err = fmt.Fprintf(t.out, "%s: %d requests over %v, sha256 %s\n", output, info.Requests, info.Span().Round(time.Millisecond), info.SHA256)
	return err
}

// checkTraceOutput refuses, before anything is read, an output that is an input, whether by its name or by that of its
// directory, and one that cannot become a file.
func checkTraceOutput(inputs []string, output string) error {
	if output == parse.Stdin {
		return nil
	}
	if expanded, err := parse.Expand(inputs); err == nil { // what is wrong with them is told with the other flags
		inputs = expanded.Files
	}
	for _, name := range inputs {
		if sameFile(name, output) {
			return fmt.Errorf("output %s is an input too: name another file with -o", output)
		}
	}
	path, err := replaceable(output)
	if err != nil {
		return err
	}
	if dir, err := os.Stat(filepath.Dir(path)); err != nil || !dir.IsDir() {
		return fmt.Errorf("output %s: the directory does not exist: make it, or name another place with -o", output)
	}
	return nil
}

// build builds a trace, with progress, and says on standard error what could not be read of the logs.
func (t *terminal) build(selection trace.Selection, options trace.BuildOptions, output string) (trace.Built, error) {
	if options.Table == nil && options.Routes == trace.DefaultRoutes {
		options.Table = tracedRoutes(selection.Inputs)
	}
	lines, progress := newCounter()
	selection.Progress = progress
	stop := t.startProgress(func() string { return fmt.Sprintf("reading: %d lines", lines()) })
	built, err := interruptible(t.ctx, func() (trace.Built, error) { return trace.Build(t.ctx, selection, options, output) })
	stop()
	t.sayMalformed(built.Info.Ledger, built.Malformed)
	t.sayProblems(built.Problems)
	for _, source := range built.Info.Sources {
		if len(source.Guessed) > 0 {
			fmt.Fprintf(t.err, "ngxreplay: %s: columns guessed from their content: %s (--log-format says what they are)\n", source.Name, strings.Join(source.Guessed, ", "))
		}
	}
	for _, finding := range built.Info.Findings() {
		fmt.Fprintf(t.err, "ngxreplay: %s\n", finding)
	}
	return built, err
}

// interruptible returns when work does, or when ctx ends and work does not notice: it may be waiting for a pipe that
// says nothing, which cannot be told to stop.
func interruptible[T any](ctx context.Context, work func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := work()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
	}
	select {
	case o := <-done:
		return o.value, o.err
	case <-time.After(time.Second):
		var none T
		return none, ctx.Err()
	}
}

// sayProblems tells of inputs that could not be read, or not to their end.
func (t *terminal) sayProblems(problems []trace.Problem) {
	for _, p := range problems {
		fmt.Fprintf(t.err, "ngxreplay: %s\n", p.Text)
	}
}

// sayMalformed tells of lines that were passed over, with the first few as examples.
func (t *terminal) sayMalformed(ledger trace.Ledger, samples []*parse.LineError) {
	if ledger.Malformed == 0 {
		return
	}
	const shown = 3
	fmt.Fprintf(t.err, "ngxreplay: %d of %d lines do not match the format and are passed over:\n", ledger.Malformed, ledger.Lines)
	for _, sample := range samples[:min(shown, len(samples))] {
		fmt.Fprintf(t.err, "  %s: %s\n", sample.Error(), report.Mask(sample.Text))
	}
	if len(samples) > shown {
		fmt.Fprintln(t.err, "  ... (ngxreplay inspect shows more)")
	}
}
