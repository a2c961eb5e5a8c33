package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"ngxreplay/internal/nginxtest"

	"github.com/google/go-cmp/cmp"
)

// startNginx starts an nginx that answers ok to everything, and logs in the format of timed.log to access.log.
func startNginx(t *testing.T) *nginxtest.Server {
	t.Helper()
	return startLogging(t, `location / { return 200 "ok"; }`)
}

// startLogging starts an nginx that logs in the format of timed.log to access.log.
func startLogging(t *testing.T, location string) *nginxtest.Server {
	t.Helper()
	return startListening(t, "LISTEN", location)
}

// startListening is startLogging with what the listen directive says.
func startListening(t *testing.T, listen, location string) *nginxtest.Server {
	t.Helper()
	original, err := os.ReadFile("../../testdata/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	start := strings.Index(string(original), "log_format  timed")
	end := start + strings.Index(string(original[start:]), ";")
	return nginxtest.Start(t, fmt.Sprintf(`worker_processes 1; pid nginx.pid;
events { worker_connections 256; }
http {
	%s
	large_client_header_buffers 4 32k; keepalive_requests 100000;
	%s;
	access_log access.log timed;
	server { listen %s; server_name _; %s }
}`, nginxtest.Temporary, original[start:end], listen, location))
}

// The circle closes: a log that nginx wrote, replayed at an nginx with the same log format, is written again, line by
// line, in everything that the client decides.
func TestNginxWritesTheSameLogAgain(t *testing.T) {
	nginx := startNginx(t)
	code, stdout, stderr := ngxreplay(t.Context(), "run", "../../testdata/timed.log", "--target", "http://"+nginx.Address, "--rate", "1000", "--connections", "1", "--json")
	if !isMeasured(code, stderr) {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	run := readRun(t, stdout)
	nginx.Stop(t)
	got := readAgain(t, nginx)
	want := readTimedLog(t)
	if len(got) != len(want) || run.Targets[0].Ledger.Responses != int64(len(want)) {
		t.Fatalf("%d requests logged first, %d again, ledger %+v, %v", len(want), len(got), run.Targets[0].Ledger, run.Targets[0].Errors)
	}
	for i := range want {
		want[i].arrival = 0
		if diff := cmp.Diff(want[i], got[i], cmp.AllowUnexported(logged{})); diff != "" {
			t.Fatalf("request %d (-first +again):\n%s", i, diff)
		}
	}
}

// readAgain reads what nginx logged.
func readAgain(t *testing.T, nginx *nginxtest.Server) []logged {
	t.Helper()
	var got []logged
	for line := range strings.Lines(string(nginx.Log(t, "access.log"))) {
		m := timedLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			if strings.Contains(line, `"" 400`) || strings.Contains(line, `"-" 400`) {
				continue // a connection that was opened and not used
			}
			t.Fatalf("nginx logged %q", line)
		}
		got = append(got, logged{line: unescape(m[1]) + " " + m[2], referer: unescape(m[3]), userAgent: unescape(m[4]), host: m[9]})
	}
	return got
}
