package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ngxreplay/replay/wire"
	"ngxreplay/report"

	"github.com/google/go-cmp/cmp"
)

// ngxreplay runs a command line in this process.
func ngxreplay(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	t := &terminal{out: &out, err: &err, ctx: ctx, kill: context.Background()}
	code = t.execute(args)
	return code, out.String(), err.String()
}

// isMeasured reports whether a run ended well, or with a replay that a busy machine kept from being faithful: how busy
// it is, is not what these tests are about.
func isMeasured(code int, stderr string) bool {
	return code == exitFine || code == exitNoVerdict && strings.Contains(stderr, "was not faithful")
}

// readRun reads the report of a run and checks its ledgers.
func readRun(t *testing.T, document string) *report.Run {
	t.Helper()
	run, err := report.ReadJSON(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Ledger.Check(); err != nil {
		t.Error(err)
	}
	for _, target := range run.Targets {
		if err := target.Ledger.Check(); err != nil {
			t.Errorf("%s: %v", target.Name, err)
		}
	}
	return run
}

// A received request, as raw bytes: no HTTP library has touched it.
type received struct {
	at    time.Time
	line  string
	lines []string // of the header
}

func (r received) header(name string) string {
	for _, line := range r.lines {
		if value, found := strings.CutPrefix(line, name+": "); found {
			return value
		}
	}
	return "-"
}

// A recordingServer keeps every request it receives, and answers 200.
type recordingServer struct {
	url      string
	listener net.Listener

	mu       sync.Mutex
	requests []received
	conns    []net.Conn
	on       func(n int) // called with the number of requests so far
	handlers sync.WaitGroup
}

func startRecording(t *testing.T, on func(n int)) *recordingServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &recordingServer{url: "http://" + listener.Addr().String(), listener: listener, on: on}
	s.handlers.Go(s.accept)
	t.Cleanup(func() { s.die(); s.handlers.Wait() })
	return s
}

func (s *recordingServer) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		s.mu.Unlock()
		s.handlers.Go(func() { s.serve(conn) })
	}
}

// seen returns a copy of what came so far.
func (s *recordingServer) seen() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// die closes the listener and every connection at once.
func (s *recordingServer) die() {
	s.listener.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.conns {
		conn.Close()
	}
}

func (s *recordingServer) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		r := received{}
		length := 0
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if r.at.IsZero() {
				r.at = time.Now()
			}
			line = strings.TrimSuffix(line, "\r\n")
			if line == "" {
				break
			}
			if r.line == "" {
				r.line = line
				continue
			}
			r.lines = append(r.lines, line)
		}
		if value := r.header("Content-Length"); value != "-" {
			length, _ = strconv.Atoi(value)
		}
		if _, err := in.Discard(length); err != nil {
			return
		}
		s.mu.Lock()
		s.requests = append(s.requests, r)
		n := len(s.requests)
		s.mu.Unlock()
		if s.on != nil {
			s.on(n)
		}
		if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); err != nil {
			return
		}
	}
}

// A logged request, read from timed.log by a regular expression: the package under test has no part in it.
type logged struct {
	arrival                        time.Duration // since the first
	line, host, referer, userAgent string
}

var timedLine = regexp.MustCompile(`^\S+ - .*? \[[^\]]+\] "((?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|PROPFIND|TRACE) [^ "]+) (HTTP/[\d.]+)" \d+ \d+ "([^"]*)" "([^"]*)" (\d+)\.(\d+) (\d+)\.(\d+) (\S+) \d+$`)

func readTimedLog(t *testing.T) []logged {
	t.Helper()
	content, err := os.ReadFile("../../testdata/timed.log")
	if err != nil {
		t.Fatal(err)
	}
	number := func(s string) time.Duration {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return time.Duration(n)
	}
	var all []logged
	for line := range strings.Lines(string(content)) {
		m := timedLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			continue
		}
		protocol := "HTTP/1.1"
		if m[2] == "HTTP/1.0" {
			protocol = m[2]
		}
		all = append(all, logged{
			arrival: number(m[5])*time.Second + number(m[6])*time.Millisecond - number(m[7])*time.Second - number(m[8])*time.Millisecond,
			line:    unescape(m[1]) + " " + protocol, referer: unescape(m[3]), userAgent: unescape(m[4]), host: m[9],
		})
	}
	sortStable(all)
	for i := len(all) - 1; i >= 0; i-- {
		all[i].arrival -= all[0].arrival
	}
	return all
}

func sortStable(all []logged) {
	for i := 1; i < len(all); i++ { // nearly sorted already
		for j := i; j > 0 && all[j].arrival < all[j-1].arrival; j-- {
			all[j], all[j-1] = all[j-1], all[j]
		}
	}
}

var hexEscape = regexp.MustCompile(`\\x[0-9A-Fa-f]{2}`)

func unescape(s string) string {
	return hexEscape.ReplaceAllStringFunc(s, func(e string) string {
		n, _ := strconv.ParseUint(e[2:], 16, 8) // two hexadecimal digits
		return string([]byte{byte(n)})
	})
}

// A replay at speed 1 is the log again: the same bytes, in the same order, in the same seconds.
func TestReplayIsTheLogAgain(t *testing.T) {
	const seconds = 20
	server := startRecording(t, nil)
	code, stdout, stderr := ngxreplay(t.Context(), "run", "../../testdata/timed.log", "--target", server.url,
		"--duration", fmt.Sprint(seconds)+"s", "--connections", "1", "--json")
	if !isMeasured(code, stderr) {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	var want []logged
	for _, l := range readTimedLog(t) {
		if l.arrival < seconds*time.Second {
			want = append(want, l)
		}
	}
	run, requests := readRun(t, stdout), server.seen()
	if n := int64(len(want)); run.Targets[0].Ledger.Responses != n || int64(len(requests)) != n {
		t.Fatalf("%d logged, %d received, ledger %+v", n, len(requests), run.Targets[0].Ledger)
	}
	perSecond, wantPerSecond := make([]int, seconds+1), make([]int, seconds+1)
	near := 0 // requests so close to the end of a second that being late moves them
	start := requests[0].at
	for i, got := range requests {
		g := logged{want[i].arrival, got.line, got.header("Host"), got.header("Referer"), got.header("User-Agent")}
		if diff := cmp.Diff(want[i], g, cmp.AllowUnexported(logged{})); diff != "" {
			t.Fatalf("request %d (-logged +received):\n%s", i, diff)
		}
		perSecond[min(int(got.at.Sub(start)/time.Second), seconds)]++
		wantPerSecond[int(want[i].arrival/time.Second)]++
		if got.at.Sub(start)/time.Second != want[i].arrival/time.Second {
			near++
		}
	}
	if late := run.Targets[0].Fidelity; near > 2+int(late.Late) {
		t.Errorf("%d requests came in another second, of which only %d were late by more than a millisecond\ngot  %v\nwant %v", near, late.Late, perSecond, wantPerSecond)
	}
	apart := 0
	for i := range perSecond {
		apart += int(math.Abs(float64(perSecond[i] - wantPerSecond[i])))
	}
	if apart > 2*near {
		t.Errorf("seconds differ:\ngot  %v\nwant %v", perSecond, wantPerSecond)
	}
}

func TestTargetThatDiesKeepsWhatWasMeasured(t *testing.T) {
	var server *recordingServer
	server = startRecording(t, func(n int) {
		if n == 500 {
			server.die()
		}
	})
	dir := t.TempDir()
	code, _, stderr := ngxreplay(t.Context(), "run", "../../testdata/timed.log", "--target", "svc="+server.url, "--speed", "40", "-o", dir)
	if code != exitNoVerdict {
		t.Errorf("exit code %d, want %d: %s", code, exitNoVerdict, stderr)
	}
	if !strings.Contains(stderr, "target svc: answered nothing from second") {
		t.Errorf("stderr: %s", stderr)
	}
	content, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	svc := readRun(t, string(content)).Targets[0]
	if svc.Ledger.Responses < 400 || svc.Ledger.Responses > 500 || svc.Errors[wire.Refused].Count == 0 || svc.Ledger.Scheduled != 6815 {
		t.Errorf("%+v, %v", svc.Ledger, svc.Errors)
	}
}

func TestInterruptReportsWhatWasMeasured(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := startRecording(t, func(n int) {
		if n == 200 {
			cancel()
		}
	})
	dir := t.TempDir()
	code, stdout, stderr := ngxreplay(ctx, "run", "../../testdata/timed.log", "--target", "first="+server.url, "--target", "second="+server.url, "--speed", "20", "--mix", "GET=3,POST=1", "-o", dir)
	if code != exitInterrupted {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if !strings.Contains(stdout, "abandoned") {
		t.Errorf("stdout: %s", stdout)
	}
	content, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	run := readRun(t, string(content))
	first, second := run.Targets[0].Ledger, run.Targets[1].Ledger
	if first.Responses < 200 || first.Responses != first.Sent || first.Abandoned != first.Scheduled-first.Sent {
		t.Errorf("first: %+v", first)
	}
	if mix := run.Targets[0].Mix; mix.Drawn != first.Sent || 4*mix.Classes[1].Drawn-first.Sent > 4 {
		t.Errorf("mix: %+v of %d sent", mix, first.Sent)
	}
	if second.Sent != 0 || second.Abandoned != 6815 {
		t.Errorf("second: %+v", second)
	}
	if _, err := os.Stat(filepath.Join(dir, "report.html")); err != nil {
		t.Error(err)
	}
}

// Everything that scales at once: what arrives is what the report says, with the shares that were asked for.
func TestScaledTrafficArrivesAsTheReportSays(t *testing.T) {
	server := startRecording(t, nil)
	weights := map[string]float64{"GET": 7, "POST": 2.5, "PUT": 0.5}
	_, stdout, stderr := ngxreplay(t.Context(), "run", "../../testdata/timed.log", "--target", server.url, "--json", "--connections", "1", "--max-in-flight", "100000",
		"--sample", "60%", "--shard", "1/2", "--client", "address", "--loop", "2", "--amplify", "1.3", "--rate", "4000", "--mix", "GET=7,POST=2.5,PUT=0.5")
	run, requests := readRun(t, stdout), server.seen()
	target := run.Targets[0]
	l := target.Ledger
	if l.Requests != run.Trace.Requests || l.Repeated != l.Requests || l.Thinned != 0 || l.Scheduled != l.Sent || int(l.Responses) != len(requests) {
		t.Fatalf("%d requests arrived, but %+v: %s", len(requests), l, stderr)
	}
	if extra := float64(l.Copied) / float64(2*l.Requests); extra < 0.2 || extra > 0.4 {
		t.Errorf("%v copied of each", extra)
	}
	arrived := map[string]int64{}
	for i, r := range requests {
		method, _, _ := strings.Cut(r.line, " ")
		arrived[method]++
		if off := float64(arrived[method]) - weights[method]/10*float64(i+1); math.Abs(off) >= 1 {
			t.Fatalf("request %d: %v", i, arrived)
		}
	}
	for _, class := range target.Mix.Classes {
		if class.Drawn != arrived[class.Class] {
			t.Errorf("%d %s arrived, but %+v", arrived[class.Class], class.Class, class)
		}
	}
}

// Every built-in answer is what production logged, whatever the log's format: the status, and the size of the body.
func TestBuiltInTargetsAnswerAsLogged(t *testing.T) {
	for _, log := range []string{"combined.log", "timed.log", "json.log"} {
		code, stdout, stderr := ngxreplay(t.Context(), "run", "../../testdata/"+log, "--target", "nethttp", "--target", "chi", "--rate", "2000", "--json")
		if !isMeasured(code, stderr) {
			t.Fatalf("%s: exit code %d: %s", log, code, stderr)
		}
		for _, target := range readRun(t, stdout).Targets {
			if n := target.Ledger.Scheduled; target.Overall.Count != n || target.AsLogged.Status != n || target.AsLogged.Size != n {
				t.Errorf("%s: %s: of %d requests %d answered, %d with the logged status, %d with the logged size; %v",
					log, target.Name, n, target.Overall.Count, target.AsLogged.Status, target.AsLogged.Size, target.Errors)
			}
			if r := target.Resources; r == nil || r.CPUNS <= 0 || r.PeakRSS <= 0 || r.GCPauseP99NS < 0 {
				t.Errorf("%s: %s: resources %+v", log, target.Name, r)
			}
		}
	}
}

// The secrets that a user gives do not come back in a report.
func TestSecretsAreMasked(t *testing.T) {
	server := startRecording(t, nil)
	code, stdout, stderr := ngxreplay(t.Context(), "run", "../../testdata/timed.log", "--target", server.url, "--limit", "5", "--speed", "100",
		"--header", "Authorization: Bearer hunter2", "--header", "X-Api-Key: hunter2", "--host", "shop.example", "--json")
	if !isMeasured(code, stderr) || strings.Contains(stdout, "hunter2") || !strings.Contains(stdout, "Bearer ***") {
		t.Errorf("exit code %d: %s %s", code, stdout, stderr)
	}
	first := server.seen()[0]
	if got := first.header("Authorization"); got != "Bearer hunter2" {
		t.Errorf("sent %q", got)
	}
	if got := first.header("Host"); got != "shop.example" {
		t.Errorf("sent %q", got)
	}
}

// Who interrupts while the first connection is made is told so, not that the target cannot be reached.
func TestInterruptWhileConnecting(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var once atomic.Bool
	over := make(chan struct{})
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		if once.Swap(true) { // the probe came through; the replay's first connection does not
			interrupt()
			<-over
		}
		return nil, nil
	}}
	server.StartTLS()
	defer server.Close()
	defer close(over)
	code, stdout, stderr := ngxreplay(ctx, "run", "../../testdata/timed.log", "--target", server.URL, "--insecure", "--json")
	if code != 130 || strings.Contains(stdout+stderr, "reachable") || strings.Contains(stdout+stderr, "running") {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if trouble := readRun(t, stdout).Targets[0].Trouble; !strings.Contains(trouble, "interrupted") {
		t.Errorf("trouble %q", trouble)
	}
}

// What is wrong with a header is told without the header, which may hold a secret.
func TestWrongHeadersAreNotQuoted(t *testing.T) {
	for _, header := range []string{"Bearer hunter2", "Bearer hunter2: x", "Host: hunter2", "Expect: hunter2", "X: hunter2\n"} {
		code, stdout, stderr := ngxreplay(t.Context(), "run", "../../testdata/timed.log", "--target", "http://127.0.0.1:1", "--header", header)
		if code != 2 || strings.Contains(stdout+stderr, "hunter2") || !strings.Contains(stderr, "header") {
			t.Errorf("%q: exit code %d: %s", header, code, stderr)
		}
	}
}
