package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"ngxreplay/parse"
	"ngxreplay/replay"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire"
	"ngxreplay/targets"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// runFlags are the flags of run as the user gave them.
type runFlags struct {
	input       inputFlags
	sending     sendingFlags
	dialing     dialingFlags
	scale       scaleFlags
	follow      followFlags
	targets     []string
	connections string
	maxInFlight int
	engine      engineFlags
	results     resultFlags
	host        string
	header      []string
	allowWrites bool
	require     string
	output      string
	asJSON      bool
}

func (t *terminal) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run LOG|TRACE... --target TARGET",
		Short: "replay against targets and report",
		Long: `Replay logs or a trace against one or several targets, one after the other, and compare them.

Requests leave when they are due, whether or not earlier ones were answered. Response times count from when a request
was due, so a target that stalls cannot hide it. A target is the name of a program that is started for the replay
(ngxreplay targets lists them), or the URL of a server that is running.`,
		Example: `  ngxreplay run access.log --target gin --target echo --target chi
  ngxreplay run access.log --target old=http://127.0.0.1:8080 --target new=http://127.0.0.1:8081 -o out
  ngxreplay run day.trace --target gin --rate 2000 --duration 1m
  ngxreplay run access.log --target svc=http://127.0.0.1:8080,metrics=http://127.0.0.1:9090/metrics --json
  ngxreplay run /var/log/nginx/access.log --follow --target http://127.0.0.1:8081
  ngxreplay run access.log --target https://staging.example --ca ca.pem --auth jwt:hs256:env:SECRET --method GET
  ngxreplay run access.log --target app=unix:/run/app.sock --bodies bodies.yml --rewrite '^/v1/=>/v2/' --traceparent
  zcat access.log.2.gz | ngxreplay run - --target fiber --speed 4 --skip-noise`,
		Args: needInputs,
		RunE: func(cmd *cobra.Command, args []string) error {
			settings, err := f.settings(cmd.Flags(), args)
			if err != nil {
				return usageError(err)
			}
			return t.run(settings)
		},
	}
	f.register(cmd.Flags())
	// The only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("target", completeTargets)
	completeScale(cmd)
	completeEngine(cmd)
	completeDialing(cmd)
	return cmd
}

func (f *runFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.targets, "target", nil, "replay at this `target`: NAME, URL, NAME=URL or NAME=URL,metrics=URL (repeatable)")
	f.scale.register(flags)
	flags.StringVar(&f.connections, "connections", "64", "most `connections` to a target, or per-client: each logged client has its own, kept and closed as nginx would have")
	flags.IntVar(&f.maxInFlight, "max-in-flight", 65536, "most requests sent or waiting; more are dropped and counted")
	f.engine.register(flags)
	flags.StringVar(&f.host, "host", "", "send this `host` with every request, instead of the logged one")
	flags.StringArrayVar(&f.header, "header", nil, "add this `'Name: value'` to every request (repeatable)")
	flags.BoolVar(&f.allowWrites, "allow-writes", false, "send requests that write (POST, PUT, ...) to targets on other machines too")
	flags.StringVar(&f.require, "require", string(replay.Degraded), "least `fidelity` for a verdict: faithful, or degraded; below it the exit code is 4")
	flags.StringVarP(&f.output, "output", "o", "", "write run.json and report.html into this `directory` (and results.parquet with --results)")
	flags.BoolVar(&f.asJSON, "json", false, "print run.json on standard output instead of the tables")
	f.results.register(flags)
	f.follow.register(flags)
	f.input.register(flags)
	f.input.registerBuild(flags)
	f.sending.register(flags)
	f.dialing.register(flags)
}

// runSettings are the flags of run, checked.
type runSettings struct {
	inputs    []string
	selection trace.Selection
	build     trace.BuildOptions
	filters   bool
	targets   []prepared
	options   replay.Options
	scale     scale
	flags     *runFlags
	header    []wire.Header
	sending   sending
	dialing   dialing
	firstHost string // see findFirstHost
}

// A prepared target can be replayed at: its program was found.
type prepared struct {
	targets.Spec
	program targets.Program // of targets that are started
}

// settings checks everything that can be checked before anything is read, and joins what is wrong.
func (f *runFlags) settings(flags *pflag.FlagSet, inputs []string) (*runSettings, error) {
	s := &runSettings{inputs: inputs, flags: f, filters: f.input.filters()}
	var errs [10]error
	s.selection, errs[0] = f.input.selection(f.follow.expanded(inputs))
	s.build, errs[1] = f.input.build(flags)
	s.targets, errs[2] = prepareTargets(f.targets)
	s.header, errs[3] = parseHeaders(f.header)
	s.sending, errs[8] = f.sending.check(s.header)
	s.dialing, errs[9] = f.dialing.check(f.host)
	s.options = replay.Options{MaxInFlight: f.maxInFlight, HTTP2: f.dialing.http2()}
	errs[4] = f.engine.apply(&s.options)
	s.options.Connections, s.options.PerClient, errs[7] = parseConnections(f.connections)
	s.scale, errs[5] = f.scale.settings(flags, f.input.seed)
	s.options.Plan, s.options.Closed = s.scale.plan, s.scale.closed
	s.scale.traffic.Clients, s.scale.traffic.Identity = s.options.PerClient || s.sending.needsClients(), s.selection.Filter.Identity
	s.scale.traffic.TempDir = s.build.Spill
	errs[4] = errors.Join(errs[4], s.options.Validate())
	if require := replay.Verdict(f.require); require != replay.Faithful && require != replay.Degraded {
		errs[6] = fmt.Errorf("require %q: want faithful or degraded", f.require)
	}
	errs[6] = errors.Join(errs[6], checkHeaderText("host", f.host), checkOutput(f.output), f.dialing.checkPrograms(s.targets), f.follow.check(flags, len(f.targets)),
		f.results.check(f.output, len(f.targets), f.follow.on()))
	return s, errors.Join(errs[:]...)
}

// mostConnections is how many clients may be connected at one time. The limits of the system may allow fewer.
const mostConnections = 50_000

// parseConnections reads --connections.
func parseConnections(text string) (n int, perClient bool, err error) {
	if text == "per-client" {
		return mostConnections, true, nil
	}
	n, err = strconv.Atoi(text)
	if err != nil || n < 1 || n > mostConnections {
		return 1, false, fmt.Errorf("connections %q: want a number from 1 to %d, or per-client", text, mostConnections)
	}
	return n, false, nil
}

func prepareTargets(texts []string) ([]prepared, error) {
	if len(texts) == 0 {
		return nil, errors.New("no target: name one with --target, as --target gin or --target http://127.0.0.1:8080 (ngxreplay targets lists those that can be started)")
	}
	specs, err := targets.ParseSpecs(texts)
	errs := []error{err}
	var list []prepared
	for _, spec := range specs {
		p := prepared{Spec: spec}
		if spec.IsProgram() {
			p.program, err = targets.Find(spec.Name, targets.Places())
			errs = append(errs, err)
		}
		list = append(list, p)
	}
	return list, errors.Join(errs...)
}

func parseHeaders(texts []string) ([]wire.Header, error) {
	var headers []wire.Header
	var errs []error
	for i, text := range texts { // which is not quoted: it may be a secret
		name, value, found := strings.Cut(text, ":")
		name = strings.TrimSpace(name)
		if !found || name == "" || strings.ContainsAny(name, " \t\"(),/;<=>?@[\\]{}") {
			errs = append(errs, fmt.Errorf("header %d of the command line: want 'Name: value'", i+1))
			continue
		}
		switch {
		case strings.EqualFold(name, "host"):
			errs = append(errs, fmt.Errorf("header %s: use --host", name))
			continue
		case !wire.IsSendable(name) && !strings.EqualFold(name, "user-agent") && !strings.EqualFold(name, "referer"):
			errs = append(errs, fmt.Errorf("header %s: frames the request or belongs to the connection, which ngxreplay decides", name))
			continue
		}
		errs = append(errs, checkHeaderText("header "+name, value))
		headers = append(headers, wire.Header{Name: name, Value: strings.TrimSpace(value)})
	}
	return headers, errors.Join(errs...)
}

func checkHeaderText(what, text string) error {
	if strings.ContainsAny(text, "\r\n\x00") {
		return fmt.Errorf("%s: holds a line break or NUL", what)
	}
	return nil
}

// checkOutput makes the output directory and proves that a file can be written there, before the replay rather than
// after it.
func checkOutput(dir string) error {
	if dir == "" {
		return nil
	}
	if dir == parse.Stdin {
		return errors.New("-o names a directory; --json prints the document on standard output")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("output directory: %w: name another one with -o", err)
	}
	probe, err := os.CreateTemp(dir, ".ngxreplay-*")
	if err != nil {
		return fmt.Errorf("output directory is not writable: %w: name another one with -o", err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// run reads, replays at every target, and reports whatever was measured, also when something failed or was stopped.
func (t *terminal) run(s *runSettings) (err error) {
	if s.options.HTTP2 {
		defer quiet()()
	}
	if s.flags.follow.on() {
		return t.follow(s)
	}
	path, built, cleanup, err := t.obtainTrace(s)
	if err != nil {
		return inputError(err)
	}
	defer func() { err = errors.Join(err, cleanup()) }()
	if err := s.scale.fit(path); err != nil {
		return usageError(err)
	}
	s.options.Plan = s.scale.plan
	if err := s.checkWrites(&built.Info); err != nil {
		return usageError(err)
	}
	if err := s.findFirstHost(path); err != nil {
		return inputError(err)
	}
	if err := t.probe(s); err != nil {
		return err
	}
	session := newSession(t, s, path, built)
	replayErr := session.replayAll()
	if err := errors.Join(replayErr, session.report()); err != nil {
		return err // a failure of the tool says more than the verdict that follows from it
	}
	return session.verdict()
}

// obtainTrace names the trace to replay: the input itself when it is a trace that ngxreplay wrote and that is wanted
// whole, else a temporary one.
func (t *terminal) obtainTrace(s *runSettings) (path string, built trace.Built, cleanup func() error, err error) {
	nothing := func() error { return nil }
	if len(s.inputs) == 1 && !s.filters && trace.IsTrace(s.inputs[0]) {
		switch reader, err := trace.Open(s.inputs[0]); {
		case err == nil:
			built.Info = *reader.Info()
			return s.inputs[0], built, nothing, reader.Close()
		case !errors.Is(err, trace.ErrForeign):
			return "", built, nothing, err
		}
	}
	dir, err := os.MkdirTemp("", "ngxreplay-run-*")
	if err != nil {
		return "", built, nothing, usageError(fmt.Errorf("temporary directory: %w: TMPDIR names another one", err))
	}
	cleanup = func() error { return os.RemoveAll(dir) }
	path = filepath.Join(dir, "run.trace")
	built, err = t.build(s.selection, s.build, path)
	if err != nil {
		return "", built, nothing, errors.Join(err, cleanup())
	}
	return path, built, cleanup, nil
}

// checkWrites refuses to send requests that change something to another machine unless the user said so: a log is
// easily replayed at the wrong place.
func (s *runSettings) checkWrites(info *trace.Info) error {
	if s.flags.allowWrites {
		return nil
	}
	var writes int64
	for method, n := range info.Methods {
		if !isSafe(method) {
			writes += n
		}
	}
	var errs []error
	for _, target := range s.targets {
		if writes > 0 && !target.IsProgram() && !target.Endpoint.IsLoopback() {
			errs = append(errs, fmt.Errorf("target %s is on another machine, and %d requests write (not GET, HEAD or OPTIONS): leave them out with --method GET,HEAD, or send them with --allow-writes",
				target.Name, writes))
		}
	}
	return errors.Join(errs...)
}

// isSafe reports whether requests of that method only read.
func isSafe(method string) bool {
	return method == "GET" || method == "HEAD" || method == "OPTIONS"
}

// probe finds targets that cannot be reached before the first one is replayed at.
func (t *terminal) probe(s *runSettings) error {
	limits, err := s.limits()
	errs := []error{err}
	for _, target := range s.targets {
		if target.IsProgram() {
			continue
		}
		errs = append(errs, t.reach(s, target, limits))
	}
	return errors.Join(errs...)
}
