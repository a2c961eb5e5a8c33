package parse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nginxLimit is how long nginx may take to listen and to leave. It takes milliseconds.
const nginxLimit = 20 * time.Second

// A testNginx is a real nginx with files, ports and processes of its own.
type testNginx struct {
	dir     string
	address string
	command *exec.Cmd
	output  bytes.Buffer
	exited  chan error // receives once
}

// startNginx starts nginx with a configuration in which LISTEN and UPSTREAM stand for addresses. Addresses that were
// free a moment ago may be taken: then it tries others.
func startNginx(t *testing.T, conf string) *testNginx {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			t.Fatal("nginx is neither on PATH nor in /usr/sbin: make deps installs it")
		}
	}
	for attempt := 1; ; attempt++ {
		n := newNginx(t, program, conf)
		err := n.ready()
		if err == nil {
			t.Cleanup(func() { n.stop(t) })
			return n
		}
		n.command.Process.Kill() // it may be gone already
		<-n.exited
		if attempt == 3 || !strings.Contains(n.output.String(), "Address already in use") {
			t.Fatalf("%v\n%s", err, n.output.String())
		}
	}
}

// newNginx starts the process in a folder of its own.
func newNginx(t *testing.T, program, conf string) *testNginx {
	t.Helper()
	n := &testNginx{dir: t.TempDir(), exited: make(chan error, 1)}
	if err := errors.Join(os.Chmod(n.dir, 0o755), os.Mkdir(filepath.Join(n.dir, "tmp"), 0o755)); err != nil {
		t.Fatal(err)
	}
	listen, upstream := freeAddresses(t)
	n.address = listen
	conf = strings.NewReplacer("LISTEN", listen, "UPSTREAM", upstream).Replace(conf)
	path := filepath.Join(n.dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	n.command = exec.Command(program, "-p", n.dir, "-c", path, "-e", "stderr", "-g", "daemon off;")
	n.command.Stdout, n.command.Stderr = &n.output, &n.output
	if err := n.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { n.exited <- n.command.Wait() }()
	return n
}

// freeAddresses returns two addresses of this host that nobody listens on.
func freeAddresses(t *testing.T) (string, string) {
	t.Helper()
	var addresses [2]string
	for i := range addresses {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // both are held until both are known
		addresses[i] = l.Addr().String()
	}
	return addresses[0], addresses[1]
}

// ready returns when nginx listens.
func (n *testNginx) ready() error {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(nginxLimit)
	for {
		conn, err := net.Dial("tcp", n.address)
		if err == nil {
			return conn.Close() // no line is written for it
		}
		select {
		case err := <-n.exited:
			n.exited <- err
			return fmt.Errorf("nginx ended at once: %w", err)
		case <-deadline:
			return fmt.Errorf("nginx does not listen: %w", err)
		case <-ticker.C:
		}
	}
}

// stop lets nginx finish and waits until it has left, so that the logs are whole. It can be called again.
func (n *testNginx) stop(t *testing.T) {
	t.Helper()
	if err := n.command.Process.Signal(syscall.SIGQUIT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	select {
	case err := <-n.exited:
		n.exited <- err
		if err != nil {
			t.Errorf("nginx: %v\n%s", err, n.output.String())
		}
	case <-time.After(nginxLimit):
		t.Errorf("nginx did not leave: %v", n.command.Process.Kill())
	}
}

// send writes raw bytes on a connection of its own and returns what came back until nginx closed it. abort closes our
// side first, as a client that gives up does.
func (n *testNginx) send(t *testing.T, raw []byte, abort bool) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", n.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(nginxLimit)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(raw); err != nil {
		t.Fatal(err)
	}
	if abort {
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("%.100q: %v", raw, err)
	}
	return answer
}

// nginxConf writes a configuration with a log for each format and escape. One worker and no lingering: then a line is
// written before its connection is closed, and the lines have the order of the requests.
func nginxConf(formats []nginxFormat) string {
	var b strings.Builder
	b.WriteString(`worker_processes 1;
pid nginx.pid;
events { worker_connections 64; }
http {
	lingering_close off;
	client_body_temp_path tmp/body; proxy_temp_path tmp/proxy; fastcgi_temp_path tmp/fastcgi; uwsgi_temp_path tmp/uwsgi; scgi_temp_path tmp/scgi;
`)
	for i, f := range formats {
		for _, escape := range escapes {
			fmt.Fprintf(&b, "\tlog_format f%d_%s escape=%s '%s';\n", i, escape, escape, f.text)
			fmt.Fprintf(&b, "\taccess_log f%d_%s.log f%d_%s;\n", i, escape, i, escape)
		}
	}
	b.WriteString(`
	server {
		listen LISTEN;
		location / { proxy_pass http://UPSTREAM; }
	}
	server {
		listen UPSTREAM;
		access_log off;
		location / { return 200 "a body\n"; }
	}
}
`)
	return b.String()
}

var escapes = []Escape{EscapeDefault, EscapeJSON, EscapeNone}
