package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"ngxreplay/report"

	"github.com/google/go-cmp/cmp"
)

// A real nginx that speaks HTTP/2, and ends a connection after a thousand requests, logs each request of the log once more,
// with the same method, target, host, referer and user agent.
func TestNginxWritesTheSameLogAgainOverHTTP2(t *testing.T) {
	nginx := startListening(t, "LISTEN http2", `keepalive_requests 1000; location / { return 200 "ok"; }`)
	out := t.TempDir()
	code, stdout, stderr := ngxreplay(t.Context(), "run", "../../testdata/timed.log", "--target", "http://"+nginx.Address,
		"--http", "2", "--rate", "1000", "--connections", "2", "-o", out)
	if !isMeasured(code, stderr) {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	file, err := os.ReadFile(filepath.Join(out, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	run := readRun(t, string(file))
	nginx.Stop(t)
	got, want := readAgain(t, nginx), readTimedLog(t)
	target := run.Targets[0]
	if target.Ledger.Responses != int64(len(want)) || target.Opened < 6 {
		t.Fatalf("%d requests logged, %d connections, ledger %+v, %v", len(want), target.Opened, target.Ledger, target.Errors)
	}
	if diff := cmp.Diff(overHTTP2(want), overHTTP2(got)); diff != "" {
		t.Errorf("-first +again:\n%s", diff)
	}
	if run.Config.HTTP != 2 || target.Client != report.ClientHTTP2 {
		t.Errorf("HTTP %d by %q", run.Config.HTTP, target.Client)
	}
	html, err := os.ReadFile(filepath.Join(out, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{"text": stdout, "HTML": string(html)} {
		if !strings.Contains(text, "by net/http") {
			t.Errorf("the report as %s does not say which client it was", where)
		}
	}
}

// overHTTP2 is what nginx logs of requests over HTTP/2, sorted: those that share a connection overtake each other. Absolute
// targets have become paths, and paths that leave the root, or are none, are refused before they are logged.
func overHTTP2(list []logged) []string {
	var lines []string
	for _, l := range list {
		line, _, _ := strings.Cut(l.line, " HTTP/")
		method, target, _ := strings.Cut(line, " ")
		if _, rest, absolute := strings.Cut(target, "://"); absolute && target[0] != '/' {
			target = rest[strings.Index(rest, "/"):]
		}
		if refused := strings.Contains(target, "/..") || strings.Contains(target, "/.%2e") || target == "*"; !refused {
			lines = append(lines, strings.Join([]string{method, target, l.host, l.referer, l.userAgent}, "\n"))
		}
	}
	slices.Sort(lines)
	return lines
}

// Calls of gRPC are answered over HTTP/2 with TLS, and their outcomes are in the report; over HTTP/1 a note says why they
// are not.
func TestCallsOfGRPC(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 || r.Header.Get("Te") != "trailers" || r.Header.Get("Content-Type") != "application/grpc" {
			w.WriteHeader(http.StatusUnsupportedMediaType)
			return
		}
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", fmt.Sprint(calls.Add(1)%2*5))
		w.Write([]byte{0, 0, 0, 0, 0}) // the client may be gone
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	log := filepath.Join(t.TempDir(), "grpc.log")
	const line = `192.0.2.1 - - [10/Oct/2025:13:55:36 +0000] "POST /shop.Cart/Add HTTP/2.0" 200 20 "-" "grpc-go/1.70.0"` + "\n"
	if err := os.WriteFile(log, []byte(strings.Repeat(line, 6)), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(more ...string) (stdout string) {
		t.Helper()
		args := append([]string{"run", log, "--target", server.URL, "--insecure"}, more...)
		code, stdout, stderr := ngxreplay(t.Context(), args...)
		if !isMeasured(code, stderr) {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		return stdout
	}
	if out := run("--http", "2"); !strings.Contains(out, "3 OK, 3 NOT_FOUND; 3 not OK") {
		t.Errorf("%s", out)
	}
	grpc := readRun(t, run("--http", "2", "--json")).Targets[0].GRPC
	if len(grpc) != 2 || grpc[1] != 3 || grpc[6] != 3 {
		t.Errorf("%v", grpc)
	}
	if out := run(); !strings.Contains(out, "6 requests are calls of gRPC") || !strings.Contains(out, "--http 2") {
		t.Errorf("%s", out)
	}
}
