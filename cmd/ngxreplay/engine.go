package main

import (
	"errors"
	"runtime"
	"time"

	"ngxreplay/replay"
	"ngxreplay/report"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// engineFlags say how exactly requests leave, and what an answer may cost.
type engineFlags struct {
	timeout   time.Duration
	firstByte time.Duration
	maxBody   int64
	slack     time.Duration
	spin      time.Duration
	late      string
	retry     int
	threads   int
}

func (f *engineFlags) register(flags *pflag.FlagSet) {
	flags.DurationVar(&f.timeout, "timeout", 10*time.Second, "longest `time` from sending a request to the end of its answer")
	flags.DurationVar(&f.firstByte, "first-byte-timeout", 0, "longest `time` from sending a request to the first byte of its answer (default: as --timeout)")
	flags.Int64Var(&f.maxBody, "max-body", 0, "most `bytes` of an answer's body; a longer one fails (default: any)")
	flags.IntVar(&f.retry, "retry", 0, "send a request that got no usable answer again, up to so many `times`; never POST and others that may not be repeated")
	flags.DurationVar(&f.slack, "slack", 0, "let requests leave up to this `time` late, several at one waking, to save processor time (500us, 1ms)")
	flags.DurationVar(&f.spin, "spin", 0, "keep a processor busy for this `time` before a request is due, to be more exact")
	flags.StringVar(&f.late, "late", string(replay.LateCatchUp), "what becomes of requests that ngxreplay is late with: catchup: they leave at once; drop: those over 100 ms late are dropped; shift: what follows is moved, and --duration ends the replay all the same")
	flags.IntVar(&f.threads, "threads", 1, "`threads` that send, each on its share of --connections; requests that are due close together may change places")
}

func completeEngine(cmd *cobra.Command) {
	choices := []string{string(replay.LateCatchUp), string(replay.LateDrop), string(replay.LateShift)}
	// The only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("late", cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp))
}

// apply sets the options that the flags speak of. They are checked with the others.
func (f *engineFlags) apply(o *replay.Options) error {
	o.Timeout, o.FirstByte, o.MaxBody, o.Retry = f.timeout, f.firstByte, f.maxBody, f.retry
	o.Slack, o.Spin, o.Late, o.Threads = f.slack, f.spin, replay.Late(f.late), f.threads
	if f.threads == 0 {
		return errors.New("threads 0: want at least 1")
	}
	return nil
}

// echo tells the report.
func (f *engineFlags) echo(c *report.Config) {
	c.TimeoutNS, c.FirstByteNS, c.MaxBody, c.Retry = int64(f.timeout), int64(f.firstByte), f.maxBody, f.retry
	c.SlackNS, c.SpinNS, c.Late = int64(f.slack), int64(f.spin), replay.Late(f.late)
	if f.threads > 1 {
		c.Threads = f.threads
	}
}

// makeRoom gives the Go scheduler a processor more for each thread that sends: it keeps one to itself also while it waits.
// The returned function takes them back.
func makeRoom(threads int) (restore func()) {
	before := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(before + threads)
	return func() { runtime.GOMAXPROCS(before) }
}
