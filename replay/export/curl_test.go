package export

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A recorder is a server that keeps what it was sent.
type recorder struct {
	listener net.Listener
	requests chan string
}

func newRecorder(t *testing.T) *recorder {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{listener: listener, requests: make(chan string, 100)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r.serve(conn)
		}
	}()
	t.Cleanup(func() { listener.Close(); <-done })
	return r
}

// serve keeps one request: its bytes, with the header lines sorted.
func (r *recorder) serve(conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	var head []string
	length := 0
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		head = append(head, line)
		_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(reader, body); err != nil {
		return
	}
	r.requests <- normal(head, body)
	_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
}

func normal(head []string, body []byte) string {
	slices.Sort(head[1:])
	for i := range head {
		head[i] = strings.TrimRight(head[i], " ")
	}
	return fmt.Sprintf("%q %q", head, body)
}

// The script, run by a shell, sends what ngxreplay would send, byte by byte, whatever the log holds. The shell takes
// nothing of it for a command.
func TestCurlScriptSendsTheBytes(t *testing.T) {
	recorder := newRecorder(t)
	address := recorder.listener.Addr().String()
	format, err := Find("curl")
	if err != nil {
		t.Fatal(err)
	}
	requests := nasty()
	var script bytes.Buffer
	w, err := format.NewWriter(&script, Options{BaseURL: "http://" + address, Info: testInfo(requests)})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range requests {
		if requests[i].Host == nil {
			requests[i].Host = []byte(address)
		}
		if w.Write(&requests[i]) != nil {
			continue
		}
		head, body, _ := bytes.Cut(sent(&requests[i]), []byte("\r\n\r\n"))
		want = append(want, normal(strings.Split(string(head), "\r\n"), body))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "requests.sh")
	if err := os.WriteFile(path, script.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("sh", path)
	command.Dir = dir
	command.Env = append(os.Environ(), "no_proxy=*")
	if out, err := command.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s\n%s", err, out, script.String())
	}
	for i := range want {
		select {
		case got := <-recorder.requests:
			if got != want[i] {
				t.Errorf("request %d: got\n%s, want\n%s", i, got, want[i])
			}
		default:
			t.Fatalf("only %d of %d requests came", i, len(want))
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("the script left %v, %v", files, err)
	}
}

// What fits no argument is left out.
func TestCurlLeavesOutWhatIsTooLong(t *testing.T) {
	requests := nasty()[:1]
	requests[0].Target = append([]byte("/"), bytes.Repeat([]byte("x"), 1<<20)...)
	if _, fit := write(t, "curl", requests); len(fit) != 0 {
		t.Error("a target of 1 MiB was written")
	}
	if _, fit := write(t, "vegeta", requests); len(fit) != 1 {
		t.Error("a target of 1 MiB was left out of a format that can hold it")
	}
}

// The shell prints any body as it is, also one that looks like an option of printf.
func TestCurlScriptPrintsAnyBody(t *testing.T) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for _, body := range []string{"-", "--", "-v x", "--config=x", "-n100%", "%s%n", `\0\x41'"$(id)`, string(every)} {
		script := append(appendPrintf([]byte("printf '"), []byte(body)), '\'')
		got, err := exec.Command("sh", "-c", string(script)).CombinedOutput()
		if err != nil || string(got) != body {
			t.Errorf("%s printed %q, %v", script, got, err)
		}
	}
}
