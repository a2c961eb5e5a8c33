package traffic

import (
	"cmp"
	"errors"
	"io"
	"math"
	"time"

	"ngxreplay/replay/pace"
	"ngxreplay/replay/trace"
)

// Options say what becomes of a trace. The zero value leaves it as it is.
type Options struct {
	Loops   int     // how often it is replayed; 0 is once
	Amplify float64 // clients for each of the trace; 0 is one
	// Chosen is how many requests of the trace are of the clients that the part of Amplify after the point is given to, as
	// [Chosen] counts them. It makes [Traffic.Planned] exact; 0 lets it estimate.
	Chosen int64
	Mix    Mix
	// Identity tells clients apart. Clients fills [Request.Client] even when nothing here needs it.
	Identity trace.Identity
	Clients  bool
	Seed     uint64
	// Memory is how many bytes of requests a mix holds; what is more goes to a file in TempDir. 0 is DefaultMemory,
	// and "" the system's directory.
	Memory  int
	TempDir string
}

// DefaultMemory is that of a mix. With what the garbage collector leaves, a replay stays well below 100 MiB.
const DefaultMemory = 16 << 20

// Counts say how the requests of a trace became those of the traffic:
//
//	requests = trace + repeated + copied - thinned
//
// They count what was read, which is more than what was handed on until the end is reached. A mix changes which requests
// are sent, not how many.
type Counts struct {
	Trace    int64 // requests of the trace
	Repeated int64 // requests of further loops
	Copied   int64 // requests of copies of clients
	Thinned  int64 // requests of clients that were left out
}

// Requests is how many there are of the traffic.
func (c Counts) Requests() int64 { return c.Trace + c.Repeated + c.Copied - c.Thinned }

// Traffic is a trace as it is replayed. It is not safe for concurrent use.
type Traffic struct {
	Stream    // its last stage
	looper    *looper
	thinner   *thinner   // nil unless clients are left out
	amplifier *amplifier // nil unless clients are copied
	mixer     *mixer     // nil without a mix
	census    census     // of the mix
	amplify   float64
	chosen    int64
}

// Chosen counts what [Options.Chosen] is, by reading the trace once. It is 0, and nothing is read, when Amplify is a whole
// number.
func Chosen(open func() (Trace, error), opts Options) (int64, error) {
	whole := math.Trunc(opts.Amplify)
	if opts.Amplify == whole {
		return 0, nil
	}
	once, err := New(open, Options{Amplify: opts.Amplify - whole, Identity: opts.Identity, Seed: opts.Seed})
	if err != nil {
		return 0, err
	}
	batch := make([]Request, readAhead)
	var chosen int64
	for err == nil {
		var n int
		n, err = once.Read(batch)
		chosen += int64(n)
	}
	if err == io.EOF {
		err = nil
	}
	return chosen, errors.Join(err, once.Close())
}

// New opens a trace and makes its traffic. Open is called again for each loop, and once to find out whether a mix is
// possible where the trace does not say so; what it opens is closed. An impossible mix is refused here.
func New(open func() (Trace, error), opts Options) (*Traffic, error) {
	opts.Loops = cmp.Or(opts.Loops, 1)
	opts.Amplify = cmp.Or(opts.Amplify, 1)
	opts.Memory = cmp.Or(opts.Memory, DefaultMemory)
	first, err := open()
	if err != nil {
		return nil, err
	}
	t := &Traffic{amplify: opts.Amplify, chosen: opts.Chosen}
	t.looper = &looper{open: open, trace: first, read: make([]int64, 2)}
	if err := t.build(opts); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

func (t *Traffic) build(opts Options) error {
	info := t.looper.trace.Info()
	var errs [2]error
	var amp *pace.Amplifier
	t.looper.loop, errs[0] = pace.NewLoop(opts.Loops, info.Requests, info.Span())
	amp, errs[1] = pace.NewAmplifier(opts.Amplify, info.StartNS, opts.Seed)
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	if opts.Clients || opts.Amplify != 1 {
		t.looper.identity = &opts.Identity
	}
	t.Stream = t.looper
	switch {
	case opts.Amplify < 1:
		t.thinner = &thinner{source: t.Stream, amp: amp}
		t.Stream = t.thinner
	case opts.Amplify > 1:
		t.looper.keep = true
		t.amplifier = newAmplifier(t.Stream, amp)
		t.Stream = t.amplifier
	}
	if opts.Mix.IsZero() {
		return nil
	}
	return t.addMix(opts)
}

func (t *Traffic) addMix(opts Options) error {
	info := t.looper.trace.Info()
	var known bool
	if t.census, known = opts.Mix.census(info); !known || t.thinner != nil {
		if err := t.count(opts); err != nil {
			return err
		}
	}
	if err := opts.Mix.check(t.census, info); err != nil {
		return err
	}
	var err error
	t.mixer, err = newMixer(t.Stream, opts.Mix, &spool{limit: opts.Memory, dir: opts.TempDir})
	if err != nil {
		return err
	}
	if opts.Amplify == math.Trunc(opts.Amplify) {
		factor := int64(opts.Loops) * int64(opts.Amplify)
		classes := make([]int64, len(t.census.classes))
		for i, n := range t.census.classes {
			classes[i] = n * factor
		}
		t.mixer.expect(classes, t.census.requests*factor)
	}
	t.Stream = t.mixer
	return nil
}

// count reads the trace once, thinned as it will be, for the requests of each class.
func (t *Traffic) count(opts Options) error {
	mix := opts.Mix
	opts.Mix, opts.Loops, opts.Amplify = Mix{}, 1, min(opts.Amplify, 1)
	once, err := New(t.looper.open, opts)
	if err != nil {
		return err
	}
	t.census, err = mix.count(once)
	return errors.Join(err, once.Close())
}

// Info describes the trace. The caller must not change it.
func (t *Traffic) Info() *trace.Info { return t.looper.trace.Info() }

// Planned is what Counts will be at the end: exactly, unless clients are thinned or copied in part and [Options.Chosen] is
// not known.
func (t *Traffic) Planned() Counts {
	n, loops := t.Info().Requests, int64(t.looper.loop.Count)
	c := Counts{Trace: n, Repeated: n * (loops - 1)}
	extra := int64(math.Round(float64(n*loops) * (t.amplify - 1)))
	if t.chosen > 0 { // a client that is chosen is so in every loop, with all its requests
		extra = loops * (n*(int64(t.amplify)-1) + t.chosen)
	}
	if extra > 0 {
		c.Copied = extra
	} else {
		c.Thinned = -extra
	}
	return c
}

// Span is the offset of the last request of the traffic; when clients are thinned or copied, it may come a second
// earlier or later.
func (t *Traffic) Span() time.Duration { return t.looper.span() }

// Counts say what was read so far.
func (t *Traffic) Counts() Counts {
	c := Counts{Trace: t.looper.read[0], Repeated: t.looper.read[1]}
	if t.thinner != nil {
		c.Thinned = t.thinner.left
	}
	if t.amplifier != nil {
		c.Copied = t.amplifier.copied
	}
	return c
}

// Close closes the trace and removes what a mix has on disk.
func (t *Traffic) Close() error {
	err := t.looper.close()
	if t.mixer != nil {
		err = errors.Join(err, t.mixer.spool.close())
	}
	return err
}
