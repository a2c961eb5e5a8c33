package targets_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ngxreplay/targets/app"
	"ngxreplay/targets/contract"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// build compiles a target program.
func build(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ngxreplay-target-"+name)
	out, err := exec.Command("go", "build", "-o", path, "ngxreplay/cmd/ngxreplay-target-"+name).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// TestProgram runs real programs as ngxreplay does: one on net/http, one on fasthttp.
func TestProgram(t *testing.T) {
	routes := filepath.Join(t.TempDir(), "routes.json")
	text, err := json.Marshal(hostileTable())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(routes, text, 0o600))
	for _, name := range []string{"chi", "fiber"} {
		t.Run(name, func(t *testing.T) { runProgram(t, build(t, name), name, routes) })
	}
}

func runProgram(t *testing.T, path, name, routes string) {
	cmd := exec.Command(path, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--routes", routes)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	var ready contract.Ready
	require.NoError(t, json.Unmarshal([]byte(line), &ready))
	assert.Equal(t, name, ready.Name)
	assert.Equal(t, name, ready.Framework)
	assert.NotEmpty(t, ready.Version)
	assert.Positive(t, ready.Routes)
	assert.Positive(t, ready.Unrouted)

	metrics := fetch(t, ready.Admin+"/metrics")
	for _, metric := range []string{"go_sched_pauses_total_gc_seconds_bucket", "process_cpu_seconds_total", "process_resident_memory_bytes", "go_sched_latencies_seconds_bucket"} {
		assert.Contains(t, metrics, metric)
	}
	assert.Contains(t, fetch(t, ready.Admin+"/debug/pprof/goroutine?debug=1"), "goroutine profile")

	w := &wire{address: strings.TrimPrefix(ready.URL, "http://")}
	answer, err := w.exchange(message{method: "GET", target: "/api/user/5"}.with("Authorization", ready.Authorization))
	require.NoError(t, err)
	assert.Equal(t, 200, answer.status)

	drain(t, cmd, w)
	rest, err := io.ReadAll(lines)
	require.NoError(t, err)
	assert.Empty(t, rest, "more than one line on standard output")
	require.NoError(t, cmd.Wait(), "%s", complaints.String())
	assert.Empty(t, complaints.String())
}

// drain sends SIGTERM while an answer larger than all socket buffers is being read,
// waits until the program refuses connections, and then reads that answer to its end.
func drain(t *testing.T, cmd *exec.Cmd, w *wire) {
	t.Helper()
	const size = 64 << 20
	_, err := w.conn.Write(message{method: "GET", target: "/user/1"}.with(contract.ExpectHeader, "200 67108864").bytes())
	require.NoError(t, err)
	response, err := http.ReadResponse(w.reader, nil)
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	for {
		conn, err := net.Dial("tcp", w.address)
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	n, err := io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	assert.EqualValues(t, size, n)
	require.NoError(t, w.hangUp())
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport}).Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, 200, response.StatusCode)
	return string(text)
}

// TestUsage covers the refusals, in process: exit status, and a message with a next step.
func TestUsage(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.json")
	require.NoError(t, os.WriteFile(broken, []byte(`{"routes":[{"name":5}]}`), 0o600))
	occupied, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer occupied.Close()
	tests := []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"--nonsense"}, 2, "see --help"},
		{[]string{"stray"}, 2, "takes flags only"},
		{[]string{"--listen", "8080"}, 2, "give host:port"},
		{[]string{"--admin", ""}, 2, "give host:port"},
		{[]string{"--routes", filepath.Join(t.TempDir(), "missing.json")}, 2, "leave it out"},
		{[]string{"--routes", broken}, 2, "not a route table"},
		{[]string{"--listen", occupied.Addr().String()}, 1, "choose another address"},
		{[]string{"--admin", occupied.Addr().String()}, 1, "choose another address"},
		{[]string{"--access-log", t.TempDir()}, 1, "cannot open --access-log"},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := app.Run(t.Context(), programs()[0], test.args, &stdout, &stderr)
			assert.Equal(t, test.status, status)
			assert.Contains(t, stderr.String(), test.says)
			assert.Empty(t, stdout.String())
		})
	}
	var stdout, stderr bytes.Buffer
	assert.Equal(t, 0, app.Run(t.Context(), programs()[0], []string{"--help"}, &stdout, &stderr))
	assert.Contains(t, stdout.String(), "--access-log")
	assert.Empty(t, stderr.String())
}

// TestRun starts and ends each program in process, with an access log in a file.
func TestRun(t *testing.T) {
	for _, p := range programs() {
		t.Run(p.Name, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "access.log")
			ctx, cancel := context.WithCancel(t.Context())
			reader, writer := io.Pipe()
			status := make(chan int, 1)
			go func() {
				status <- app.Run(ctx, p, []string{"--access-log", log}, writer, io.Discard)
			}()
			var ready contract.Ready
			require.NoError(t, json.NewDecoder(reader).Decode(&ready))
			w := &wire{address: strings.TrimPrefix(ready.URL, "http://")}
			_, err := w.exchange(message{method: "GET", target: "/logged"})
			require.NoError(t, err)
			cancel()
			assert.Equal(t, 0, <-status)
			require.NoError(t, w.hangUp())
			text, err := os.ReadFile(log)
			require.NoError(t, err)
			assert.Contains(t, string(text), "/logged")
		})
	}
}

// TestShutdownDrains holds a request inside the chain while the server shuts down.
func TestShutdownDrains(t *testing.T) {
	for _, p := range programs() {
		t.Run(p.Name, func(t *testing.T) {
			arrived, release := make(chan struct{}), make(chan struct{})
			target := start(t, p, app.Config{Intercept: func(path string) {
				if strings.HasPrefix(path, "/held") {
					arrived <- struct{}{}
					<-release
				}
			}})
			result := make(chan answer, 1)
			go func() {
				w := &wire{address: target.address}
				a, err := w.exchange(message{method: "GET", target: "/held"}.with(contract.ExpectHeader, "200 10"))
				assert.NoError(t, err)
				assert.NoError(t, w.hangUp())
				result <- a
			}()
			<-arrived
			stopped := make(chan error, 1)
			go func() { stopped <- target.server.Shutdown(context.WithoutCancel(t.Context())) }()
			require.NoError(t, <-target.done) // no longer accepting
			target.done <- nil
			close(release)
			assert.Equal(t, 200, (<-result).status)
			require.NoError(t, <-stopped)
		})
	}
}
