package results

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"ngxreplay/replay"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"
)

// Schema is the version of the results file.
const Schema = "ngxreplay.results/1"

// metadataKey is where a results file holds its About, as JSON.
const metadataKey = "ngxreplay.results"

// About is what a results file says of itself. Rows of files with the same trace, seed and options of the traffic can be
// joined by their numbers.
type About struct {
	Schema  string    `json:"schema"`
	Started time.Time `json:"started"`
	Trace   string    `json:"trace_sha256"`
	Hashed  bool      `json:"hashed"` // bodies were
	Targets []Target  `json:"targets"`
}

// A Target is what became of the traffic at one target.
type Target struct {
	Name     string        `json:"name"`
	Ledger   replay.Ledger `json:"ledger"`
	Outcomes *Outcomes     `json:"-"` // nil when nothing was sent to it
}

// Write writes a row for each request that was sent to a target or dropped, in the order of the traffic, which is read
// once more from its beginning. The targets' rows of one request follow each other.
func Write(ctx context.Context, out io.Writer, requests traffic.Stream, about About) error {
	about.Schema = Schema
	t := &table{targets: about.Targets}
	var err error
	if t.rows, err = trace.NewTable(out, t.columns()...); err != nil {
		return err
	}
	if err := t.writeAll(ctx, requests); err != nil {
		return err
	}
	metadata, err := json.Marshal(about)
	if err != nil {
		return err
	}
	return t.rows.Close(metadataKey, string(metadata))
}

// A table is a results file that is being written, with the rows that are next.
type table struct {
	targets  []Target
	rows     *trace.Table
	requests []trace.Request
	facts    []fact
}

// A fact is what a row holds besides the request of the trace.
type fact struct {
	target     string
	loop, copy int32
	replay.Outcome
}

// readAhead is how many requests are read at once.
const readAhead = 256

func (t *table) writeAll(ctx context.Context, requests traffic.Stream) error {
	var number, end int64
	for _, target := range t.targets {
		if target.Outcomes != nil {
			end = max(end, target.Outcomes.End())
		}
	}
	batch := make([]traffic.Request, readAhead)
	for number < end {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := requests.Read(batch)
		for i := range batch[:n] {
			if err := t.take(&batch[i], number); err != nil {
				return err
			}
			number++
		}
		if err := t.flush(); err != nil {
			return err
		}
		if err == io.EOF && number < end {
			return fmt.Errorf("results: the traffic ends after %d requests, and %d were replayed: a bug of ngxreplay, please report it", number, end)
		}
		if err != nil && err != io.EOF {
			return err
		}
	}
	return nil
}

// take makes rows of what became of one request.
func (t *table) take(r *traffic.Request, number int64) error {
	for _, target := range t.targets {
		if target.Outcomes == nil {
			continue
		}
		if outcome, ok := target.Outcomes.At(number); ok {
			t.requests = append(t.requests, *r.Recorded)
			t.facts = append(t.facts, fact{target.Name, r.Loop, r.Copy, outcome})
		}
		if err := target.Outcomes.Err(); err != nil {
			return err
		}
	}
	return nil
}

// flush writes the rows that were made.
func (t *table) flush() error {
	err := t.rows.Write(t.requests)
	t.requests, t.facts = t.requests[:0], t.facts[:0]
	return err
}
