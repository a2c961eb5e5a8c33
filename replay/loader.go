package replay

import (
	"context"
	"io"

	"ngxreplay/replay/pace"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire"
)

// Requests is a trace as a replay reads it: in order of arrival. *trace.Reader is one.
type Requests interface {
	// Read fills dst and returns how many, and io.EOF at the end.
	Read(dst []trace.Request) (int, error)
	Info() *trace.Info
}

// A loader turns a trace into batches of requests that only need to be written.
type loader struct {
	source Requests
	plan   pace.Plan
	format wire.Format
	names  *names
	// perClient numbers the clients, or the connections where the log does.
	perClient bool
	identity  trace.Identity
	rows      []trace.Request
	sizes     []int // scratch: where each request of the batch ends
	guess     int   // bytes of the largest batch so far
	loaded    int64 // requests within the plan so far
	ended     bool  // the end of the trace or of the plan was reached
}

// run sends batches until the trace or the plan ends, or the context is cancelled, and closes out.
func (l *loader) run(ctx context.Context, out chan<- batch) {
	defer close(out)
	l.rows = make([]trace.Request, batchSize)
	for {
		b, more := l.next()
		if len(b.requests) > 0 || b.err != nil {
			select {
			case out <- b:
			case <-ctx.Done():
				return
			}
		}
		if !more || b.err != nil {
			return
		}
	}
}

func (l *loader) next() (b batch, more bool) {
	n, err := l.source.Read(l.rows)
	b.requests = make([]request, 0, n)
	arena := make([]byte, 0, l.guess)
	l.sizes = l.sizes[:0]
	for i := range l.rows[:n] {
		row := &l.rows[i]
		due := l.plan.Due(row.Arrival(), l.loaded+int64(i))
		if !l.plan.Within(due) {
			l.ended = true
			break
		}
		arena = l.format.Append(arena, row)
		l.sizes = append(l.sizes, len(arena))
		r := request{
			due:    due,
			logged: answer{row.Status, row.BodyBytes},
			route:  l.names.route(row.Route),
			method: l.names.method(row.Method),
			noBody: string(row.Method) == "HEAD",
			source: row.Source, line: row.Line,
		}
		if l.perClient {
			l.setClient(&r, row)
		}
		b.requests = append(b.requests, r)
	}
	start := 0
	for i, end := range l.sizes {
		b.requests[i].bytes = arena[start:end:end]
		start = end
	}
	l.guess = max(l.guess, len(arena))
	l.loaded += int64(len(b.requests))
	if err == io.EOF {
		l.ended = true
	} else if err != nil {
		b.err = err
	}
	return b, !l.ended
}

// setClient says whose connection carries r.
func (l *loader) setClient(r *request, row *trace.Request) {
	r.offset = row.Arrival()
	connection, logged := row.LoggedConnection()
	if !logged {
		r.client = l.identity.Client(row)
		return
	}
	r.client, r.fresh = connection, row.ConnectionRequests == 1
}

// total is how many requests of the trace lie within the plan. A replay that was stopped early reads on to know; what
// cannot be read counts as within. It is called when run has returned.
func (l *loader) total() int64 {
	if !l.ended && l.plan.Duration == 0 {
		return l.source.Info().Requests
	}
	for !l.ended {
		n, err := l.source.Read(l.rows)
		for i := range l.rows[:n] {
			if !l.plan.Within(l.plan.Due(l.rows[i].Arrival(), l.loaded)) {
				l.ended = true
				break
			}
			l.loaded++
		}
		if err == io.EOF {
			l.ended = true
		} else if err != nil {
			return l.source.Info().Requests
		}
	}
	return l.loaded
}
