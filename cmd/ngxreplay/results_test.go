package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ngxreplay/internal/ducktest"
	"ngxreplay/replay"
	"ngxreplay/replay/results"
	"ngxreplay/report"

	"github.com/cespare/xxhash/v2"
)

// madeAnswer is what the servers of these tests answer: a status and a body by method and target, of one shape or another.
// The newer version answers some of them differently.
func madeAnswer(method, target string, newer bool) (status int, body string) {
	h := fnv.New32a()
	fmt.Fprint(h, method, " ", target)
	n := int(h.Sum32() >> 8)
	switch n % 7 {
	case 0:
		return 204, ""
	case 1:
		return 304, ""
	case 2:
		return 404, "" // with an empty body
	}
	body = strings.Repeat(target+"\n", 1+n%50*(n/50%3))
	if newer && n%11 == 0 {
		body += "!"
	}
	return 200 + n%7, body
}

func startMade(t *testing.T, newer bool) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, body := madeAnswer(r.Method, r.RequestURI, newer)
		w.WriteHeader(status)
		if r.Method == "HEAD" {
			return
		}
		if len(body)%2 == 1 {
			w.(http.Flusher).Flush() // makes it chunked
		}
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// countRows counts the rows of a results file by target and outcome, and compares them with the ledgers of the run.
func countRows(t *testing.T, dir string, run *report.Run) {
	t.Helper()
	counts := map[string]string{}
	for _, row := range ducktest.Query(t, fmt.Sprintf(`SELECT target_name || ' ' || outcome, count(*), count(DISTINCT seq), max(seq) FROM read_parquet('%s/results.parquet') GROUP BY 1`, dir)) {
		counts[row[0].(string)] = row[1].(string)
		if row[1] != row[2] {
			t.Errorf("%v: %v rows, %v different numbers", row[0], row[1], row[2])
		}
	}
	for _, target := range run.Targets {
		l := target.Ledger
		for outcome, want := range map[string]int64{"answered": l.Responses, "failed": l.Failed, "dropped": l.Dropped} {
			if got := counts[target.Name+" "+outcome]; want > 0 && got != fmt.Sprint(want) || want == 0 && got != "" {
				t.Errorf("%s: %q rows %s, the ledger has %d", target.Name, got, outcome, want)
			}
		}
	}
}

// Every row says what the server of its target sent, and where two targets differ.
func TestResultsAreWhatTheServersSent(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := ngxreplay(t.Context(), "run", "../../testdata/timed.log", "--target", "old="+startMade(t, false), "--target", "new="+startMade(t, true),
		"--method", "GET,HEAD,POST,PUT", "--limit", "1000", "--rate", "1500", "--loop", "2", "--amplify", "1.5", "--threads", "2", "-o", dir, "--results", "--hash-bodies", "--json")
	if !isMeasured(code, stderr) {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	run := readRun(t, stdout)
	countRows(t, dir, run)
	from := fmt.Sprintf("read_parquet('%s/results.parquet')", dir)
	rows := ducktest.Query(t, `SELECT target_name, method, hex(target), response_status, response_bytes, response_hash FROM `+from)
	hashed := map[string]int64{}
	for _, row := range rows {
		var target []byte
		if _, err := fmt.Sscanf(row[2].(string), "%x", &target); err != nil {
			t.Fatal(err)
		}
		method := row[1].(string)
		status, body := madeAnswer(method, string(target), row[0] == "new")
		want := fmt.Sprint(status, " ", len(body), " ", fmt.Sprintf("%016x", xxhash.Sum64String(body)))
		if method == "HEAD" || status == 204 || status == 304 {
			want = fmt.Sprint(status, " 0 <nil>")
		} else {
			hashed[row[0].(string)]++
		}
		if got := fmt.Sprintln(row[3:]...); strings.TrimSpace(got) != want {
			t.Fatalf("%s: got %s, want %s", row[:3], got, want)
		}
	}
	differ := ducktest.Query(t, `SELECT count(*) FILTER (a.response_hash IS DISTINCT FROM b.response_hash), count(coalesce(a.response_hash, b.response_hash))
		FROM `+from+` a JOIN `+from+` b USING (seq) WHERE a.target_name = 'old' AND b.target_name = 'new'`)[0]
	for i, target := range run.Targets {
		b := target.Bodies
		if b == nil || b.Hashed != hashed[target.Name] || b.Hashed == 0 {
			t.Errorf("%s: %+v, want %d hashed", target.Name, b, hashed[target.Name])
		} else if i == 1 && (fmt.Sprint(b.Differ) != differ[0] || fmt.Sprint(b.Compared) != differ[1] || b.Base != "old" || b.Differ == 0) {
			t.Errorf("%+v, DuckDB finds that %v of %v differ", b, differ[0], differ[1])
		}
	}
	if !run.Config.Results || !run.Config.HashBodies {
		t.Error("the report does not say what was asked for")
	}
}

// Rows of two runs can be joined by their numbers.
func TestResultsOfTwoRunsAreJoined(t *testing.T) {
	join := []string{}
	for _, newer := range []bool{false, true} {
		dir := t.TempDir()
		code, stdout, stderr := ngxreplay(t.Context(), "run", "../../testdata/timed.log", "--target", "shop="+startMade(t, newer),
			"--method", "GET,POST", "--limit", "500", "--pace", "max", "-o", dir, "--results", "--hash-bodies", "--json")
		if !isMeasured(code, stderr) {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		countRows(t, dir, readRun(t, stdout))
		join = append(join, fmt.Sprintf("read_parquet('%s/results.parquet')", dir))
	}
	row := ducktest.Query(t, fmt.Sprintf(`SELECT count(*)::VARCHAR || ' ' || count(*) FILTER (a.target = b.target AND a.line = b.line AND a.method = b.method)::VARCHAR
		|| ' ' || (count(*) FILTER (a.response_hash <> b.response_hash) BETWEEN 10 AND 100)::VARCHAR FROM %s a JOIN %s b USING (seq)`, join[0], join[1]))[0]
	if row[0] != "500 500 true" {
		t.Error(row)
	}
}

// An interrupted replay leaves the rows of what was sent, and a target that died those of what failed.
func TestResultsOfReplaysThatEndEarly(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	server := startRecording(t, func(n int) {
		if n == 50 {
			interrupt()
		}
	})
	dir := t.TempDir()
	code, stdout, stderr := ngxreplay(ctx, "run", "../../testdata/timed.log", "--target", "x="+server.url, "--rate", "500", "-o", dir, "--results", "--json")
	run := readRun(t, stdout)
	if l := run.Targets[0].Ledger; code != exitInterrupted || l.Abandoned == 0 || l.Sent < 50 {
		t.Fatalf("exit code %d, %+v: %s", code, l, stderr)
	}
	countRows(t, dir, run)

	var dying *recordingServer
	dying = startRecording(t, func(n int) {
		if n == 50 {
			dying.die()
		}
	})
	code, stdout, stderr = ngxreplay(t.Context(), "run", "../../testdata/timed.log", "--target", "x="+dying.url, "--limit", "200", "--rate", "1000", "-o", dir, "--results", "--json")
	run = readRun(t, stdout)
	if l := run.Targets[0].Ledger; l.Failed == 0 || l.Responses == 0 {
		t.Fatalf("exit code %d, %+v: %s", code, l, stderr)
	}
	countRows(t, dir, run)
}

func TestAFullDiskIsToldWithWhatToDo(t *testing.T) {
	err := writeFile(filepath.Join(t.TempDir(), "x"), func(io.Writer) error { return syscall.ENOSPC })
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free some space there, or name another directory with -o") {
		t.Error(err)
	}
}

// The second Ctrl-C leaves no half file, and the one of an earlier run as it was.
func TestResultsOfAKilledReplay(t *testing.T) {
	kill, now := context.WithCancel(t.Context())
	defer now()
	server := startRecording(t, func(n int) {
		if n == 20 {
			now()
		}
	})
	dir := t.TempDir()
	path := filepath.Join(dir, resultsFile)
	if err := os.WriteFile(path, []byte("earlier"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, talk strings.Builder
	term := &terminal{out: &out, err: &talk, ctx: kill, kill: kill}
	code := term.execute([]string{"run", "../../testdata/timed.log", "--target", "x=" + server.url, "--rate", "500", "-o", dir, "--results"})
	if code != exitInterrupted || !strings.Contains(talk.String(), "results.parquet was not written: interrupted") {
		t.Errorf("exit code %d: %s", code, talk.String())
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "earlier" {
		t.Errorf("%q, %v", content, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(files) > 0 {
		t.Errorf("%v left behind, %v", files, err)
	}
}

// Outcomes that can be read no more are told, and not taken for bodies that are equal.
func TestOutcomesThatAreLost(t *testing.T) {
	const many = 20_000 // some of them on disk
	s := &session{settings: &runSettings{flags: &runFlags{results: resultFlags{hashBodies: true}}}}
	for _, name := range []string{"old", "new"} {
		outcomes, err := results.NewOutcomes(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		for n := range int64(many) {
			outcomes.Add(replay.Outcome{Number: n, Fate: replay.Answered, Hashed: true, Hash: uint64(n)})
		}
		s.kept = append(s.kept, results.Target{Name: name, Outcomes: outcomes})
		s.doc.Targets = append(s.doc.Targets, report.Target{Name: name, Ledger: replay.Ledger{Responses: many}})
	}
	if err := s.kept[0].Outcomes.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.conclude(); err == nil || !strings.Contains(err.Error(), "keep outcomes on disk") {
		t.Error(err)
	}
}
