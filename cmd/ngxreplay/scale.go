package main

import (
	"errors"
	"fmt"
	"math"
	"time"

	"ngxreplay/replay"
	"ngxreplay/replay/pace"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// scaleFlags say what becomes of the recorded traffic: when requests leave, how many, and which.
type scaleFlags struct {
	speed    float64
	rate     float64
	pace     string
	ramp     string
	amplify  float64
	loop     int
	duration time.Duration
	mix      string
}

// The values of --pace.
const (
	paceTrace    = "trace"
	paceConstant = "constant"
	paceMax      = "max"
)

func (f *scaleFlags) register(flags *pflag.FlagSet) {
	flags.Float64Var(&f.speed, "speed", 1, "time `factor`: 2 replays an hour in thirty minutes")
	flags.Float64Var(&f.rate, "rate", 0, "mean requests a second, the shape of the traffic kept (instead of --speed)")
	flags.StringVar(&f.pace, "pace", paceTrace, "trace: as recorded; constant: at equal distances; max: as fast as --connections allow, without a schedule")
	flags.StringVar(&f.ramp, "ramp", "", "`factors` of the speed at times of the replay, as '0s:0.5,60s:2'; twice the same time is a step")
	flags.Float64Var(&f.amplify, "amplify", 1, "`factor` of clients in the same time: 3 adds two copies of each, 0.5 keeps half of them")
	flags.IntVar(&f.loop, "loop", 1, "replay the trace `N` times in a row")
	flags.DurationVar(&f.duration, "duration", 0, "stop after this `time` of replay (default: the end of the traffic)")
	flags.StringVar(&f.mix, "mix", "", "`shares` of methods, routes or statuses, at the times of the log, as GET=7,POST=2,PUT=1 or route:/api/order=3,other=7")
}

func completeScale(cmd *cobra.Command) {
	// The only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("pace", cobra.FixedCompletions([]string{paceTrace, paceConstant, paceMax}, cobra.ShellCompDirectiveNoFileComp))
}

// A scale is the checked form of scaleFlags.
type scale struct {
	traffic  traffic.Options
	plan     pace.Plan
	rate     float64 // 0 when speed counts
	constant bool
	closed   bool // --pace max
	notes    []string
	planned  traffic.Counts
}

// untouched is the ledger of a target that nothing was sent to.
func (s *scale) untouched() replay.Ledger {
	n := s.planned.Requests()
	return replay.Ledger{
		Requests: s.planned.Trace, Repeated: s.planned.Repeated, Copied: s.planned.Copied, Thinned: s.planned.Thinned,
		Scheduled: n, Abandoned: n,
	}
}

// settings joins everything that is wrong.
func (f *scaleFlags) settings(flags *pflag.FlagSet, seed uint64) (scale, error) {
	s := scale{
		rate: f.rate, constant: f.pace == paceConstant, closed: f.pace == paceMax,
		plan:    pace.Plan{Speed: f.speed, Duration: f.duration},
		traffic: traffic.Options{Loops: f.loop, Amplify: f.amplify, Seed: seed},
	}
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if f.pace != paceTrace && !s.constant && !s.closed {
		fail("pace %q: want trace, constant or max", f.pace)
	}
	for _, name := range []string{"speed", "rate", "ramp"} {
		if s.closed && flags.Changed(name) {
			fail("--pace max sends as fast as the target answers: --%s has no meaning beside it", name)
		}
	}
	switch {
	case flags.Changed("rate") && flags.Changed("speed"):
		fail("--rate and --speed both set the time scale: give one of them")
	case flags.Changed("rate") && !(f.rate > 0 && f.rate <= 1e7):
		fail("rate %v: want requests a second, above 0 and at most ten million", f.rate)
	}
	if f.loop < 1 {
		fail("loop %d: want how often the trace is replayed, at least 1", f.loop)
	}
	if !(f.amplify > 0 && f.amplify <= pace.MaxAmplify) {
		fail("amplify %v: want a number above 0 and up to %d: 3 for three times the clients, 0.5 for half", f.amplify, pace.MaxAmplify)
	}
	var err error
	if flags.Changed("ramp") {
		s.plan.Ramp, err = pace.ParseRamp(f.ramp)
		errs = append(errs, err)
	}
	if flags.Changed("mix") {
		s.traffic.Mix, err = traffic.ParseMix(f.mix)
		errs = append(errs, err)
	}
	return s, errors.Join(errs...) // what is wrong with the plan the options of the replay say
}

// open opens the traffic of the trace of that name.
func (s *scale) open(path string) (*traffic.Traffic, error) {
	return traffic.New(opener(path), s.traffic)
}

func opener(path string) func() (traffic.Trace, error) {
	return func() (traffic.Trace, error) { return trace.Open(path) }
}

// fit completes the plan by what the traffic is: how many requests over which span. What it refuses, as a mix of a class
// that the trace does not hold, it refuses before anything is sent.
func (s *scale) fit(path string) (err error) {
	if s.traffic.Chosen, err = traffic.Chosen(opener(path), s.traffic); err != nil {
		return err
	}
	t, err := s.open(path)
	if err != nil {
		return err
	}
	s.planned = t.Planned()
	requests, span := s.planned.Requests(), t.Span()
	s.notes = clientNotes(s.planned, s.traffic.Amplify)
	if s.constant {
		s.plan.Gap = pace.MeanGap(requests, span)
	}
	switch {
	case s.rate > 0 && s.constant:
		s.plan.Gap, s.plan.Speed = time.Second, s.rate
	case s.rate > 0:
		s.plan.Speed, err = pace.SpeedForRate(s.rate, requests, span)
	}
	return errors.Join(err, t.Close())
}

// clientNotes say when whole clients cannot make the factor that was asked for.
func clientNotes(planned traffic.Counts, asked float64) []string {
	factor := float64(planned.Requests()) / float64(planned.Trace+planned.Repeated)
	if math.Abs(factor-asked) <= 0.1*asked {
		return nil
	}
	return []string{fmt.Sprintf("amplify %v sends %.3g times the requests: clients are kept and copied as a whole, and there are few, or some send most of the traffic", asked, factor)}
}
