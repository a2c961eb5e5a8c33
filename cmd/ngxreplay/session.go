package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"ngxreplay/replay"
	"ngxreplay/replay/live"
	"ngxreplay/replay/results"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire"
	"ngxreplay/report"
	"ngxreplay/targets"
	"ngxreplay/targets/contract"
)

// A session replays one trace at every target and keeps what was measured.
type session struct {
	*terminal
	settings *runSettings
	path     string       // of the trace
	shadow   *live.Shadow // replayed instead of a trace, when logs are followed
	info     *trace.Info
	doc      report.Run
	kept     []results.Target // what became of single requests, when that is wanted
}

func newSession(t *terminal, s *runSettings, path string, built trace.Built) *session {
	info := &built.Info
	return &session{
		terminal: t, settings: s, path: path, info: info,
		doc: report.Run{
			Schema:      report.Schema,
			Tool:        report.Tool{Name: "ngxreplay", Version: version(), Go: runtime.Version()},
			Environment: readEnvironment(),
			Config:      s.config(),
			Trace: report.Trace{
				SHA256: info.SHA256, Requests: info.Requests, SpanNS: info.SpanNS,
				PrecisionNS: info.PrecisionNS, StartNS: info.StartNS, Methods: info.Methods, Sources: info.Sources,
			},
			Ledger:      info.Ledger,
			Targets:     []report.Target{},
			Comparisons: []report.Comparison{},
			Assertions:  []report.Assertion{},
			Notes:       append(append(traceNotes(info), s.scale.notes...), problemNotes(built)...),
		},
	}
}

// config echoes what was asked for.
func (s *runSettings) config() report.Config {
	c := report.Config{
		Started: time.Now().UTC(), Inputs: s.inputs, Speed: s.options.Plan.Speed, Rate: s.scale.rate,
		Pace: s.flags.scale.pace, Ramp: s.flags.scale.ramp, Amplify: s.flags.scale.amplify, Loop: s.flags.scale.loop, Mix: s.flags.scale.mix, MaxGapNS: int64(s.build.MaxGap),
		DurationNS: int64(s.options.Plan.Duration), Limit: s.build.Limit, Seed: s.build.Seed, Spread: s.build.Spread,
		Filter: s.selection.Filter, Connections: s.options.Connections, PerClient: s.options.PerClient, MaxInFlight: s.options.MaxInFlight,
		Require: replay.Verdict(s.flags.require), Host: s.flags.host,
		HTTP: s.flags.dialing.http, Sending: s.flags.sending.config(), Dialing: s.flags.dialing.config(),
	}
	s.flags.engine.echo(&c)
	c.Dialing.ByHost = s.anyByHost()
	c.Results, c.HashBodies = s.flags.results.rows, s.flags.results.hashBodies
	for _, target := range s.flags.targets {
		c.Targets = append(c.Targets, report.Mask(target))
	}
	for _, h := range s.header {
		c.Header = append(c.Header, report.MaskHeader(h))
	}
	return c
}

// traceNotes are what a reader should know of the trace before believing the numbers.
func traceNotes(info *trace.Info) []string {
	notes := []string{}
	timed := false
	for _, source := range info.Sources {
		timed = timed || source.HasRequestTime || source.FormatName == "trace"
		if len(source.Guessed) > 0 {
			notes = append(notes, fmt.Sprintf("%s: columns guessed from their content: %s", source.Name, strings.Join(source.Guessed, ", ")))
		}
	}
	if info.PrecisionNS >= int64(time.Second) {
		notes = append(notes, fmt.Sprintf("the log has whole seconds: requests that share one are spread inside it (%s, seed %d); log $msec for their real times", info.Spread, info.Seed))
	}
	notes = append(notes, info.Findings()...)
	if !timed {
		notes = append(notes, "the log has no $request_time: requests leave when they ended in production, not when they arrived")
	}
	return notes
}

// problemNotes are what could not be read.
func problemNotes(built trace.Built) []string {
	var notes []string
	for _, p := range built.Problems {
		notes = append(notes, p.Text)
	}
	if l := built.Info.Ledger; l.Malformed > 0 {
		notes = append(notes, fmt.Sprintf("%d of %d lines do not match the format and are not replayed; ngxreplay inspect shows them", l.Malformed, l.Lines))
	}
	return notes
}

// replayAll replays at each target in turn. A target that fails does not keep the others from theirs.
func (s *session) replayAll() error {
	var errs []error
	for i, target := range s.settings.targets {
		if s.ctx.Err() != nil {
			s.doc.Targets = append(s.doc.Targets, s.untouched(target, "not replayed: interrupted"))
			continue
		}
		result, err := s.replayOne(target, i)
		if err != nil {
			fmt.Fprintf(s.err, "ngxreplay: target %s: its replay failed, see below\n", target.Name)
			errs = append(errs, err)
		}
		s.doc.Targets = append(s.doc.Targets, result)
		if result.Trouble != "" && s.ctx.Err() == nil && err == nil {
			fmt.Fprintf(s.err, "ngxreplay: target %s: %s: its results end there; look at its own log, then replay again\n", target.Name, result.Trouble)
		}
	}
	return errors.Join(errs...)
}

// untouched is the record of a target that got no request.
func (s *session) untouched(target prepared, why string) report.Target {
	return report.Target{
		Name: target.Name, URL: target.URL, Trouble: why,
		Ledger:   s.settings.scale.untouched(),
		Fidelity: report.Fidelity{Verdict: replay.Unfaithful, Reasons: []string{why}},
		Overall:  report.Statistics{Status: map[int]int64{}},
		Routes:   []report.Part{}, Methods: []report.Part{}, Windows: []report.Window{}, Errors: report.Errors{},
	}
}

// replayOne replays at one target, starting and stopping it when it is a program.
func (s *session) replayOne(target prepared, index int) (result report.Target, err error) {
	result = s.untouched(target, "not replayed")
	endpoint, format := target.Endpoint, s.settings.wireFormat(target.Name, target.Endpoint)
	meter := targets.Meter{Metrics: target.Metrics}
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	var process *targets.Process
	if target.IsProgram() {
		process, err = targets.Start(s.ctx, target.program, routeTable(s.info))
		if err != nil {
			result.Trouble = "did not start"
			return result, err
		}
		defer func() { err = errors.Join(err, process.Stop()) }()
		go func() {
			select {
			case <-process.Exited():
				cancel() // nobody listens any more: stop sending
			case <-ctx.Done():
			}
		}()
		ready := process.Ready
		if endpoint, err = wire.ParseEndpoint(ready.URL); err != nil {
			return result, fmt.Errorf("target %s: ready line: %w", target.Name, err)
		}
		format = s.settings.wireFormat(target.Name, endpoint)
		format.Expect, format.Authorization = contract.ExpectHeader, ready.Authorization
		meter = targets.Meter{PID: process.PID(), Metrics: ready.Admin + "/metrics"}
		result.Framework, result.Version, result.URL = ready.Framework, ready.Version, ready.URL
		if ready.Unrouted > 0 {
			s.doc.Notes = append(s.doc.Notes, fmt.Sprintf("%s: its router cannot hold %d of the routes; their requests take its not-found path", target.Name, ready.Unrouted))
		}
	}
	result.Trouble = ""
	if s.settings.options.HTTP2 {
		result.Client = report.ClientHTTP2
		s.note(clientNote)
	}
	err = s.measure(ctx, &result, s.settings.target(endpoint, format), meter, index)
	for _, note := range append(madeNotes(format.Made, s.settings.options.HTTP2), report.RetryNotes(&result)...) {
		s.note(note)
	}
	if process != nil && s.ctx.Err() == nil {
		select {
		case <-process.Exited():
			result.Trouble = fmt.Sprintf("died after %v (%s)", time.Duration(result.ElapsedNS).Round(10*time.Millisecond), process.Death())
		default:
		}
	}
	return result, err
}

// clientNote is what a reader of figures over HTTP/2 should know.
const clientNote = "the requests left by net/http's client for HTTP/2, not by ngxreplay's own for HTTP/1: lag and processor time are that client's; compare them with other runs over HTTP/2 only"

// note adds a note. Most are the same for each target.
func (s *session) note(text string) {
	if !slices.Contains(s.doc.Notes, text) {
		s.doc.Notes = append(s.doc.Notes, text)
	}
}

// measure runs the replay itself between two readings of the meter, and fills result.
func (s *session) measure(ctx context.Context, result *report.Target, target replay.Target, meter targets.Meter, index int) (err error) {
	source, err := s.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	before := s.readMeter(ctx, meter, result.Name)
	options := s.settings.options
	if meter.PID != 0 && !options.PerClient { // ours takes any number of connections; a user's server may serve them one at a time
		options.Prime = min(options.Connections, primed)
	}
	if err := s.keep(&options, result.Name); err != nil {
		return err
	}
	run := replay.New(source, target, options)
	defer makeRoom(options.Threads)()
	stop := s.startProgress(func() string { return s.progressLine(run.Progress(), result.Name, index) })
	measured, err := run.Run(ctx, s.kill)
	stop()
	if measured == nil && s.ctx.Err() != nil {
		result.Trouble = "not replayed: interrupted"
		return nil
	}
	if measured == nil {
		result.Trouble = "not reachable"
		return fmt.Errorf("target %s: %w", result.Name, unreachable(err))
	}
	// A target that died has nothing to be read, and is spoken of elsewhere.
	if died := ctx.Err() != nil && s.ctx.Err() == nil; before != nil && !died {
		if after := s.readMeter(s.kill, meter, result.Name); after != nil {
			result.Resources = newResources(after.Since(*before), measured.Ledger.Sent)
		}
	}
	if fillErr := report.FillTarget(result, measured); fillErr != nil {
		err = errors.Join(err, fillErr)
	}
	result.Trouble = report.StoppedAnswering(result.Windows, result.Errors)
	if err != nil {
		return fmt.Errorf("target %s: %w", result.Name, err)
	}
	return nil
}

// open opens what is replayed.
func (s *session) open() (interface {
	replay.Requests
	io.Closer
}, error) {
	if s.shadow != nil {
		return s.shadow, nil
	}
	return s.settings.scale.open(s.path)
}

// primed is how many connections a target of ours gets before its replay: more would still be being accepted when the
// first requests come.
const primed = 64

// readMeter returns nil when there is nothing to read, and says why when it cannot.
func (s *session) readMeter(ctx context.Context, meter targets.Meter, name string) *targets.Usage {
	if !meter.Known() {
		return nil
	}
	usage, err := meter.Read(ctx)
	if err != nil {
		if ctx.Err() == nil {
			fmt.Fprintf(s.err, "ngxreplay: target %s: no resource figures: %s\n", name, report.Mask(err.Error()))
		}
		return nil
	}
	return &usage
}

func (s *session) progressLine(p replay.Progress, name string, index int) string {
	if s.shadow != nil {
		return s.shadowLine(p, name)
	}
	if p.Sent == 0 {
		return ""
	}
	share := 100.0
	if p.Length > 0 {
		share = min(100*float64(p.Elapsed)/float64(p.Length), 100)
	}
	failed := ""
	if p.Failed > 0 {
		failed = fmt.Sprintf(", %d failed", p.Failed)
	}
	return fmt.Sprintf("%s (%d of %d): %3.0f %%, %v of %v, %d sent, %d answered%s", name, index+1, len(s.settings.targets), share,
		p.Elapsed.Round(time.Second), p.Length.Round(time.Second), p.Sent, p.Responses, failed)
}
