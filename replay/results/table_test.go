package results

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ngxreplay/internal/ducktest"
	"ngxreplay/replay"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"

	"github.com/google/go-cmp/cmp"
)

// timedLog makes a trace of the first requests of a log; limit 0 is all.
func timedLog(t *testing.T, limit int64) func() (traffic.Trace, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.trace")
	log := filepath.Join("..", "..", "testdata", "timed.log")
	if _, err := trace.Build(t.Context(), trace.Selection{Inputs: []string{log}}, trace.BuildOptions{Seed: 1, Limit: limit}, path); err != nil {
		t.Fatal(err)
	}
	return func() (traffic.Trace, error) { return trace.Open(path) }
}

func openTraffic(t *testing.T, open func() (traffic.Trace, error), opts traffic.Options) *traffic.Traffic {
	t.Helper()
	tr, err := traffic.New(open, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tr.Close() })
	return tr
}

// written writes a results file and returns what DuckDB reads it from.
func written(t *testing.T, requests traffic.Stream, about About) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "results.parquet")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(Write(t.Context(), file, requests, about), file.Close()); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("read_parquet('%s')", path)
}

// Whatever becomes of a trace, each row is the request that was sent under its number, and what became of it.
func TestRowsAreTheRequestsThatWereSent(t *testing.T) {
	whole, part := timedLog(t, 0), timedLog(t, 1500)
	mix, err := traffic.ParseMix("GET=5,POST=5")
	if err != nil {
		t.Fatal(err)
	}
	for _, opts := range []traffic.Options{
		{},
		{Loops: 3}, // more than a page
		{Amplify: 2.5, Loops: 2, Seed: 7},
		{Amplify: 0.5},
		{Mix: mix, Memory: 1 << 16},
		{Mix: mix, Amplify: 1.5, Loops: 2, Clients: true},
	} {
		open := part
		if opts.Loops == 3 {
			open = whole
		}
		// What is sent is what one reader sees, in batches of another size.
		var want []string
		outcomes := newOutcomes(t)
		sent := openTraffic(t, open, opts)
		batch := make([]traffic.Request, 97)
		for err := error(nil); err == nil; {
			var n int
			n, err = sent.Read(batch)
			for _, r := range batch[:n] {
				number := int64(len(want))
				want = append(want, fmt.Sprint(number, " ", r.Loop, " ", r.Copy, " ", r.Recorded.Line, " ", r.Recorded.Offset, " ", string(r.Recorded.Method), " ", len(r.Recorded.Target), " ", r.Recorded.Route, " ", number*3))
				outcomes.Add(replay.Outcome{Number: number, Fate: replay.Answered, Due: r.At, Sent: r.At, First: r.At + 1, Done: r.At + 2, Status: 200, Bytes: number * 3, Attempts: 1})
			}
			if err != nil && err != io.EOF {
				t.Fatal(err)
			}
		}
		from := written(t, openTraffic(t, open, opts), About{Targets: []Target{{Name: "x", Outcomes: outcomes}}})
		var got []string
		for _, row := range ducktest.Query(t, `SELECT concat_ws(' ', seq, loop, copy, line, offset_ns, method, octet_length(target), route, response_bytes) FROM `+from) {
			got = append(got, row[0].(string))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v: - sent, + written: %.2000s", opts, diff)
		}
	}
}

// What did not happen is null, in pages with nothing else too.
func TestNullsAreWhatDidNotHappen(t *testing.T) {
	open := timedLog(t, 1500)
	answered, failed := newOutcomes(t), newOutcomes(t)
	const n = 1000
	for i := range int64(n) {
		answered.Add(replay.Outcome{Number: i, Fate: replay.Answered, Due: 1, Sent: 2, First: 3, Done: 4, Attempts: 2, Status: 404, Bytes: 9, Hash: 0xabc, Hashed: i%2 == 0})
		switch {
		case i%3 == 0:
			failed.Add(replay.Outcome{Number: i, Fate: replay.Dropped, Due: 1, Done: 5})
		case i%3 == 1:
			failed.Add(replay.Outcome{Number: i, Fate: replay.Failed, Failed: wire.Reset, Due: 1, Sent: 2, Done: 4, Attempts: 1})
		} // the rest was abandoned
	}
	ledger := replay.Ledger{Requests: 7, Sent: 1000}
	from := written(t, openTraffic(t, open, traffic.Options{}), About{Targets: []Target{
		{Name: "good", Outcomes: answered, Ledger: ledger}, {Name: "bad", Outcomes: failed}, {Name: "never"},
	}})
	for sql, want := range map[string]string{
		`SELECT target_name, outcome, count(*), min(due_ns), min(sent_ns), min(first_byte_ns), min(done_ns), min(attempts), min(response_status),
			min(response_bytes), min(response_hash), count(response_hash), min(error_class) FROM ` + from + ` GROUP BY 1, 2 ORDER BY 1, 2`: `
			bad dropped 334 1 <nil> <nil> <nil> 0 <nil> <nil> <nil> 0 <nil>
			bad failed 333 1 2 <nil> 4 1 <nil> <nil> <nil> 0 reset
			good answered 1000 1 2 3 4 2 404 9 0000000000000abc 500 <nil>`,
		// The rows of a request follow each other, in the order of the targets.
		`SELECT seq, target_name FROM ` + from + ` LIMIT 5`: `
			0 good
			0 bad
			1 good
			1 bad
			2 good`,
		`SELECT decode(key), decode(value) FROM parquet_kv_metadata` + strings.TrimPrefix(from, "read_parquet"): `
			ngxreplay.results {"schema":"ngxreplay.results/1","started":"0001-01-01T00:00:00Z","trace_sha256":"","hashed":false,"targets":[` +
			`{"name":"good","ledger":{"requests":7,"repeated":0,"copied":0,"thinned":0,"beyond":0,"scheduled":0,"sent":1000,"dropped":0,"abandoned":0,"responses":0,"failed":0}},` +
			`{"name":"bad","ledger":{"requests":0,"repeated":0,"copied":0,"thinned":0,"beyond":0,"scheduled":0,"sent":0,"dropped":0,"abandoned":0,"responses":0,"failed":0}},` +
			`{"name":"never","ledger":{"requests":0,"repeated":0,"copied":0,"thinned":0,"beyond":0,"scheduled":0,"sent":0,"dropped":0,"abandoned":0,"responses":0,"failed":0}}]}`,
	} {
		rows := ducktest.Query(t, sql)
		if flat := func(s string) string { return strings.Join(strings.Fields(s), " ") }; flat(spaced(rows)) != flat(want) {
			t.Errorf("%s:\n%s\nwant%s", sql, spaced(rows), want)
		}
	}
}

// spaced is one line a row.
func spaced(rows [][]any) string {
	var b strings.Builder
	for _, row := range rows {
		b.WriteString(fmt.Sprintln(row...))
	}
	return b.String()
}

// The columns are those of docs/results-format.md.
func TestColumnsAreAsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/results-format.md")
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{"int64": "BIGINT", "string": "VARCHAR"}
	var want []string
	for line := range strings.Lines(string(doc)) {
		if cells := strings.Split(line, " | "); len(cells) >= 4 && strings.HasPrefix(line, "| `") {
			want = append(want, strings.Trim(cells[0], "| `")+" "+types[cells[1]])
		}
	}
	o := newOutcomes(t)
	o.Add(replay.Outcome{Fate: replay.Dropped})
	from := written(t, openTraffic(t, timedLog(t, 1500), traffic.Options{}), About{Targets: []Target{{Name: "x", Outcomes: o}}})
	var got []string
	for _, row := range ducktest.Query(t, "DESCRIBE SELECT * EXCLUDE (headers) FROM "+from) {
		got = append(got, fmt.Sprint(row[0], " ", row[1]))
	}
	if diff := cmp.Diff(want, got[len(got)-len(want):]); diff != "" || len(want) == 0 {
		t.Errorf("columns, - as documented, + as DuckDB sees them:\n%s", diff)
	}
}

// Rows that DuckDB picks are a trace again.
func TestRowsCanBeReplayed(t *testing.T) {
	open := timedLog(t, 1500)
	o := newOutcomes(t)
	for i := range int64(100) {
		x := replay.Outcome{Number: i, Fate: replay.Answered}
		if i%10 == 0 {
			x.Fate, x.Failed = replay.Failed, wire.EOF
		}
		o.Add(x)
	}
	from := written(t, openTraffic(t, open, traffic.Options{}), About{Targets: []Target{{Name: "x", Outcomes: o}}})
	again := filepath.Join(t.TempDir(), "failed.parquet")
	ducktest.Query(t, fmt.Sprintf("COPY (SELECT * FROM %s WHERE outcome = 'failed') TO '%s' (FORMAT parquet)", from, again))
	built, err := trace.Build(t.Context(), trace.Selection{Inputs: []string{again}}, trace.BuildOptions{Seed: 1}, filepath.Join(t.TempDir(), "y.trace"))
	if err != nil || built.Info.Requests != 10 {
		t.Errorf("%d requests, %v", built.Info.Requests, err)
	}
}

func TestWriteEndsEarly(t *testing.T) {
	open := timedLog(t, 1500)
	o := newOutcomes(t)
	o.Add(replay.Outcome{Number: 0, Fate: replay.Answered})
	about := About{Targets: []Target{{Name: "x", Outcomes: o}}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Write(ctx, &bytes.Buffer{}, openTraffic(t, open, traffic.Options{}), about); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	// What was replayed must be there to be read again.
	o.Add(replay.Outcome{Number: 1 << 20, Fate: replay.Answered})
	if err := Write(t.Context(), &bytes.Buffer{}, openTraffic(t, open, traffic.Options{}), about); err == nil || !strings.Contains(err.Error(), "bug of ngxreplay") {
		t.Error(err)
	}
	_ = o.Close()
	o.Add(replay.Outcome{Number: 1 << 21, Fate: replay.Answered})
	if err := Write(t.Context(), &bytes.Buffer{}, openTraffic(t, open, traffic.Options{}), about); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}
