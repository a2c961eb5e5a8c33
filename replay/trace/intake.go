package trace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"ngxreplay/parse"
)

// maxSamples is how many malformed lines are kept to be shown.
const maxSamples = 10

// A Problem is an input that could not be read, or not to its end. The others are read all the same.
type Problem struct {
	Source string `json:"source"`
	Text   string `json:"text"`
}

// Selection says what to read and what to keep of it.
type Selection struct {
	Inputs  []string // log files, patterns, directories, traces, or "-"
	Formats Formats
	Filter  Filter
	// MaxMalformed is the largest share of lines that may be malformed; nil allows any.
	MaxMalformed *float64
	// Progress, when set, is called now and then with the number of lines read so far.
	Progress func(lines int64)
}

// An intake reads inputs, accounts for every line, filters, and hands requests on.
type intake struct {
	sieve     *sieve
	progress  func(lines int64)
	ledger    Ledger
	sources   []Source
	malformed []*parse.LineError // the first few
	problems  []Problem
	bound     *float64 // MaxMalformed
	sums      bool     // SHA-256 and size of the sources are wanted
	// entry, when set, sees every entry, where it was read, and the rule that excludes it.
	entry func(e *parse.Entry, source string, line int64, excluded Rule)
	// request, when set, gets every request that is kept, and its time. r is valid during the call only.
	request func(r *Request, at stamp) error

	scratch Request
}

// read reads every input, in an order that does not depend on that of the names. An input that cannot be read, or not
// to its end, is a problem that does not keep the others from being read, unless there is no other.
func (in *intake) read(ctx context.Context, sel Selection) error {
	in.ledger = newLedger()
	in.progress, in.bound = sel.Progress, sel.MaxMalformed
	var err error
	if in.sieve, err = newSieve(sel.Filter); err != nil {
		return err
	}
	inputs, err := parse.Expand(sel.Inputs)
	if err != nil {
		return err
	}
	for _, skipped := range inputs.Skipped {
		in.problems = append(in.problems, Problem{skipped.Name, skipped.Name + ": passed over: " + skipped.Reason})
	}
	var first error
	for _, name := range inputs.Files {
		err := in.readOne(ctx, name, sel.Formats)
		if err == nil {
			continue
		}
		if ctx.Err() != nil || isOurs(err) {
			return err
		}
		in.problems = append(in.problems, Problem{name, cutShort(err)})
		if first == nil {
			first = err
		}
	}
	if in.ledger.Lines == 0 && first != nil { // no input could be read at all
		in.problems = slices.DeleteFunc(in.problems, func(p Problem) bool { return p.Text == cutShort(first) })
		return first
	}
	return in.ledger.Check()
}

// cutShort says that an input is used as far as err let it be read.
func cutShort(err error) string { return err.Error() + "; what could be read is used" }

// A fatalError ends the reading of all inputs: what is done with the requests failed, or a trace is damaged, which is
// no log that somebody cut off but a file that promised to be whole.
type fatalError struct{ error }

func (e fatalError) Unwrap() error { return e.error }

// isOurs reports whether err concerns all inputs, rather than the one that was being read.
func isOurs(err error) bool {
	var fatal fatalError
	var malformed *MalformedError
	return errors.As(err, &fatal) || errors.As(err, &malformed)
}

func (in *intake) readOne(ctx context.Context, name string, formats Formats) (err error) {
	if name != parse.Stdin && IsTrace(name) {
		if err := in.readTrace(ctx, name); err != nil {
			return fatalError{err}
		}
		return nil
	}
	open := parse.Open
	if in.sums {
		open = parse.OpenSummed
	}
	source, err := open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	chosen, detected, err := formats.of(source)
	if err != nil {
		return err
	}
	info := newSource(source, chosen, detected)
	if len(chosen) == 0 { // there is no line to read, only blank ones to count
		format, _ := parse.Lookup("combined")
		chosen = append(chosen, format)
	}
	if runtime.GOMAXPROCS(0) == 1 {
		err = in.readLog(ctx, parse.NewReader(source, source.Name, chosen...), &info)
	} else {
		reader := parse.NewParallelReader(source, source.Name, runtime.GOMAXPROCS(0), chosen...)
		err = errors.Join(in.readLog(ctx, reader, &info), reader.Close())
	}
	if in.sums && ctx.Err() == nil && !isOurs(err) {
		sum, sumErr := source.Sum()
		info.SHA256, info.Bytes = sum.SHA256, sum.Bytes
		err = errors.Join(err, sumErr)
	}
	in.sources = append(in.sources, info)
	return err
}

// lines are those of a log: a parse.Reader or a parse.ParallelReader.
type lines interface {
	Scan() bool
	Entry() (*parse.Entry, *parse.LineError)
	Line() int64
	Counts() parse.Counts
	Err() error
}

// checkEvery is how many lines are read between two looks at the context and the progress.
const checkEvery = 1 << 12

func (in *intake) readLog(ctx context.Context, reader lines, source *Source) error {
	before := in.ledger.Lines
	var jumps jumpFinder
	for n := int64(1); reader.Scan(); n++ {
		if n%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if in.progress != nil {
				in.progress(before + n)
			}
			if counts := reader.Counts(); counts.Lines >= manyLines {
				if err := in.checkMalformed(counts.Malformed, counts.Lines); err != nil {
					return err
				}
			}
		}
		entry, malformed := reader.Entry()
		if malformed != nil {
			in.refuse(malformed)
			continue
		}
		if entry.Precision != 0 {
			jumps.see(entry.Time, reader.Line())
		}
		if err := in.take(entry, source.Name, reader.Line()); err != nil {
			return err
		}
	}
	counts := reader.Counts()
	in.ledger.count(counts, parse.Counts{})
	source.Lines, source.Entries, source.Malformed, source.Jumps = counts.Lines, counts.Entries, counts.Malformed, jumps.Jumps
	if err := in.checkMalformed(in.ledger.Malformed, in.ledger.Lines); err != nil {
		return err
	}
	return reader.Err()
}

// refuse keeps a malformed line as an example, if it is one of the first.
func (in *intake) refuse(malformed *parse.LineError) {
	if len(in.malformed) < maxSamples {
		in.malformed = append(in.malformed, malformed)
	}
}

func (in *intake) checkMalformed(malformed, lines int64) error {
	if in.bound == nil || float64(malformed) <= *in.bound*float64(lines) {
		return nil
	}
	return &MalformedError{Malformed: malformed, Lines: lines, Bound: *in.bound, First: in.malformed[0]}
}

// manyLines is how many lines must have been read before their share of malformed ones ends the reading early.
const manyLines = 20_000

// A MalformedError says that more lines are malformed than the user allows.
type MalformedError struct {
	Malformed, Lines int64
	Bound            float64
	First            *parse.LineError
}

func (e *MalformedError) Error() string {
	return fmt.Sprintf("%d of %d lines do not match the format, more than %g %%; the first: %v", e.Malformed, e.Lines, 100*e.Bound, e.First)
}

func (in *intake) take(e *parse.Entry, source string, line int64) error {
	if e.Unreplayable == "" && e.Precision == 0 {
		e.Unreplayable = NoTime
	}
	if e.Unreplayable != "" {
		in.takeUnreplayable(e, source, line)
		return nil
	}
	r, rule := &in.scratch, Rule("")
	if !in.sieve.all || in.request != nil {
		fillRequest(r, e)
		r.Source, r.Line = source, line
		rule = in.sieve.exclude(r, e.Time)
	}
	if in.entry != nil {
		in.entry(e, source, line, rule)
	}
	return in.pass(r, rule, stamp{time: e.Time, precision: e.Precision})
}

// takeUnreplayable counts an entry that is no request. It has a time, if nothing else that filters ask for.
func (in *intake) takeUnreplayable(e *parse.Entry, source string, line int64) {
	rule := Rule("")
	if e.Precision != 0 {
		rule = in.sieve.outside(e.Time)
	}
	if rule != "" {
		in.ledger.Filtered[rule]++
	} else {
		in.ledger.Unreplayable[e.Unreplayable]++
	}
	if in.entry != nil {
		in.entry(e, source, line, rule)
	}
}

// NoTime is the reason of an entry whose format holds no time and whose envelope gives none.
const NoTime parse.Reason = "no-time"

// pass counts a request, and hands it on when no rule excludes it.
func (in *intake) pass(r *Request, rule Rule, at stamp) error {
	if rule != "" {
		in.ledger.Filtered[rule]++
		return nil
	}
	in.ledger.Requests++
	if in.request == nil {
		return nil
	}
	if err := in.request(r, at); err != nil {
		return fatalError{err}
	}
	return nil
}

// forwardedFor is the name of the header that parse keeps in a field of its own.
var forwardedFor = []byte("x-forwarded-for")

// fillRequest fills r from e, whose bytes it borrows.
func fillRequest(r *Request, e *parse.Entry) {
	headers := r.Headers[:0]
	if e.ForwardedFor != nil {
		headers = append(headers, Header{Name: forwardedFor, Value: e.ForwardedFor})
	}
	for _, h := range e.Headers {
		headers = append(headers, Header(h))
	}
	*r = Request{
		Method:             e.Method,
		Target:             e.Target,
		Protocol:           e.Protocol,
		Scheme:             e.Scheme,
		Host:               e.Host,
		Referer:            e.Referer,
		UserAgent:          e.UserAgent,
		Headers:            headers,
		Body:               e.Body,
		Client:             e.Client,
		User:               e.User,
		Status:             int32(e.Status),
		BodyBytes:          e.BodyBytes,
		RequestTime:        int64(e.RequestTime),
		RequestLength:      e.RequestLength,
		Connection:         e.Connection,
		ConnectionRequests: e.ConnectionRequests,
	}
}

// readTrace takes the requests of another trace, which may be filtered again.
func (in *intake) readTrace(ctx context.Context, name string) (err error) {
	reader, err := openAny(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	info := reader.Info()
	source := Source{
		Name: name, Format: cmp.Or(info.Schema, "parquet"), FormatName: "trace", PrecisionNS: info.PrecisionNS,
		Formats: []string{}, Guessed: []string{}, Anonymized: info.Anonymized,
	}
	batch := make([]Request, 1024)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := reader.Read(batch)
		for i := range batch[:n] {
			source.see(&batch[i])
			if err := in.takeTraced(&batch[i], info); err != nil {
				return err
			}
		}
		source.Lines += int64(n)
		source.Entries += int64(n)
		if in.progress != nil {
			in.progress(in.ledger.Lines)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if in.sums {
		sum, err := parse.SumFile(name)
		if err != nil {
			return err
		}
		source.SHA256, source.Bytes = sum.SHA256, sum.Bytes
	}
	in.sources = append(in.sources, source)
	return nil
}

func (in *intake) takeTraced(r *Request, info *Info) error {
	in.ledger.Lines++
	in.ledger.Entries++
	at := stamp{time: info.StartNS + r.Offset, precision: time.Duration(info.PrecisionNS), arrived: true}
	rule := in.sieve.exclude(r, at.time)
	if in.entry != nil {
		in.entry(tracedEntry(r, at), r.Source, r.Line, rule)
	}
	return in.pass(r, rule, at)
}

// tracedEntry is what a log entry of r would have said, as far as statistics need it.
func tracedEntry(r *Request, at stamp) *parse.Entry {
	return &parse.Entry{
		Time:               at.time,
		Precision:          at.precision,
		RequestTime:        time.Duration(r.RequestTime),
		Method:             r.Method,
		Target:             r.Target,
		Protocol:           r.Protocol,
		Status:             int(r.Status),
		BodyBytes:          r.BodyBytes,
		BytesSent:          parse.Absent,
		RequestLength:      r.RequestLength,
		Client:             r.Client,
		User:               r.User,
		Connection:         r.Connection,
		ConnectionRequests: r.ConnectionRequests,
		Host:               r.Host,
		UserAgent:          r.UserAgent,
	}
}
