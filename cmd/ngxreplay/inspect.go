package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"ngxreplay/replay/route"
	"ngxreplay/replay/trace"
	"ngxreplay/report"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (t *terminal) inspectCommand() *cobra.Command {
	var input inputFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect LOG|TRACE...",
		Short: "show what is in a log or trace, what would be sent, and what cannot be read and why",
		Long: `Show what is in logs or traces: their format, how every line is accounted for, times, methods, statuses, routes, and
what matters for a replay. Nothing is sent.

With --routes every route is shown with its share, methods, why it is named so, and the first three different paths seen
of it. --routes=FILE, with the equals sign, names the routes by patterns instead of learning them; a file after a space
would be one more log. run and trace take --routes FILE either way.`,
		Example: `  ngxreplay inspect access.log
  ngxreplay inspect access.log* --skip-noise --json | jq .requests
  ngxreplay inspect access.log --routes
  ngxreplay inspect access.log --routes=routes.txt
  ngxreplay inspect odd.log --log-format '$remote_addr [$time_local] "$request" $status'`,
		Args: needInputs,
		RunE: func(cmd *cobra.Command, args []string) error { return t.inspect(cmd.Flags(), args, &input, asJSON) },
	}
	input.register(cmd.Flags())
	input.routes.registerInspect(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func (t *terminal) inspect(set *pflag.FlagSet, inputs []string, flags *inputFlags, asJSON bool) error {
	table, tableErr := flags.routes.check(set, inputs)
	selection, selectionErr := flags.selection(inputs)
	if err := errors.Join(selectionErr, tableErr); err != nil {
		return usageError(err)
	}
	routing := trace.Routing{Table: table, Max: flags.routes.max, Explain: flags.routes.show}
	lines, progress := newCounter()
	selection.Progress = progress
	stop := t.startProgress(func() string { return fmt.Sprintf("reading: %d lines", lines()) })
	survey, err := interruptible(t.ctx, func() (trace.Survey, error) {
		return trace.Inspect(t.ctx, selection, routing)
	})
	stop()
	t.sayProblems(survey.Problems)
	if err != nil && survey.Ledger.Lines == 0 {
		return inputError(err)
	}
	info, infoErr := traceInfo(inputs)
	if infoErr != nil {
		return infoErr
	}
	if info != nil && table == nil && flags.routes.max == trace.DefaultRoutes && selection.Filter.IsZero() {
		survey.Routes = ownRoutes(survey.Routes, info.Routes, flags.routes.show)
	}
	inspection := report.NewInspection(&survey)
	inspection.Trace = info
	if asJSON {
		encoder := json.NewEncoder(t.out)
		encoder.SetIndent("", "  ")
		if encodeErr := encoder.Encode(inspection); encodeErr != nil {
			return encodeErr
		}
	} else if writeErr := report.WriteInspection(t.out, inspection); writeErr != nil {
		return writeErr
	}
	if survey.Ledger.Lines == survey.Ledger.Blank && err == nil {
		return &exitError{exitNoVerdict, errors.New("the input holds no lines")}
	}
	return inputError(err) // a log that ends in an error was inspected up to there
}

// traceInfo is what a trace says of itself; nil when the inputs are others, or a trace that something else wrote.
func traceInfo(inputs []string) (*trace.Info, error) {
	if len(inputs) != 1 || !trace.IsTrace(inputs[0]) {
		return nil, nil
	}
	reader, err := trace.Open(inputs[0])
	if errors.Is(err, trace.ErrForeign) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return reader.Info(), reader.Close()
}

// ownRoutes are the routes of a whole trace, by which a replay reports: those that were learned now, with what they rest
// on, unless the trace names its requests otherwise.
func ownRoutes(learned, traced []route.Route, explain bool) []route.Route {
	sameName := func(a, b route.Route) bool { return a.Name == b.Name }
	if slices.EqualFunc(learned, traced, sameName) {
		return learned
	}
	own := slices.Clone(traced)
	for i := range own {
		if explain {
			own[i].Why = "named so when the trace was made"
		}
	}
	return own
}
