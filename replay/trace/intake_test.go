package trace

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ngxreplay/parse"

	"github.com/google/go-cmp/cmp"
)

func TestFilter(t *testing.T) {
	f := func(filter Filter, method, target string, status int32, agent string, want Rule) {
		t.Helper()
		sieve, err := newSieve(filter)
		if err != nil {
			t.Fatal(err)
		}
		r := Request{Method: []byte(method), Target: []byte(target), Status: status, UserAgent: []byte(agent)}
		if got := sieve.exclude(&r, 0); got != want {
			t.Errorf("%+v: %s %s %d: got %q, want %q", filter, method, target, status, got, want)
		}
	}
	f(Filter{}, "GET", "/", 200, "", "")
	f(Filter{Methods: []string{"get", "HEAD"}}, "GET", "/", 200, "", "")
	f(Filter{Methods: []string{"GET"}}, "POST", "/", 200, "", ByMethod)
	f(Filter{Statuses: []string{"2xx", "304"}}, "GET", "/", 204, "", "")
	f(Filter{Statuses: []string{"2XX", "304"}}, "GET", "/", 304, "", "")
	f(Filter{Statuses: []string{"2xx", "304"}}, "GET", "/", 302, "", ByStatus)
	f(Filter{Statuses: []string{"0xx"}}, "GET", "/", 9, "", "")
	f(Filter{Paths: []string{"/api/**"}}, "GET", "/api/v1/items?limit=3", 200, "", "")
	f(Filter{Paths: []string{"/api/*"}}, "GET", "/api/v1/items", 200, "", ByPath)
	f(Filter{Paths: []string{"/api/**"}}, "GET", "http://h/api/x", 200, "", "")
	f(Filter{Excludes: []string{"/api/**"}}, "GET", "/api/x", 200, "", ByExclude)
	f(Filter{SkipNoise: true}, "GET", "/static/app.3f2a1c.js?v=1", 200, "", ByNoise)
	f(Filter{SkipNoise: true}, "GET", "/healthz/", 200, "", ByNoise)
	f(Filter{SkipNoise: true}, "GET", "/", 200, "kube-probe/1.29", ByNoise)
	f(Filter{SkipNoise: true}, "GET", "/health-food", 200, "Mozilla", "")
	bad := Filter{Statuses: []string{"2x", "abc", "", "20000"}, Paths: []string{"[a"}, Excludes: []string{"{"}, Methods: []string{""}}
	if err := bad.Validate(); err == nil || strings.Count(err.Error(), "\n") != 6 {
		t.Errorf("want seven problems, got: %v", err)
	}
}

func TestNothingToReplay(t *testing.T) {
	f := func(filter Filter, want string, lines ...string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "x.trace")
		_, err := Build(t.Context(), Selection{Inputs: []string{writeLog(t, "a.log", lines...)}, Filter: filter}, BuildOptions{}, path)
		var empty *EmptyError
		if !errors.As(err, &empty) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("a trace was left behind")
		}
	}
	f(Filter{}, "no lines")
	f(Filter{}, "no lines", "\n", "\n")
	f(Filter{}, "none of 1 entries is an HTTP request", strings.Replace(combinedLine(0, "/"), "GET / HTTP/1.1", "-", 1))
	f(Filter{Methods: []string{"POST"}}, "exclude all 1 requests", combinedLine(0, "/"))
}

func TestMalformedLinesAreCountedAndShown(t *testing.T) {
	lines := []string{combinedLine(0, "/a"), "garbage\n", "\n", combinedLine(0, "/b"), strings.Replace(combinedLine(1, "/c"), "GET /c HTTP/1.1", `\x16\x03\x01`, 1)}
	built, _ := buildTrace(t, Selection{Inputs: []string{writeLog(t, "a.log", lines...)}}, BuildOptions{})
	want := Ledger{Lines: 5, Entries: 3, Malformed: 1, Blank: 1, Requests: 2, Filtered: map[Rule]int64{}, Unreplayable: map[parse.Reason]int64{parse.TLS: 1}}
	if diff := cmp.Diff(want, built.Info.Ledger); diff != "" {
		t.Error(diff)
	}
	if len(built.Malformed) != 1 || built.Malformed[0].Line != 2 {
		t.Errorf("%+v", built.Malformed)
	}
}

func TestLedgerNoticesALostLine(t *testing.T) {
	good := Ledger{Lines: 10, Entries: 7, Malformed: 2, Blank: 1, Requests: 4, Filtered: map[Rule]int64{ByPath: 1, ByNoise: 1}, Unreplayable: map[parse.Reason]int64{parse.TLS: 1}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	lost := good
	lost.Malformed--
	if lost.Check() == nil {
		t.Error("a lost line was not noticed")
	}
	lost = good
	lost.Requests--
	if lost.Check() == nil {
		t.Error("a lost entry was not noticed")
	}
}

func TestAPipeIsReadFromItsFirstByte(t *testing.T) {
	content := combinedLine(0, "/a") + combinedLine(1, "/b")
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	go func() { wrote <- os.WriteFile(fifo, []byte(content), 0) }()
	built, requests := buildTrace(t, Selection{Inputs: []string{fifo}}, BuildOptions{})
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	if len(requests) != 2 || string(requests[0].Client) != "192.0.2.1" {
		t.Errorf("%+v, client %q", built.Info.Ledger, requests[0].Client)
	}
}

func TestAFileWithTwoNamesIsReadOnce(t *testing.T) {
	log := writeLog(t, "a.log", combinedLine(0, "/a"))
	link := filepath.Join(t.TempDir(), "b.log")
	if err := os.Symlink(log, link); err != nil {
		t.Fatal(err)
	}
	if built, _ := buildTrace(t, Selection{Inputs: []string{log, link, filepath.Dir(log) + "/./a.log"}}, BuildOptions{}); built.Info.Requests != 1 {
		t.Errorf("%d requests", built.Info.Requests)
	}
}

func TestATruncatedArchiveIsUsedAsFarAsItGoes(t *testing.T) {
	var lines []string
	for i := range 2000 {
		lines = append(lines, combinedLine(i, fmt.Sprintf("/r/%x", i*i*i)))
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, strings.Join(lines, ""))
	z.Close()
	log := writeLog(t, "a.log.gz", packed.String()[:packed.Len()/2])
	built, requests := buildTrace(t, Selection{Inputs: []string{log}}, BuildOptions{})
	if len(requests) < 100 || len(requests) >= 2000 {
		t.Errorf("%d requests", len(requests))
	}
	if len(built.Problems) != 1 || !strings.Contains(built.Problems[0].Text, "cut off") {
		t.Errorf("problems %+v", built.Problems)
	}
}

func TestMoreMalformedLinesThanAllowed(t *testing.T) {
	log := writeLog(t, "a.log", combinedLine(0, "/a"), "garbage\n", combinedLine(1, "/b"), combinedLine(1, "/c"))
	path := filepath.Join(t.TempDir(), "x.trace")
	_, err := Build(t.Context(), Selection{Inputs: []string{log}, MaxMalformed: share(0.2)}, BuildOptions{}, path)
	var malformed *MalformedError
	if !errors.As(err, &malformed) || malformed.First.Line != 2 {
		t.Errorf("got %v", err)
	}
	if _, err := Build(t.Context(), Selection{Inputs: []string{log}, MaxMalformed: share(0.25)}, BuildOptions{}, path); err != nil {
		t.Error(err)
	}
}

func TestTheTimeOfTheEnvelope(t *testing.T) {
	line := func(nanos int, text string) string {
		return fmt.Sprintf("%s stdout F %s\n", epoch.Add(time.Duration(nanos)).Format(time.RFC3339Nano), text)
	}
	// The log itself has no time, or has whole seconds: the container runtime knows better.
	bare := writeLog(t, "bare.log", line(1, `"GET /a HTTP/1.1" 200`), line(1_500_000, `"GET /b HTTP/1.1" 200`))
	format, err := parse.Compile("", `"$request" $status`, parse.EscapeDefault)
	if err != nil {
		t.Fatal(err)
	}
	_, requests := buildTrace(t, Selection{Inputs: []string{bare}, Formats: Formats{Given: []*parse.Format{format}}}, BuildOptions{})
	if len(requests) != 2 || requests[1].Offset != 1_499_999 {
		t.Errorf("%d requests, the second at %v", len(requests), requests[1].Arrival())
	}
	coarse := writeLog(t, "coarse.log", line(100, strings.TrimSpace(combinedLine(0, "/a"))), line(900_000_100, strings.TrimSpace(combinedLine(0, "/b"))))
	built, requests := buildTrace(t, Selection{Inputs: []string{coarse}}, BuildOptions{})
	if requests[1].Arrival() != 900*time.Millisecond || built.Info.Sources[0].Envelope == "" {
		t.Errorf("the second at %v, %+v", requests[1].Arrival(), built.Info.Sources)
	}
	_, err = Build(t.Context(), Selection{Inputs: []string{writeLog(t, "naked.log", "\"GET /a HTTP/1.1\" 200\n")}, Formats: Formats{Given: []*parse.Format{format}}},
		BuildOptions{}, filepath.Join(t.TempDir(), "x.trace"))
	if !errors.Is(err, ErrNoTime) {
		t.Errorf("got %v", err)
	}
}

func TestALogInTwoFormats(t *testing.T) {
	log := writeLog(t, "mixed.log", combinedLine(0, "/a"), combinedLine(1, "/b"), timedLine(2000, 0, "/c"), timedLine(3000, 500, "/d"))
	built, requests := buildTrace(t, Selection{Inputs: []string{log}}, BuildOptions{})
	if targets(requests) != "/a /b /c /d" || built.Info.Ledger.Malformed != 0 || len(built.Info.Sources[0].Formats) != 2 {
		t.Errorf("%s, %+v", targets(requests), built.Info)
	}
}

func share(s float64) *float64 { return &s }

// One input that cannot be read, for whatever reason, does not keep the others from being read.
func TestOneBadInputDoesNotStopTheOthers(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	bad := []string{
		write("a.log", "It was a dark and stormy night.\n"),
		write("b.log.gz", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03garbage"),
		write("c.log.zst", "\x28\xb5\x2f\xfdgarbage"),
	}
	good := write("z.log", combinedLine(0, "/a"))
	built, requests := buildTrace(t, Selection{Inputs: append(bad, good)}, BuildOptions{})
	if len(requests) != 1 || len(built.Problems) != len(bad) {
		t.Errorf("%d requests, problems %+v", len(requests), built.Problems)
	}
	built, err := Build(t.Context(), Selection{Inputs: bad}, BuildOptions{}, filepath.Join(dir, "x.trace"))
	if !errors.Is(err, parse.ErrUnknownFormat) {
		t.Errorf("nothing but bad inputs: %v", err)
	}
	if len(built.Problems) != len(bad)-1 {
		t.Errorf("the problem that is the error is told twice, or another is not: %+v", built.Problems)
	}
}

// What a trace holds is known by its requests, not by the format of a log.
func TestATraceSaysWhatItsRequestsHave(t *testing.T) {
	for _, c := range []struct {
		line        string
		timed, host bool
	}{
		{timedLine(1000, 900, "/a"), true, true},
		{combinedLine(0, "/a"), false, false},
	} {
		path := filepath.Join(t.TempDir(), "a.trace")
		if _, err := Build(t.Context(), Selection{Inputs: []string{writeLog(t, "a.log", c.line)}}, BuildOptions{}, path); err != nil {
			t.Fatal(err)
		}
		survey, err := Inspect(t.Context(), Selection{Inputs: []string{path}}, Routing{})
		if err != nil {
			t.Fatal(err)
		}
		if s := survey.Sources[0]; s.HasRequestTime != c.timed || s.HasHost != c.host || s.HasBody {
			t.Errorf("%s: %+v", c.line, s)
		}
	}
}

// Whole numbers are no seconds: taken for them, they would move a minute of traffic by hours.
func TestWholeNumbersAreNoRequestTimes(t *testing.T) {
	var text, json []string
	for i := range 60 {
		text = append(text, strings.TrimSpace(combinedLine(i, "/a"))+fmt.Sprintf(" %d\n", 1200+i))
		json = append(json, fmt.Sprintf(`{"time":"%s","request":"GET /a HTTP/1.1","status":200,"request_time":%d}`+"\n",
			epoch.Add(time.Duration(i)*time.Second).Format(time.RFC3339), 1200+i))
	}
	for name, lines := range map[string][]string{"text.log": text, "json.log": json} {
		built, _ := buildTrace(t, Selection{Inputs: []string{writeLog(t, name, lines...)}}, BuildOptions{})
		if span := built.Info.Span(); span < 59*time.Second || span > 60*time.Second {
			t.Errorf("%s: a minute of traffic spans %v (%s)", name, span, built.Info.Sources[0].Format)
		}
		if len(built.Info.Sources[0].Guessed) == 0 {
			t.Errorf("%s: nothing says that a column was doubted", name)
		}
	}
}

// A damaged trace is refused, whole or filtered, alone or beside others: it promised to be whole.
func TestADamagedTraceEndsTheReading(t *testing.T) {
	dir := t.TempDir()
	var lines []string
	for i := range 5000 {
		lines = append(lines, combinedLine(i, fmt.Sprintf("/r/%x", i*i)))
	}
	log, path := writeLog(t, "a.log", lines...), filepath.Join(dir, "a.trace")
	if _, err := Build(t.Context(), Selection{Inputs: []string{log}}, BuildOptions{}, path); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(content) / 3; i < len(content)/3+64; i++ {
		content[i] ^= 0x55
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Inspect(t.Context(), Selection{Inputs: []string{path, log}}, Routing{}); err == nil || strings.Count(err.Error(), path) != 1 {
		t.Errorf("inspect took it for whole, or does not say which it is: %v", err)
	}
	if _, err := readBatches(path, 9); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("read, or nothing says which it is: %v", err)
	}
	if _, err := Build(t.Context(), Selection{Inputs: []string{path, log}}, BuildOptions{}, filepath.Join(dir, "b.trace")); err == nil {
		t.Error("a trace was built from it")
	}
}
