package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"ngxreplay/parse"
	"ngxreplay/parse/nginxconf"
	"ngxreplay/replay/trace"

	"github.com/spf13/pflag"
)

// inputFlags say what to read and what to keep of it; run, inspect and trace share them.
type inputFlags struct {
	logFormats []string
	escape     string
	nginxConf  string
	parser     string
	filter     trace.Filter
	limit      int64
	seed       uint64
	spread     string
	malformed  string
	routes     routeFlags
}

func (f *inputFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.logFormats, "log-format", nil, "the log's format: a known `name` or a log_format string of nginx.conf (default: detected; repeatable)")
	flags.StringVar(&f.escape, "escape", "default", "escape of a log_format string: default, json or none")
	flags.StringVar(&f.nginxConf, "nginx-conf", "", "take formats from this `file`; --log-format then selects one by its name, or the log's path does")
	flags.StringVar(&f.parser, "parser", "compiled", "how lines are parsed: compiled or gonx")
	flags.StringSliceVar(&f.filter.Methods, "method", nil, "keep requests of these `methods` only, as GET,POST")
	flags.StringSliceVar(&f.filter.Statuses, "status", nil, "keep requests answered with these `statuses` only, as 2xx,304")
	flags.StringArrayVar(&f.filter.Paths, "path", nil, "keep paths that match this `glob` only, as '/api/**' (repeatable)")
	flags.StringArrayVar(&f.filter.Excludes, "exclude", nil, "leave out paths that match this `glob` (repeatable)")
	flags.StringVar(&f.malformed, "max-malformed", "100%", "stop when a larger `share` of the lines does not match the format, as 1%")
	flags.BoolVar(&f.filter.SkipNoise, "skip-noise", false, "leave out health checks, favicon and static files")
}

func (f *inputFlags) registerBuild(flags *pflag.FlagSet) {
	flags.Int64Var(&f.limit, "limit", 0, "keep the first `N` requests only")
	flags.Uint64Var(&f.seed, "seed", 1, "`seed` of everything that is drawn")
	f.routes.register(flags)
	flags.StringVar(&f.spread, "spread", string(trace.Poisson), "place requests that share a second: poisson, even or start")
}

// selection is the checked form of the flags.
func (f *inputFlags) selection(inputs []string) (trace.Selection, error) {
	formats, err := f.formats()
	bound, boundErr := parseShare(f.malformed)
	_, inputErr := parse.Expand(inputs) // before anything is read
	selection := trace.Selection{Inputs: inputs, Formats: formats, Filter: f.filter, MaxMalformed: bound}
	return selection, errors.Join(inputErr, err, boundErr, f.filter.Validate())
}

func (f *inputFlags) build(flags *pflag.FlagSet) (trace.BuildOptions, error) {
	table, tableErr := f.routes.check(flags, nil)
	spread, err := trace.ParseSpread(f.spread)
	if f.limit < 0 {
		err = errors.Join(err, fmt.Errorf("limit %d: want a positive number", f.limit))
	}
	return trace.BuildOptions{Spread: spread, Seed: f.seed, Limit: f.limit, Routes: f.routes.max, Table: table}, errors.Join(err, tableErr)
}

// filters reports whether the flags leave anything out, or name routes anew.
func (f *inputFlags) filters() bool {
	filter := f.filter
	return f.limit > 0 || f.routes.given() || filter.SkipNoise || len(filter.Methods)+len(filter.Statuses)+len(filter.Paths)+len(filter.Excludes) > 0
}

func (f *inputFlags) formats() (trace.Formats, error) {
	formats := trace.Formats{Gonx: f.parser == "gonx"}
	var errs []error
	if f.parser != "gonx" && f.parser != "compiled" {
		errs = append(errs, fmt.Errorf("parser %q: want compiled or gonx", f.parser))
	}
	var conf *nginxconf.Config
	if f.nginxConf != "" {
		var err error
		if conf, err = nginxconf.Load(f.nginxConf); err != nil {
			return formats, errors.Join(append(errs, err)...)
		}
		formats.ForFile = conf.FormatFor
	}
	for _, text := range f.logFormats {
		format, err := f.format(text, conf)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		formats.Given = append(formats.Given, format)
	}
	return formats, errors.Join(errs...)
}

// format is what one --log-format means: a name of nginx.conf, a known name, or a log_format string.
func (f *inputFlags) format(text string, conf *nginxconf.Config) (*parse.Format, error) {
	if conf != nil && !strings.Contains(text, "$") {
		return conf.Format(text)
	}
	if strings.Contains(text, "$") {
		escape, err := parse.ParseEscape(f.escape)
		if err != nil {
			return nil, err
		}
		return parse.Compile("", text, escape)
	}
	if format, ok := parse.Lookup(text); ok {
		return format, nil
	}
	var names []string
	for _, known := range parse.KnownFormats() {
		if known.Name() != "" {
			names = append(names, known.Name())
		}
	}
	return nil, fmt.Errorf("log format %q: not a known name (%s) and not a log_format string, which holds variables as $request",
		text, strings.Join(names, ", "))
}

// parseShare reads a share of lines: 1%, 0.5%, or 0.01.
func parseShare(text string) (*float64, error) {
	digits, percent := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(digits, 64)
	if percent {
		share /= 100
	}
	if err != nil || !(share >= 0 && share <= 1) {
		return nil, fmt.Errorf("max malformed %q: want a share as 1%%", text)
	}
	return &share, nil
}

// inputError gives an error of reading inputs its exit code: what the user named wrongly is usage, and the message
// says what to do next.
func inputError(err error) error {
	var path *fs.PathError
	var empty *trace.EmptyError
	var malformed *trace.MalformedError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, parse.ErrUnknownFormat), errors.Is(err, trace.ErrNoTime):
		return usageError(fmt.Errorf("%w (the flag is --log-format)", err))
	case errors.As(err, &empty):
		return &exitError{exitNoVerdict, err}
	case errors.As(err, &malformed):
		return &exitError{exitNoVerdict, err}
	case errors.Is(err, fs.ErrPermission):
		return usageError(fmt.Errorf("%w: give yourself the permission, or name another file", err))
	case errors.As(err, &path) && path.Op == "open", errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
		return usageError(err)
	}
	return err
}

// sameFile reports whether two names are one file, so that no output destroys an input.
func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
