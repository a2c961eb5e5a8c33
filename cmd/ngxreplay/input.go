package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

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
	since      string
	until      string
	sample     string
	shard      string
	client     string
	maxGap     time.Duration
	spill      string
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
	flags.StringVar(&f.since, "since", "", "keep lines logged at this `time` or later, as '2026-02-07 10:00:00' (UTC unless it names a zone)")
	flags.StringVar(&f.until, "until", "", "keep lines logged before this `time`")
	flags.StringVar(&f.sample, "sample", "", "keep this `share` of the clients, as 10%, with all their requests")
	flags.StringVar(&f.shard, "shard", "", "keep the clients of part `K/N`, as 1/4; the parts together are everything")
	flags.StringVar(&f.client, "client", "origin", "what makes a `client`: origin (address, forwarded-for and user agent), address, user, cookie:NAME or header:NAME")
	flags.StringVar(&f.filter.Where, "where", "", "keep requests for which this `expression` holds, as 'status >= 500 and path startsWith \"/api\"'")
	flags.Uint64Var(&f.seed, "seed", 1, "`seed` of everything that is drawn")
}

func (f *inputFlags) registerBuild(flags *pflag.FlagSet) {
	flags.Int64Var(&f.limit, "limit", 0, "keep the first `N` requests only")
	f.routes.register(flags)
	flags.StringVar(&f.spread, "spread", string(trace.Poisson), "place requests that share a second: poisson, even or start")
	flags.DurationVar(&f.maxGap, "max-gap", 0, "cut idle gaps between requests to this `time`, as 5s")
	flags.StringVar(&f.spill, "spill", "", "`directory` for what does not fit in memory (default: TMPDIR)")
}

// selection is the checked form of the flags.
func (f *inputFlags) selection(inputs []string) (trace.Selection, error) {
	formats, err := f.formats()
	bound, boundErr := parseShare(f.malformed)
	if boundErr != nil {
		boundErr = fmt.Errorf("max malformed %w", boundErr)
	}
	filter, filterErr := f.checkedFilter()
	_, inputErr := parse.Expand(inputs) // before anything is read
	selection := trace.Selection{Inputs: inputs, Formats: formats, Filter: filter, MaxMalformed: &bound}
	return selection, errors.Join(inputErr, err, boundErr, filterErr)
}

// checkedFilter is what the flags leave of the traffic.
func (f *inputFlags) checkedFilter() (trace.Filter, error) {
	filter := f.filter
	var errs []error
	check := func(name string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s%w", name, err))
		}
	}
	var err error
	if f.since != "" {
		filter.Since, err = parseTime(f.since)
		check("since ", err)
	}
	if f.until != "" {
		filter.Until, err = parseTime(f.until)
		check("until ", err)
	}
	if f.sample != "" {
		filter.Sample, err = parseShare(f.sample)
		if err == nil && filter.Sample == 0 {
			err = fmt.Errorf("%q: keeps nobody", f.sample)
		}
		check("sample ", err)
		filter.Seed = f.seed
	}
	if f.shard != "" {
		filter.Shard, err = trace.ParseShard(f.shard)
		check("", err)
	}
	filter.Identity, err = trace.ParseIdentity(f.client)
	check("", err)
	return filter, errors.Join(append(errs, filter.Validate())...)
}

func (f *inputFlags) build(flags *pflag.FlagSet) (trace.BuildOptions, error) {
	table, tableErr := f.routes.check(flags, nil)
	spread, err := trace.ParseSpread(f.spread)
	if f.limit < 0 {
		err = errors.Join(err, fmt.Errorf("limit %d: want a positive number", f.limit))
	}
	if f.maxGap < 0 {
		err = errors.Join(err, fmt.Errorf("max gap %v: want a positive time", f.maxGap))
	}
	if info, statErr := os.Stat(f.spill); f.spill != "" && (statErr != nil || !info.IsDir()) {
		err = errors.Join(err, fmt.Errorf("spill %s: no such directory", f.spill))
	}
	return trace.BuildOptions{
		Spread: spread, Seed: f.seed, Limit: f.limit, Routes: f.routes.max, Table: table, MaxGap: f.maxGap, Spill: f.spill,
	}, errors.Join(err, tableErr)
}

// filters reports whether the flags leave anything out, move it, or name routes anew.
func (f *inputFlags) filters() bool {
	filter, err := f.checkedFilter()
	return err == nil && !filter.IsZero() || f.limit > 0 || f.maxGap > 0 || f.routes.given()
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

// parseShare reads a share: 1%, 0.5%, or 0.01.
func parseShare(text string) (float64, error) {
	digits, percent := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(digits, 64)
	if percent {
		share /= 100
	}
	if err != nil || !(share >= 0 && share <= 1) {
		return 0, fmt.Errorf("%q: want a share as 1%%", text)
	}
	return share, nil
}

// parseTime reads a time as people and nginx write it, in UTC where it names no zone.
func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{
		time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05Z07:00", // these name a zone
		"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
		"02/Jan/2006:15:04:05 -0700", "02/Jan/2006:15:04:05",
	} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if _, err := time.Parse(layout, text); err == nil {
			return time.Time{}, fmt.Errorf("%q: of which day? want a time as '2006-01-02 %s'", text, text)
		}
	}
	return time.Time{}, fmt.Errorf("%q: want a time as '2006-01-02 15:04:05', 2006-01-02, 2006-01-02T15:04:05+02:00 or '02/Jan/2006:15:04:05 +0200'", text)
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
	case errors.Is(err, trace.ErrStreamed):
		return usageError(err)
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
