package live

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"ngxreplay/parse"
	"ngxreplay/replay/route"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"
)

// tick is how often files are looked at, and requests released.
const tick = 100 * time.Millisecond

// Options say what to follow and how far behind.
type Options struct {
	Inputs    []string // files, patterns and directories
	FromStart bool     // read files that are named from their beginning, not from their end
	Formats   trace.Formats
	Filter    trace.Filter
	Delay     time.Duration // how far behind production at least
	Duration  time.Duration // end by itself after that time; 0 for never
	Spread    trace.Spread
	Seed      uint64
	Identity  trace.Identity // what makes a client
	Table     *route.Table   // routes that are given; nil learns them
	Routes    int            // most routes that are named, of what the logs hold at the start
}

// Validate joins everything that is wrong with o.
func (o Options) Validate() error {
	var errs []error
	if len(o.Inputs) == 0 {
		errs = append(errs, errors.New("nothing to follow: name logs or directories"))
	}
	for _, name := range o.Inputs {
		if name == parse.Stdin {
			errs = append(errs, errors.New("standard input cannot be followed: name the log itself, or the directory it is in"))
		} else if trace.IsTrace(name) {
			errs = append(errs, fmt.Errorf("%s is a trace, which does not grow: name logs", name))
		}
	}
	if o.Delay < 0 || o.Delay > 24*time.Hour {
		errs = append(errs, fmt.Errorf("delay %v: want a time of up to a day, as 2s", o.Delay))
	}
	return errors.Join(errs...)
}

// A Shadow follows logs and yields their requests when they are due, for a replay.
type Shadow struct {
	opts    Options
	table   *route.Table
	learner *route.Learner // until there is a table
	routes  []string
	began   time.Time

	watch *watch // used by one goroutine
	more  chan struct{}
	quit  chan struct{}
	known experience

	watching, lanes sync.WaitGroup

	mu       sync.Mutex
	changed  sync.Cond // at every tick, and when something was released
	window   window
	stream   *trace.Stream
	current  *lane // whose entry the stream takes
	open     map[*lane]struct{}
	numbered uint64 // lanes so far
	sources  []trace.Source
	problems []string
	routed   map[string]int64
	methods  map[string]int64
	released int64
	stopped  bool
}

// Open begins to follow. What is wrong with a named file that is there is found at once; one that is not there is waited
// for.
func Open(opts Options) (*Shadow, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	s := &Shadow{
		opts: opts, began: time.Now(), learner: route.NewLearner(), more: make(chan struct{}, 1), quit: make(chan struct{}),
		open: map[*lane]struct{}{}, methods: map[string]int64{}, routed: map[string]int64{}, window: window{delay: opts.Delay},
	}
	s.changed.L = &s.mu
	keep := func(r *trace.Request, t int64, precision time.Duration) { s.current.keep(r, t, precision) }
	var err error
	if s.stream, err = trace.NewStream(opts.Filter, keep); err != nil {
		return nil, err
	}
	if opts.Duration > 0 {
		s.window.deadline = s.now() + int64(opts.Duration)
	}
	s.watch = &watch{names: opts.Inputs, fromStart: opts.FromStart, drained: s.wake, begin: s.begin}
	s.mu.Lock() // lanes that begin now wait until the routes are known
	s.watch.poll(time.Now())
	s.learnArchives()
	s.table = s.learned()
	for _, r := range s.table.Routes() {
		s.routes = append(s.routes, r.Name)
	}
	s.mu.Unlock()
	if s.watch.refused != nil {
		return nil, errors.Join(s.watch.refused, s.Close())
	}
	s.watching.Go(s.run)
	return s, nil
}

// Missing are the inputs that are not there yet and are waited for.
func (o Options) Missing() []string {
	return slices.DeleteFunc(slices.Clone(o.Inputs), func(name string) bool {
		w := watch{names: []string{name}}
		_, err := os.Stat(name)
		return err == nil || len(w.list()) > 0
	})
}

// now is the wall clock, which does not jump when the machine's clock is set.
func (s *Shadow) now() int64 { return s.began.UnixNano() + int64(time.Since(s.began)) }

func (s *Shadow) wake() {
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// run looks at the files until the shadow is stopped.
func (s *Shadow) run() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-s.quit:
			return
		case <-s.more:
			s.watch.advance(time.Now())
		case <-ticker.C:
			s.watch.poll(time.Now())
			s.settle()
		}
	}
}

// settle lets time have passed.
func (s *Shadow) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for l := range s.open {
		l.settle(now)
	}
	s.changed.Broadcast()
}

// begin reads the lines of a file. It is called by the goroutine of the watch.
func (s *Shadow) begin(f *file, r io.Reader) error {
	s.numbered++
	l := &lane{Shadow: s, file: f, name: f.name, r: r, seed: s.opts.Seed + s.numbered<<32}
	if len(f.first) > 0 {
		var err error
		if l.described, err = s.known.recognise(f.name, f.first, s.opts.Formats); err != nil {
			return err
		}
		s.learn(f.name, l.described, f.first)
	}
	s.lanes.Go(func() {
		s.mu.Lock()
		s.open[l] = struct{}{}
		s.mu.Unlock()
		l.run()
	})
	return nil
}

// Read waits until requests are nearly due, and fills dst with them. It returns io.EOF when the shadow was stopped or its
// duration is over.
func (s *Shadow) Read(dst []traffic.Request) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.stopped {
		now := s.now()
		if s.window.deadline > 0 && now >= s.window.deadline {
			s.stopped = true
			break
		}
		if n := s.window.release(dst, now); n > 0 {
			s.account(dst[:n])
			s.changed.Broadcast() // there is room
			return n, nil
		}
		s.changed.Wait()
	}
	return 0, io.EOF
}

func (s *Shadow) account(rows []traffic.Request) {
	for i := range rows {
		r := rows[i].Recorded
		rows[i].Client = s.opts.Identity.Client(r)
		if n, ok := s.methods[string(r.Method)]; ok || len(s.methods) < maxMethods {
			s.methods[string(r.Method)] = n + 1
		} else {
			s.methods[route.Other]++
		}
		s.routed[r.Route]++
	}
	s.released += int64(len(rows))
}

// maxMethods bounds the table of methods, which strangers fill.
const maxMethods = 50

// standardMethods are announced before they are seen: what is not, counts as other.
var standardMethods = [...]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// Info describes what was yielded so far: all of it after the last Read. It may be called at any time.
func (s *Shadow) Info() *trace.Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := &trace.Info{
		Schema: trace.Schema, Requests: s.released, SpanNS: s.window.last, StartNS: s.window.first, Spread: s.opts.Spread, Seed: s.opts.Seed,
		Methods: maps.Clone(s.methods), Routes: slices.Clone(s.table.Routes()), Sources: slices.Clone(s.sources), Ledger: s.stream.Ledger(),
	}
	for _, source := range s.sources {
		info.PrecisionNS = max(info.PrecisionNS, source.PrecisionNS)
	}
	for _, m := range standardMethods {
		info.Methods[m] += 0
	}
	for i := range info.Routes {
		info.Routes[i].Requests = s.routed[info.Routes[i].Name]
	}
	return info
}

// Span is the offset of the request yielded last.
func (s *Shadow) Span() time.Duration { return s.Info().Span() }

// Counts are what was yielded so far, and Planned too: nobody knows what will be logged.
func (s *Shadow) Counts() traffic.Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return traffic.Counts{Trace: s.released}
}

// Planned is what Counts is.
func (s *Shadow) Planned() traffic.Counts { return s.Counts() }

// Mixed is nil: the mix is that of production.
func (s *Shadow) Mixed(int64) *traffic.Mixed { return nil }

// Stop makes Read return io.EOF, now and always. It may be called at any time, and again.
func (s *Shadow) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	s.changed.Broadcast()
}

// Close stops, and closes the files. It returns when nothing of the shadow is left running.
func (s *Shadow) Close() error {
	s.Stop()
	select {
	case <-s.quit:
		return nil
	default:
	}
	close(s.quit)
	s.watching.Wait()
	s.watch.close()
	s.lanes.Wait()
	s.stream.Withdraw(Ended, int64(len(s.window.queue)))
	s.window.queue = nil
	ledger := s.stream.Ledger()
	return ledger.Check()
}

// problem keeps what went wrong with an input. The caller holds the lock.
func (s *Shadow) problem(name string, err error) {
	text := err.Error()
	if !strings.Contains(text, name) {
		text = name + ": " + text
	}
	if len(s.problems) < maxProblems {
		s.problems = append(s.problems, text)
	}
}
