package trace

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ngxreplay/internal/ducktest"

	"github.com/google/go-cmp/cmp"
)

// documentedColumns are those of the table in docs/trace-format.md, as DuckDB names their types.
func documentedColumns(t *testing.T) map[string]string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/trace-format.md")
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{"int64": "BIGINT", "int32": "INTEGER", "string": "VARCHAR", "bytes": "BLOB",
		"list of (`name` string, `value` bytes)": `STRUCT("name" VARCHAR, "value" BLOB)[]`}
	columns := map[string]string{}
	_, table, _ := strings.Cut(string(doc), "## Columns\n")
	table, _, _ = strings.Cut(table, "\n## ")
	for line := range strings.Lines(table) {
		cells := strings.Split(line, " | ")
		if len(cells) < 4 || !strings.HasPrefix(line, "| `") {
			continue
		}
		names := strings.Split(strings.TrimPrefix(cells[0], "| "), ", ")
		kinds := []string{cells[1]}
		if types[cells[1]] == "" {
			kinds = strings.Split(cells[1], ", ")
		}
		for i, name := range names {
			columns[strings.Trim(name, "`")] = types[kinds[min(i, len(kinds)-1)]]
		}
	}
	return columns
}

func TestDuckDBReadsATrace(t *testing.T) {
	requests := sampleRequests(40_000) // several pages
	requests[1].Headers = []Header{{[]byte("accept"), []byte("*/*")}, {[]byte("cookie"), []byte("a=b")}}
	requests[2].Target = []byte("/\xff")
	path := ownTrace(t, true, Info{Schema: Schema, Requests: int64(len(requests))}, requests...)
	from := fmt.Sprintf("FROM read_parquet('%s')", path)

	columns := map[string]string{}
	for _, row := range ducktest.Query(t, "DESCRIBE SELECT * "+from) {
		columns[row[0].(string)] = row[1].(string)
	}
	if diff := cmp.Diff(documentedColumns(t), columns); diff != "" {
		t.Errorf("columns, - as documented, + as DuckDB sees them:\n%s", diff)
	}

	var sum Request
	var targets, agents, hosts, posts int
	for _, r := range requests {
		sum.Offset, sum.BodyBytes, sum.Line = sum.Offset+r.Offset, sum.BodyBytes+r.BodyBytes, sum.Line+r.Line
		sum.Status, sum.RequestTime = sum.Status+r.Status, sum.RequestTime+r.RequestTime
		targets, agents = targets+len(r.Target), agents+len(r.UserAgent)
		if r.Host == nil {
			hosts++
		}
		if string(r.Method) == "POST" {
			posts++
		}
	}
	want := fmt.Sprint(len(requests), sum.Offset, sum.BodyBytes, sum.Line, sum.Status, sum.RequestTime, targets, agents, hosts, posts, 2)
	rows := ducktest.Query(t, `SELECT concat_ws(' ', count(*), sum(offset_ns), sum(body_bytes), sum(line), sum(status), sum(request_time_ns),
		sum(octet_length(target)), sum(octet_length(user_agent)), count(*) FILTER (host IS NULL), count(*) FILTER (method = 'POST'),
		sum(len(headers))) `+from)
	if got := rows[0][0]; got != want {
		t.Errorf("DuckDB finds %v, want %s", got, want)
	}
	rows = ducktest.Query(t, "SELECT target, headers[2].name, headers[2].value::VARCHAR "+from+" WHERE line IN (2, 3) ORDER BY line")
	if got := fmt.Sprint(rows); !strings.Contains(got, "cookie a=b") || !strings.Contains(got, `\xFF`) {
		t.Error(got)
	}
}

func TestATraceByDuckDB(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.parquet")
	ducktest.Query(t, fmt.Sprintf(`COPY (SELECT 1000000 * ((i * 7919) %% 50000) AS offset_ns, 'GET' AS method, '/item/' || (i %% 100) AS target
		FROM range(50000) r(i)) TO '%s' (FORMAT parquet)`, path))
	built, requests := buildTrace(t, Selection{Inputs: []string{path}}, BuildOptions{})
	if built.Info.Requests != 50_000 || built.Info.Span() != 49_999*time.Millisecond || built.Info.Methods["GET"] != 50_000 {
		t.Errorf("%+v", built.Info)
	}
	seen := map[string]int{}
	for i, r := range requests {
		if r.Offset != int64(i)*1e6 {
			t.Fatalf("request %d at %d", i, r.Offset)
		}
		if want := fmt.Sprintf("/item/%d", (r.Line-1)%100); string(r.Target) != want {
			t.Fatalf("row %d is %s, want %s", r.Line, r.Target, want)
		}
		seen[r.Route]++
	}
	if seen["/item/:id"] != 50_000 {
		t.Errorf("routes %v", seen)
	}
}

func TestATraceByDuckDBWithManyColumns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.parquet")
	ducktest.Query(t, fmt.Sprintf(`COPY (SELECT * FROM (VALUES
		(TIMESTAMP '2026-02-07 10:00:01.5', 'PUT', '/b'::BLOB, 201::USMALLINT, NULL, 12::UTINYINT, 'ua', [{'name': 'accept', 'value': '*/*'}], 3.5),
		(TIMESTAMP '2026-02-07 10:00:00', 'GET', '/a?x=\xFF'::BLOB, NULL, 'shop.example', 7::UTINYINT, NULL, [], NULL)
		) v(arrival, method, target, status, host, body_bytes, user_agent, headers, unknown)) TO '%s' (FORMAT parquet)`, path))
	built, requests := buildTrace(t, Selection{Inputs: []string{path}}, BuildOptions{})
	want := []Request{absent(), absent()}
	want[0].Method, want[0].Target, want[0].Host, want[0].BodyBytes, want[0].Line = []byte("GET"), []byte("/a?x=\xff"), []byte("shop.example"), 7, 2
	want[1].Method, want[1].Target, want[1].Status, want[1].BodyBytes, want[1].Line = []byte("PUT"), []byte("/b"), 201, 12, 1
	want[1].Offset, want[1].UserAgent, want[1].Headers = 1_500_000_000, []byte("ua"), []Header{{[]byte("accept"), []byte("*/*")}}
	for i, route := range []string{"/a", "/b"} {
		want[i].Route, want[i].Source = route, path
	}
	if diff := cmp.Diff(want, requests, sameRequests); diff != "" {
		t.Error(diff)
	}
	if got := time.Unix(0, built.Info.StartNS).UTC(); !got.Equal(epoch) {
		t.Errorf("begins at %v", got)
	}
}
