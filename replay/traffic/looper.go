package traffic

import (
	"errors"
	"fmt"
	"io"
	"time"

	"ngxreplay/replay/pace"
	"ngxreplay/replay/trace"
)

// A looper reads a trace, as often as is asked. It owns the trace.
type looper struct {
	open     func() (Trace, error)
	trace    Trace
	loop     pace.Loop
	k        int             // the loop being read
	identity *trace.Identity // nil when nobody asks for clients
	keep     bool            // requests are held beyond the next Read
	rows     []trace.Request
	read     []int64 // requests by loop: the first, and the others together
}

func (l *looper) Read(dst []Request) (int, error) {
	if l.keep || len(l.rows) < len(dst) {
		l.rows = make([]trace.Request, len(dst))
	}
	n, err := l.trace.Read(l.rows[:len(dst)])
	span := l.trace.Info().Span()
	for i := range l.rows[:n] {
		row := &l.rows[i]
		dst[i] = Request{Recorded: row, At: row.Arrival(), Loop: int32(l.k)}
		if l.loop.Count > 1 {
			if dst[i].At > span { // the next loop would begin before the end of this one
				return i, fmt.Errorf("%s:%d: offset %v lies beyond the span of %v that the trace states", row.Source, row.Line, dst[i].At, span)
			}
			dst[i].At = l.loop.Offset(l.k, dst[i].At)
		}
		if l.identity != nil {
			dst[i].Client = l.identity.Client(row)
		}
	}
	l.read[min(l.k, 1)] += int64(n)
	if err == io.EOF && l.k+1 < l.loop.Count {
		err = l.again()
	}
	return n, err
}

// again opens the trace for the next loop.
func (l *looper) again() error {
	before := l.trace
	next, err := l.open()
	if err != nil {
		return fmt.Errorf("loop %d: %w", l.k+2, err)
	}
	l.trace = next
	l.k++
	if err := before.Close(); err != nil {
		return err
	}
	if a, b := before.Info(), next.Info(); a.SHA256 != b.SHA256 || a.Requests != b.Requests {
		return errors.New("loop: the trace is not what it was: it was replaced during the replay")
	}
	return nil
}

func (l *looper) close() error { return l.trace.Close() }

// span is the offset of the last request of the last loop.
func (l *looper) span() time.Duration { return l.loop.Span(l.trace.Info().Span()) }
