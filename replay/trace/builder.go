package trace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ngxreplay/parse"
	"ngxreplay/replay/route"
)

// BuildOptions say how a trace is built. The zero value builds one with the defaults.
type BuildOptions struct {
	Spread Spread // default Poisson
	Seed   uint64
	Limit  int64        // keep the first that many requests in order of arrival; 0 keeps all
	Routes int          // most routes that are named; default DefaultRoutes
	Table  *route.Table // routes that are given; nil learns them
	Memory int          // bytes of requests sorted in memory; default DefaultMemory
	// Anonymize, when set, replaces in each request that is kept what identifies people. It is called once a request,
	// after the filters and before anything is learned or stored; the trace then says that it is anonymized.
	Anonymize func(*Request)
}

const (
	DefaultRoutes = 60
	DefaultMemory = 128 << 20
)

func (o BuildOptions) withDefaults() BuildOptions {
	if o.Spread == "" {
		o.Spread = Poisson
	}
	if o.Routes <= 0 {
		o.Routes = DefaultRoutes
	}
	if o.Memory <= 0 {
		o.Memory = DefaultMemory
	}
	return o
}

// A Built is what a build found besides the trace itself.
type Built struct {
	Info Info
	// Malformed are the first few malformed lines, Problems the inputs that could not be read to their end.
	Malformed []*parse.LineError
	Problems  []Problem
}

// Build reads the inputs that sel names and writes their trace to path, which appears only when it is complete. The
// returned Built holds the ledger even when there was an error.
func Build(ctx context.Context, sel Selection, opts BuildOptions, path string) (Built, error) {
	b := newBuilder(opts.withDefaults())
	in := intake{request: b.add}
	err := in.read(ctx, sel)
	built := Built{Malformed: in.malformed, Problems: in.problems, Info: Info{Ledger: in.ledger, Sources: in.sources}}
	if opts.Anonymize != nil || allAnonymized(in.sources) {
		built.Info.anonymize()
	}
	if err != nil {
		return built, errors.Join(err, b.close())
	}
	if in.ledger.Requests == 0 {
		return built, errors.Join(&EmptyError{Ledger: in.ledger}, b.close())
	}
	info, err := b.write(ctx, path, built.Info)
	built.Info = info
	if err != nil {
		return built, fmt.Errorf("write trace: %w", err)
	}
	return built, info.Ledger.Check()
}

// An EmptyError says that there is nothing to replay. Its ledger says why.
type EmptyError struct{ Ledger Ledger }

func (e *EmptyError) Error() string {
	l := e.Ledger
	switch {
	case l.Lines-l.Blank == 0:
		return "nothing to replay: the input holds no lines"
	case l.Entries == 0:
		return fmt.Sprintf("nothing to replay: none of %d lines matches the format; ngxreplay inspect shows why", l.Lines)
	case Total(l.Filtered) > 0:
		return fmt.Sprintf("nothing to replay: the filters exclude all %d requests; ngxreplay inspect shows by what", Total(l.Filtered))
	}
	return fmt.Sprintf("nothing to replay: none of %d entries is an HTTP request; ngxreplay inspect shows what they are", l.Entries)
}

// A builder collects requests by the time the log gives, and writes them by their arrival.
type builder struct {
	opts    BuildOptions
	logged  sorter // by log time
	arrived sorter // by arrival
	learner *route.Learner
	sources sourceNames

	// perSecond counts the requests of each second that have no better time.
	perSecond    seconds
	coarse, fine bool // some requests have no better time than their second, some have
	timed        bool // some request has a request time
	precision    time.Duration
	record       []byte // scratch
	seq          uint64
}

func newBuilder(opts BuildOptions) *builder {
	return &builder{
		opts:    opts,
		logged:  sorter{limit: opts.Memory / 2},
		arrived: sorter{limit: opts.Memory / 2},
		learner: newLearner(opts.Table),
		sources: sourceNames{index: map[string]int64{}},
	}
}

func (b *builder) close() error { return errors.Join(b.logged.close(), b.arrived.close()) }

// coarsePrecision is the precision from which requests are spread: below it the log's own time is better than a draw.
const coarsePrecision = time.Second

// add takes a request. Ties of the same time keep the order of sources and lines.
func (b *builder) add(r *Request, at stamp) error {
	if b.opts.Anonymize != nil {
		b.opts.Anonymize(r)
	}
	b.learner.Observe(r.Method, r.Target)
	b.precision = max(b.precision, at.precision)
	b.record = b.appendRecord(b.record[:0], r, at)
	b.seq++
	if at.arrived {
		return b.arrived.add(key{at.time, b.seq}, b.record)
	}
	if at.precision >= coarsePrecision {
		b.coarse = true
		b.perSecond.add(floorDiv(at.time, int64(time.Second)))
	} else {
		b.fine = true
	}
	b.timed = b.timed || r.RequestTime > 0
	return b.logged.add(key{at.time, b.seq}, b.record)
}

// write sorts, spreads and writes. When all times are coarse, or all are fine, and there are no request times, the log
// order is the arrival order, and the second sort is left out.
func (b *builder) write(ctx context.Context, path string, info Info) (Info, error) {
	table := b.learner.Table(b.opts.Routes)
	info.Spread, info.Seed, info.PrecisionNS = b.opts.Spread, b.opts.Seed, int64(b.precision)
	w, err := create(path, info, table, b.opts.Limit)
	if err != nil {
		return info, errors.Join(err, b.close())
	}
	emit := func(arrival int64, record []byte) error {
		if w.info.Requests%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		return w.writeRecord(b, arrival, record)
	}
	if b.arrived.len() > 0 || b.timed || b.coarse && b.fine {
		err = b.spread(b.arrived.add)
		if err == nil {
			err = b.arrived.drain(func(k key, record []byte) error { return emit(k.time, record) })
		}
	} else {
		err = b.spread(func(k key, record []byte) error { return emit(k.time, record) })
	}
	if err != nil {
		w.abort()
		return info, errors.Join(err, b.close())
	}
	return w.finish()
}

// spread drains the logged requests in log order and yields them by arrival; ties stay in log order. Requests that
// share a coarse time are placed inside its interval by draws, of which only those of the current second are held.
// The very first request stands at the start of its second, so that the seconds of the trace are those of the log.
func (b *builder) spread(yield func(k key, record []byte) error) error {
	var draws []time.Duration
	var second int64
	first := true
	return b.logged.drain(func(k key, record []byte) error {
		precision, requestTime, err := recordTime(record)
		if err != nil {
			return err
		}
		arrival := k.time - requestTime
		if precision >= coarsePrecision {
			if len(draws) == 0 || k.time != second {
				second = k.time
				draws = b.opts.Spread.draws(draws[:0], int(b.perSecond.count(floorDiv(second, int64(time.Second)))), second, precision, b.opts.Seed)
				if first {
					draws[0] = 0
				}
			}
			arrival += int64(draws[0])
			draws = draws[1:]
		}
		first = false
		return yield(key{arrival, k.tie}, record)
	})
}
