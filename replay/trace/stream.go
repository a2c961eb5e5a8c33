package trace

import (
	"maps"
	"slices"
	"time"

	"ngxreplay/parse"
)

// A Stream takes entries one by one, as they come: it accounts for every line, filters, and hands on what is kept. It is
// the intake of a replay that follows a log which is still being written. It is not safe for concurrent use.
type Stream struct{ in intake }

// NewStream returns a stream that calls keep with every request that the filter keeps, with the time that its line gives
// (the end of the request, in nanoseconds since 1970) and how precise that is. r and its bytes are valid during the call
// only. A filter that is not valid is an error.
func NewStream(filter Filter, keep func(r *Request, time int64, precision time.Duration)) (*Stream, error) {
	sieve, err := newSieve(filter)
	if err != nil {
		return nil, err
	}
	return &Stream{intake{
		ledger: newLedger(), sieve: sieve,
		request: func(r *Request, at stamp) error { keep(r, at.time, at.precision); return nil },
	}}, nil
}

// Take takes an entry, and Refuse a line that is none.
func (s *Stream) Take(e *parse.Entry, source string, line int64) error {
	return s.in.take(e, source, line)
}

// Refuse keeps a malformed line as an example, if it is one of the first.
func (s *Stream) Refuse(malformed *parse.LineError) { s.in.refuse(malformed) }

// Count takes what a reader has read since it was counted last.
func (s *Stream) Count(now, before parse.Counts) { s.in.ledger.count(now, before) }

// Withdraw counts n requests that were kept and will not be sent as filtered.
func (s *Stream) Withdraw(rule Rule, n int64) {
	if n > 0 {
		s.in.ledger.Requests -= n
		s.in.ledger.Filtered[rule] += n
	}
}

// Ledger is what was taken so far.
func (s *Stream) Ledger() Ledger {
	l := s.in.ledger
	l.Filtered, l.Unreplayable = maps.Clone(l.Filtered), maps.Clone(l.Unreplayable)
	return l
}

// Malformed are the first few malformed lines.
func (s *Stream) Malformed() []*parse.LineError { return slices.Clone(s.in.malformed) }

// Describe finds the formats of a log and describes it. There are no formats when it holds no line to tell.
func (f Formats) Describe(source *parse.Source) ([]*parse.Format, Source, error) {
	formats, detected, err := f.of(source)
	if err != nil {
		return nil, Source{}, err
	}
	return formats, newSource(source, formats, detected), nil
}

// Draws places n requests that share an interval: sorted offsets from its start.
func (s Spread) Draws(n int, start int64, interval time.Duration, seed uint64) []time.Duration {
	return s.draws(nil, n, start, interval, seed)
}
