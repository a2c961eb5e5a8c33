package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ngxreplay/report"
)

// A shadow is a run that follows, in the background, and the server that it shadows to.
type shadow struct {
	*testing.T
	server *recordingServer
	came   chan int // how many requests have come
	cancel context.CancelFunc
	code   chan int
	stdout string
	stderr string
}

func startShadow(t *testing.T, args ...string) *shadow {
	t.Helper()
	s := &shadow{T: t, came: make(chan int, 10_000), code: make(chan int, 1)}
	s.server = startRecording(t, func(n int) { s.came <- n })
	ctx, cancel := context.WithCancel(t.Context())
	s.cancel = cancel
	go func() {
		var code int
		code, s.stdout, s.stderr = ngxreplay(ctx, append([]string{"run", "--target", s.server.url, "--connections", "1", "--json"}, args...)...)
		s.code <- code
	}()
	return s
}

// await returns when n requests have come.
func (s *shadow) await(n int) {
	s.Helper()
	for timeout := time.After(20 * time.Second); ; {
		select {
		case got := <-s.came:
			if got == n {
				return
			}
		case code := <-s.code:
			s.Fatalf("ended with %d: %s", code, s.stderr)
		case <-timeout:
			s.Fatalf("%d requests did not come", n)
		}
	}
}

// end interrupts the shadow, and demands that it got requests /0 to /n-1, once and in order.
func (s *shadow) end(n int) *report.Run {
	s.Helper()
	s.cancel()
	if code := <-s.code; code != exitInterrupted {
		s.Errorf("exit code %d: %s", code, s.stderr)
	}
	run, requests := readRun(s.T, s.stdout), s.server.seen()
	if len(requests) != n || run.Ledger.Requests != int64(n) || run.Targets[0].Ledger.Responses != int64(n) {
		s.Errorf("%d requests came, want %d; %+v, %+v", len(requests), n, run.Ledger, run.Targets[0].Ledger)
	}
	for i, r := range requests {
		if want := fmt.Sprintf("GET /%d HTTP/1.1", i); r.line != want {
			s.Fatalf("number %d is %q", i, r.line)
		}
	}
	return run
}

// Requests that a real nginx gets come to the shadow once and in order, while its log is rotated both ways.
func TestShadowOfARealNginx(t *testing.T) {
	nginx := startNginx(t)
	log := filepath.Join(nginx.Dir, "access.log")
	s := startShadow(t, log, "--follow=start", "--delay", "500ms")
	sent := 0
	send := func(count int) {
		for range count {
			resp, err := http.Get(fmt.Sprintf("http://%s/%d", nginx.Address, sent))
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			sent++
		}
	}
	send(100)
	if err := os.Rename(log, log+".1"); err != nil {
		t.Fatal(err)
	}
	send(50) // into the renamed log
	nginx.Signal(t, syscall.SIGUSR1)
	send(100) // into one of them
	s.await(sent)
	copied, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(log+".2", copied, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(log, 0); err != nil {
		t.Fatal(err)
	}
	send(100)
	s.await(sent)
	run := s.end(sent)
	if run.Ledger.Lines != int64(sent) || !strings.Contains(strings.Join(run.Notes, "\n"), "behind production") {
		t.Errorf("%+v, %q", run.Ledger, run.Notes)
	}
	http.DefaultClient.CloseIdleConnections()
}

// A directory fills with slices, one of them compressed, as rsync would put them there.
func TestShadowOfSlices(t *testing.T) {
	dir := t.TempDir()
	s := startShadow(t, dir, "--follow", "--delay", "1s", "--seed", "3")
	const size = 20
	for slice := range 3 {
		var text bytes.Buffer
		for n := range size {
			at := time.Now().Add(time.Duration(n-size) * 10 * time.Millisecond)
			fmt.Fprintf(&text, `10.0.0.1 - - [%s] "GET /%d HTTP/1.1" 200 2 "-" "-" %d.%03d 0.001 shop.example 70`+"\n",
				at.Format("02/Jan/2006:15:04:05 -0700"), slice*size+n, at.Unix(), at.Nanosecond()/1e6)
		}
		content, name := text.Bytes(), fmt.Sprintf("access-%d.log", slice)
		if slice == 1 {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			if _, err := z.Write(content); err != nil {
				t.Fatal(err)
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			content, name = b.Bytes(), name+".gz"
		}
		partial := filepath.Join(dir, "."+name+".x7Yz")
		if err := os.WriteFile(partial, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(partial, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		s.await((slice + 1) * size)
	}
	run := s.end(3 * size)
	if len(run.Trace.Sources) != 3 || len(run.Ledger.Filtered) > 0 {
		t.Errorf("%d sources, %+v", len(run.Trace.Sources), run.Ledger)
	}
}
