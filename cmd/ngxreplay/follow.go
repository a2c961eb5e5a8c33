package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"ngxreplay/replay"
	"ngxreplay/replay/live"
	"ngxreplay/replay/trace"
	"ngxreplay/report"

	"github.com/spf13/pflag"
)

// followFlags say whether to follow logs that are still being written.
type followFlags struct {
	from  string // "end", "start", or "" to read logs as they are
	delay time.Duration
}

const defaultDelay = 2 * time.Second

func (f *followFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.from, "follow", "", "shadow production: follow the logs as they grow and are rotated, from their `end` or =start")
	flags.Lookup("follow").NoOptDefVal = "end"
	flags.DurationVar(&f.delay, "delay", defaultDelay, "with --follow: how far behind production, the `time` in which lines are put in order of arrival")
}

func (f *followFlags) on() bool { return f.from != "" }

// expanded are the inputs that must be there at the start: none that are followed.
func (f *followFlags) expanded(inputs []string) []string {
	if f.on() {
		return nil
	}
	return inputs
}

// timeless are the flags that set the time or the number of requests, which production does when it is shadowed.
var timeless = [...]string{"speed", "rate", "pace", "ramp", "amplify", "loop", "mix", "limit", "max-gap", "since", "until", "rounds", "warmup", "max-malformed"}

// check joins the flags that contradict each other.
func (f *followFlags) check(flags *pflag.FlagSet, targets int) error {
	if !f.on() {
		if flags.Changed("delay") {
			return errors.New("--delay is how far behind production --follow is: give --follow too")
		}
		return nil
	}
	var errs []error
	if f.from != "end" && f.from != "start" {
		errs = append(errs, fmt.Errorf("follow %q: want --follow, which begins at the end of the logs, or --follow=start", f.from))
	}
	for _, name := range timeless {
		if flag := flags.Lookup(name); flag != nil && flag.Changed {
			errs = append(errs, fmt.Errorf("--follow sends what production gets when it gets it, and --%s would change that: leave one of them out", name))
		}
	}
	if targets > 1 {
		errs = append(errs, errors.New("--follow shadows one target: the traffic passes once (start another ngxreplay for each other target)"))
	}
	return errors.Join(errs...)
}

// follow replays logs as they are written, and reports when it was stopped or its duration is over.
func (t *terminal) follow(s *runSettings) error {
	if err := s.checkUnknownWrites(); err != nil {
		return usageError(err)
	}
	duration := s.options.Plan.Duration
	s.options.Plan.Duration = 0 // the shadow ends by itself
	options := live.Options{
		Inputs: s.inputs, FromStart: s.flags.follow.from == "start", Formats: s.selection.Formats, Filter: s.selection.Filter,
		Delay: s.flags.follow.delay, Duration: duration, Spread: s.build.Spread, Seed: s.build.Seed, Routes: cmp.Or(s.build.Routes, trace.DefaultRoutes), Table: s.build.Table, Identity: s.scale.traffic.Identity,
	}
	if err := options.Validate(); err != nil {
		return usageError(err)
	}
	if err := t.probe(s); err != nil {
		return err
	}
	shadow, err := live.Open(options)
	if err != nil {
		return inputError(err)
	}
	for _, name := range options.Missing() {
		fmt.Fprintf(t.err, "ngxreplay: %s: not there yet: waiting for it\n", name)
	}
	session := newSession(t, s, "", trace.Built{Info: *shadow.Info()})
	session.shadow = shadow
	session.doc.Config.DurationNS = int64(duration)
	session.doc.Config.Follow, session.doc.Config.DelayNS = s.flags.follow.from, int64(s.flags.follow.delay)
	session.doc.Notes = nil
	replayErr := session.replayAll()
	replayErr = errors.Join(replayErr, shadow.Close())
	session.describe(shadow.Facts())
	if err := errors.Join(replayErr, session.report()); err != nil {
		return err
	}
	return session.verdict()
}

// describe puts what the shadow found out into the report, and says what could not be read.
func (s *session) describe(facts live.Facts) {
	built := trace.Built{Info: facts.Info, Malformed: facts.Malformed}
	for _, text := range facts.Problems {
		built.Problems = append(built.Problems, trace.Problem{Text: text})
	}
	info := &built.Info
	s.doc.Trace = report.Trace{
		Requests: info.Requests, SpanNS: info.SpanNS, PrecisionNS: info.PrecisionNS, StartNS: info.StartNS, BehindNS: int64(facts.Behind), Methods: info.Methods, Sources: info.Sources,
	}
	s.doc.Ledger = info.Ledger
	s.doc.Notes = slices.Concat(facts.Notes(), s.doc.Notes, problemNotes(built))
	if len(info.Sources) > 0 {
		s.doc.Notes = append(s.doc.Notes, traceNotes(info)...)
	}
	s.sayMalformed(info.Ledger, built.Malformed)
	s.sayProblems(built.Problems)
}

// shadowLine is the progress of a shadow, which has no end to be a share of.
func (s *session) shadowLine(p replay.Progress, name string) string {
	if p.Sent == 0 {
		return name + ": waiting for the first request to be logged"
	}
	failed := ""
	if p.Failed > 0 {
		failed = fmt.Sprintf(", %d failed", p.Failed)
	}
	return fmt.Sprintf("%s: %v, %v behind production, %d sent, %d answered%s", name,
		p.Elapsed.Round(time.Second), s.shadow.Behind().Round(100*time.Millisecond), p.Sent, p.Responses, failed)
}

// checkUnknownWrites refuses to send to another machine what may change something there: nobody knows what will be
// logged.
func (s *runSettings) checkUnknownWrites() error {
	safe := len(s.selection.Filter.Methods) > 0
	for _, method := range s.selection.Filter.Methods {
		safe = safe && isSafe(method)
	}
	var errs []error
	for _, target := range s.targets {
		if !safe && !s.flags.allowWrites && !target.IsProgram() && !target.Endpoint.IsLoopback() {
			errs = append(errs, fmt.Errorf("target %s is on another machine, and requests that write (not GET, HEAD or OPTIONS) may be logged: leave them out with --method GET,HEAD, or send them with --allow-writes", target.Name))
		}
	}
	return errors.Join(errs...)
}
