package trace

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"ngxreplay/internal/unnamed"
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
	Spill  string       // directory of what does not fit in memory; default TMPDIR
	// MaxGap is the longest idle gap between two requests; longer ones are cut to it. 0 cuts nothing.
	MaxGap time.Duration
	// Anonymize, when set, replaces in each request that is kept what identifies people. It is called once a request,
	// after the filters and before anything is learned or stored; the trace then says that it is anonymized.
	Anonymize func(*Request)
}

const (
	DefaultRoutes = 60
	DefaultMemory = 64 << 20
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
	in := intake{request: b.add, sums: true}
	err := in.read(ctx, sel)
	built := Built{Malformed: in.malformed, Problems: in.problems, Info: Info{Ledger: in.ledger, Sources: in.sources, Filter: sel.Filter, Limit: opts.Limit}}
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
		return built, explainFull(path, err)
	}
	return built, info.Ledger.Check()
}

// explainFull says what to do when there is no room for the trace.
func explainFull(path string, err error) error {
	var spill *unnamed.Error
	if !errors.As(err, &spill) && (errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)) {
		return fmt.Errorf("write trace: %w: free some space in %s, or name another place", err, filepath.Dir(path))
	}
	return fmt.Errorf("write trace: %w", err)
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

// A builder collects requests by the earliest time at which they can have arrived, and writes them by their arrival:
//
//	add ─► sorter ──earliest──► spreader ──arrival──► window ──in order──► fileWriter
//
// A request of a fine log arrived at its logged time less its request time. One of a log with whole seconds arrived up
// to a second later than that: it gets its place inside the second, and waits in the window for those that may come
// before it. So one sort is enough.
type builder struct {
	opts      BuildOptions
	records   sorter
	learner   *route.Learner
	sources   sourceNames
	census    census
	spreader  *spreader
	precision time.Duration
	record    []byte // scratch
	seq       uint64
}

func newBuilder(opts BuildOptions) *builder {
	b := &builder{
		opts:    opts,
		records: sorter{limit: opts.Memory, spill: func() (spillFile, error) { return unnamed.Create(opts.Spill, "sort on disk") }},
		learner: newLearner(opts.Table),
		sources: sourceNames{index: map[string]int{}},
		census:  newCensus(),
	}
	b.spreader = newSpreader(opts.Spread, opts.Seed, &b.census)
	return b
}

func (b *builder) close() error { return b.records.close() }

// coarsePrecision is the precision from which requests are spread: below it the log's own time is better than a draw.
const coarsePrecision = time.Second

// add takes a request. Ties of the same time keep the order of sources and lines.
func (b *builder) add(r *Request, at stamp) error {
	if b.opts.Anonymize != nil {
		b.opts.Anonymize(r)
	}
	b.precision = max(b.precision, at.precision)
	t := timing{source: b.sources.number(r.Source), place: b.learner.Observe(r.Method, r.Target)}
	earliest := at.time
	if !at.arrived {
		t.requestTime = max(r.RequestTime, 0)
		if t.coarse = at.precision >= coarsePrecision; t.coarse {
			second := floorDiv(at.time, int64(time.Second))
			t.rank = b.census.add(second, t.source)
			earliest = second * int64(time.Second)
		}
		earliest -= t.requestTime
		if earliest > at.time { // beyond what the clock holds
			earliest, t.requestTime = at.time, 0
		}
	}
	b.record = appendRequest(t.appendTo(b.record[:0]), r)
	b.seq++
	return b.records.add(key{earliest, b.seq}, b.record)
}

// write puts the requests in order of arrival and writes them.
func (b *builder) write(ctx context.Context, path string, info Info) (Info, error) {
	table := b.learner.Table(b.opts.Routes)
	info.Spread, info.Seed, info.PrecisionNS = b.opts.Spread, b.opts.Seed, int64(b.precision)
	w, err := create(path, info, table, b.opts.Limit)
	if err != nil {
		return info, errors.Join(err, b.close())
	}
	cut := gaps{longest: int64(b.opts.MaxGap)}
	var ends edges
	seen := 0
	err = b.drain(func(k key, record []byte) error {
		if seen++; seen%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		arrival := k.time
		if b.opts.Limit <= 0 || w.info.Requests < b.opts.Limit { // the rest is only counted
			if ends.add(arrival, 1, record); arrival-ends.first < 0 {
				return errSpan // the difference does not fit
			}
			arrival = cut.cut(arrival)
		}
		return w.writeRecord(b, arrival, record)
	})
	if err != nil {
		w.abort()
		return info, errors.Join(err, b.close())
	}
	w.info.MaxGapNS, w.info.GapsCut, w.info.CutNS = cut.longest, cut.count, cut.total
	w.info.Outliers = locate(ends.outliers(), b.whence(ends.firstMark), b.whence(ends.lastMark))
	info, err = w.finish()
	return info, errors.Join(err, b.close())
}

// errSpan says that a trace cannot hold its time.
var errSpan = errors.New("the requests lie more than 292 years apart: --since and --until leave out those with a wrong time")

// drain yields all requests by arrival; ties stay in the order in which they were added.
func (b *builder) drain(yield func(arrival key, record []byte) error) error {
	var w window
	err := b.records.drain(func(k key, record []byte) error {
		if err := w.pop(k.time, yield); err != nil {
			return err
		}
		arrival, err := b.arrival(k.time, record)
		if err != nil {
			return err
		}
		w.push(key{arrival, k.tie}, record)
		return nil
	})
	if err != nil {
		return err
	}
	return w.flush(yield)
}

// whence says where the request of a record was read.
func (b *builder) whence(record []byte) origin {
	var r Request
	if _, _, err := b.decodeRecord(record, &r); err != nil {
		return origin{}
	}
	return origin{r.Source, r.Line}
}
