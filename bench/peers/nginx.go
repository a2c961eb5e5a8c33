//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A server is an nginx with one worker, which answers every request with 200 bytes.
type server struct {
	url    string // http://127.0.0.1:PORT
	cmd    *exec.Cmd
	client http.Client // asks for the counts
	said   limited
}

const nginxConf = `worker_processes 1;
daemon off;
pid %[1]s/nginx.pid;
error_log stderr warn;
worker_rlimit_nofile 4096;
events { worker_connections 2048; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 3600;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  server {
    listen 127.0.0.1:%[2]d backlog=4096;
    default_type text/plain;
    location / { return 200 "%[3]s"; }
    location = /bench/served { stub_status; }
  }
}
`

const answerBytes = 200

func (b *bench) startNginx() (*server, error) {
	program, err := look("nginx", "/usr/sbin/nginx")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(b.dir, "nginx.conf")
	text := fmt.Sprintf(nginxConf, b.dir, port, strings.Repeat("x", answerBytes))
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	s := &server{
		url:    "http://127.0.0.1:" + strconv.Itoa(port),
		cmd:    exec.Command(b.self, "become", b.priority(), strconv.Itoa(b.serverCore), program, "-p", b.dir, "-e", "stderr", "-c", conf),
		client: http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
		said:   limited{limit: 4 << 10},
	}
	s.cmd.Stderr = &s.said
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 100 {
		if _, err = s.served(); err == nil {
			return s, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, errors.Join(fmt.Errorf("nginx does not answer: %w: %s", err, s.said.Bytes()), s.stop())
}

// served is how many requests nginx has answered since it started, this one included.
func (s *server) served() (int64, error) {
	resp, err := s.client.Get(s.url + "/bench/served")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil {
		return 0, err
	}
	return parseServed(body)
}

// parseServed reads the third number of stub_status's third line: requests.
func parseServed(page []byte) (int64, error) {
	lines := bytes.Split(page, []byte("\n"))
	if len(lines) > 2 {
		if fields := bytes.Fields(lines[2]); len(fields) == 3 {
			return strconv.ParseInt(string(fields[2]), 10, 64)
		}
	}
	return 0, fmt.Errorf("no stub_status page: %.100q", page)
}

func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// freePort is a port that nobody listens on now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// look finds a program on PATH, or else at a usual place.
func look(name string, places ...string) (string, error) {
	path, err := exec.LookPath(name)
	for i := 0; err != nil && i < len(places); i++ {
		var found error
		if path, found = exec.LookPath(places[i]); found == nil {
			return path, nil
		}
	}
	return path, err
}
