package main

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// logOf writes a log of requests with hosts, in turn.
func logOf(t *testing.T, n int, hosts ...string) string {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "192.0.2.1 - - [10/Oct/2025:13:55:36 +0000] \"GET /r/%d HTTP/1.1\" 200 2 \"-\" \"one\" %s\n", i, hosts[i%len(hosts)])
	}
	path := filepath.Join(t.TempDir(), "access.log")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const hostFormat = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $http_host`

// Connections ask for the hosts of their requests, unless one name is given for all; and the first is tried before
// anything is sent.
func TestServerNamesOfARun(t *testing.T) {
	var mu sync.Mutex
	asked, hosts := map[string]int{}, map[string]int{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		hosts[r.TLS.ServerName+" "+r.Host]++
		_, _ = io.WriteString(w, "ok")
	}))
	server.TLS = &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		mu.Lock()
		defer mu.Unlock()
		asked[hello.ServerName]++
		return nil, nil
	}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	path := logOf(t, 30, "a.test:8443", "b.test", "-")
	run := func(want map[string]int, flags ...string) {
		t.Helper()
		mu.Lock()
		clear(asked)
		clear(hosts)
		mu.Unlock()
		args := append([]string{"run", path, "--log-format", hostFormat, "--target", server.URL, "--speed", "50", "--insecure", "--json"}, flags...)
		code, stdout, stderr := ngxreplay(t.Context(), args...)
		if !isMeasured(code, stderr) {
			t.Fatal(code, stderr)
		}
		if byHost := readRun(t, stdout).Config.Dialing.ByHost; byHost != (len(flags) == 0) {
			t.Errorf("%q: by host %v", flags, byHost)
		}
		mu.Lock()
		defer mu.Unlock()
		if !maps.Equal(hosts, want) {
			t.Errorf("%q: names and hosts %v, want %v; asked for %v", flags, hosts, want, asked)
		}
	}
	own := strings.TrimPrefix(server.URL, "https://")
	run(map[string]int{"a.test a.test:8443": 10, "b.test b.test": 10, " " + own: 10})
	run(map[string]int{"c.test a.test:8443": 10, "c.test b.test": 10, "c.test " + own: 10}, "--sni", "c.test")
	run(map[string]int{"c.test c.test:1": 30}, "--host", "c.test:1")

	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pemOf(server), 0o600); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	clear(hosts)
	mu.Unlock()
	code, _, stderr := ngxreplay(t.Context(), "run", path, "--log-format", hostFormat, "--target", server.URL, "--ca", ca)
	if code != exitFailed || !strings.Contains(stderr, "certificate is for example.com") || !strings.Contains(stderr, "the log's host is a.test: --sni example.com") || strings.Contains(stderr, "is it running") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(hosts) > 0 {
		t.Errorf("sent all the same: %v", hosts)
	}
}

// What fails at first is sent again, told and echoed.
func TestRetryOfARun(t *testing.T) {
	var mu sync.Mutex
	came := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		came[r.RequestURI]++
		first := came[r.RequestURI] == 1
		mu.Unlock()
		if first && strings.HasSuffix(r.RequestURI, "3") {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(server.Close)
	args := []string{"run", logOf(t, 30, "a.test"), "--log-format", hostFormat, "--target", server.URL, "--speed", "50", "--retry", "2"}
	code, stdout, stderr := ngxreplay(t.Context(), append(args, "--json")...)
	if !isMeasured(code, stderr) {
		t.Fatal(code, stderr)
	}
	run := readRun(t, stdout)
	if target := run.Targets[0]; target.Ledger.Responses != 30 || target.Retried != 3 || target.AnsweredAfterRetry != 3 || run.Config.Retry != 2 {
		t.Errorf("%+v, %d retried, %d answered after that, --retry %d", target.Ledger, target.Retried, target.AnsweredAfterRetry, run.Config.Retry)
	}
	if notes := strings.Join(run.Notes, "\n"); !strings.Contains(notes, "response times count from when a request was due and hold all of its attempts") {
		t.Errorf("notes: %s", notes)
	}
	mu.Lock()
	clear(came)
	mu.Unlock()
	if _, stdout, _ = ngxreplay(t.Context(), args...); !strings.Contains(stdout, "retried 3 (3 ") {
		t.Errorf("no word of it:\n%s", stdout)
	}
	if code, _, stderr = ngxreplay(t.Context(), append(args[:len(args)-1], "11")...); code != exitUsage || !strings.Contains(stderr, "retry 11: want 0 to 10") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

func pemOf(server *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}
