package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// startNginx starts a real nginx that logs in the format of timed.log. stop ends it, after which the log is complete.
func startNginx(t *testing.T) (url, log string, stop func()) {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			t.Fatal("this test needs nginx: make deps installs it")
		}
	}
	original, err := os.ReadFile("../../testdata/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	start := strings.Index(string(original), "log_format  timed")
	end := start + strings.Index(string(original[start:]), ";")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	dir := t.TempDir()
	conf := fmt.Sprintf(`daemon off; worker_processes 1; pid nginx.pid; error_log error.log;
events { worker_connections 256; }
http {
	client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
	large_client_header_buffers 4 32k; keepalive_requests 100000;
	%s;
	access_log access.log timed;
	server { listen %s; server_name _; location / { return 200 "ok"; } }
}`, original[start:end], address)
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	listener.Close()
	cmd := exec.Command(program, "-p", dir, "-c", "nginx.conf", "-e", "error.log")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		if err := cmd.Process.Signal(syscall.SIGQUIT); err != nil {
			t.Error(err)
		}
		if err := <-exited; err != nil {
			t.Errorf("nginx: %v", err)
		}
	}
	t.Cleanup(stop)
	awaitListener(t, address)
	return "http://" + address, filepath.Join(dir, "access.log"), stop
}

// awaitListener returns when somebody accepts connections.
func awaitListener(t *testing.T, address string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		select {
		case <-tick.C:
			if conn, err := net.Dial("tcp", address); err == nil {
				conn.Close()
				return
			}
		case <-deadline:
			t.Fatal("nginx does not listen after 10 s")
		}
	}
}

// The circle closes: a log that nginx wrote, replayed at an nginx with the same log format, is written again, line by
// line, in everything that the client decides.
func TestNginxWritesTheSameLogAgain(t *testing.T) {
	url, log, stop := startNginx(t)
	code, stdout, stderr := ngxreplay(t.Context(), "run", "../../testdata/timed.log", "--target", url, "--rate", "1000", "--connections", "1", "--json")
	if !isMeasured(code, stderr) {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	run := readRun(t, stdout)
	stop()
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var got []logged
	for line := range strings.Lines(string(content)) {
		m := timedLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			if strings.Contains(line, `"" 400`) {
				continue // a connection that was opened and not used
			}
			t.Fatalf("nginx logged %q", line)
		}
		got = append(got, logged{line: unescape(m[1]) + " " + m[2], referer: unescape(m[3]), userAgent: unescape(m[4]), host: m[9]})
	}
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
