// Package nginxtest starts a real nginx for tests, with files, ports and processes of its own.
package nginxtest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// limit is how long nginx may take to listen and to leave. It takes milliseconds.
const limit = 20 * time.Second

// Temporary is what the http block of a configuration needs, so that nginx writes into its own folder only.
const Temporary = "client_body_temp_path tmp/body; proxy_temp_path tmp/proxy; fastcgi_temp_path tmp/fastcgi; uwsgi_temp_path tmp/uwsgi; scgi_temp_path tmp/scgi;"

// A Server is a running nginx.
type Server struct {
	Dir     string // where its logs are
	Address string // host:port
	command *exec.Cmd
	output  bytes.Buffer
	exited  chan error // receives once
}

// Start starts nginx with a configuration in which LISTEN and UPSTREAM stand for two addresses, and stops it when the
// test ends. Addresses that were free a moment ago may be taken: then it tries others.
func Start(t *testing.T, conf string) *Server {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			t.Fatal("nginx is neither on PATH nor in /usr/sbin: make deps installs it")
		}
	}
	for attempt := 1; ; attempt++ {
		s := start(t, program, conf)
		err := s.ready()
		if err == nil {
			t.Cleanup(func() { s.Stop(t) })
			return s
		}
		s.command.Process.Kill() // it may be gone already
		<-s.exited
		if attempt == 3 || !strings.Contains(s.output.String(), "Address already in use") {
			t.Fatalf("%v\n%s", err, s.output.String())
		}
	}
}

func start(t *testing.T, program, conf string) *Server {
	t.Helper()
	s := &Server{Dir: t.TempDir(), exited: make(chan error, 1)}
	if err := errors.Join(os.Chmod(s.Dir, 0o755), os.Mkdir(filepath.Join(s.Dir, "tmp"), 0o755)); err != nil {
		t.Fatal(err)
	}
	listen, upstream := freeAddresses(t)
	s.Address = listen
	conf = strings.NewReplacer("LISTEN", listen, "UPSTREAM", upstream).Replace(conf)
	path := filepath.Join(s.Dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	s.command = exec.Command(program, "-p", s.Dir, "-c", path, "-e", "stderr", "-g", "daemon off;")
	s.command.Stdout, s.command.Stderr = &s.output, &s.output
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.exited <- s.command.Wait() }()
	return s
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
func (s *Server) ready() error {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(limit)
	for {
		conn, err := net.Dial("tcp", s.Address)
		if err == nil {
			return conn.Close() // no line is written for it
		}
		select {
		case err := <-s.exited:
			s.exited <- err
			return fmt.Errorf("nginx ended at once: %w", err)
		case <-deadline:
			return fmt.Errorf("nginx does not listen: %w", err)
		case <-ticker.C:
		}
	}
}

// Signal sends a signal to the master process: SIGUSR1 makes it open its logs again.
func (s *Server) Signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := s.command.Process.Signal(signal); err != nil {
		t.Error(err)
	}
}

// Stop lets nginx finish and waits until it has left, so that the logs are whole. It can be called again.
func (s *Server) Stop(t *testing.T) {
	t.Helper()
	if err := s.command.Process.Signal(syscall.SIGQUIT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	select {
	case err := <-s.exited:
		s.exited <- err
		if err != nil {
			t.Errorf("nginx: %v\n%s", err, s.output.String())
		}
	case <-time.After(limit):
		t.Errorf("nginx did not leave: %v", s.command.Process.Kill())
	}
}

// Log is the content of a file in its folder.
func (s *Server) Log(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(s.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}
