package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// nginx is a running nginx of our own: its master process, and where it listens.
type nginx struct {
	command *exec.Cmd
	work    string
	address string
	exited  chan error // receives once, when the master is gone
}

// newWorkspace makes the folder nginx runs in. Others may read it, because the workers of an nginx started by root
// give that up.
func newWorkspace() (string, error) {
	work, err := os.MkdirTemp("", "ngxreplay-testdata-")
	if err != nil {
		return "", err
	}
	return work, errors.Join(os.Chmod(work, 0o755), os.Mkdir(filepath.Join(work, "tmp"), 0o755))
}

// startNginx starts nginx with its files, pid and temporary folders in work, and waits until it answers.
func startNginx(ctx context.Context, work, conf, upstream string) (*nginx, error) {
	program, err := findNginx()
	if err != nil {
		return nil, err
	}
	ports, err := freeAddresses(2)
	if err != nil {
		return nil, err
	}
	conf, err = fillConf(conf, ports[0], upstream, ports[1])
	if err != nil {
		return nil, err
	}
	path := filepath.Join(work, "nginx.conf")
	if err := os.WriteFile(path, []byte(conf), 0o644); err != nil {
		return nil, err
	}

	n := &nginx{work: work, address: ports[0], exited: make(chan error, 1)}
	n.command = exec.Command(program, "-p", work, "-c", path, "-e", "error.log", "-g", "daemon off;")
	// A zone other than UTC, spelled so that no time zone database is needed: a reader that ignores the offset is
	// two hours off.
	n.command.Env = append(os.Environ(), "TZ=CEST-2")
	var output bytes.Buffer
	n.command.Stdout, n.command.Stderr = &output, &output
	if err := n.command.Start(); err != nil {
		return nil, fmt.Errorf("starting nginx: %w", err)
	}
	go func() { n.exited <- n.command.Wait() }()
	if err := n.ready(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("nginx does not listen: %w", err), n.stop(), errors.New(output.String()))
	}
	return n, nil
}

// findNginx looks in PATH and where Debian puts nginx, which is not in the PATH of everybody.
func findNginx() (string, error) {
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("nginx is neither on PATH nor at /usr/sbin/nginx: install it (apt-get install nginx-light)")
}

// fillConf replaces the addresses nginx.conf names by those of this run. It insists on finding them, because an nginx
// on the port of somebody else is worse than none.
func fillConf(conf, listen, upstream, dead string) (string, error) {
	pairs := []string{"127.0.0.1:8080", listen, "127.0.0.1:9000", upstream, "127.0.0.1:9001", dead}
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(conf, pairs[i]) {
			return "", fmt.Errorf("nginx.conf does not name %s: put the address back, it is replaced by a free port", pairs[i])
		}
	}
	return strings.NewReplacer(pairs...).Replace(conf), nil
}

// freeAddresses returns n different loopback addresses nobody listens on. They are held together and released
// together, else the kernel may name one twice.
func freeAddresses(n int) ([]string, error) {
	addresses := make([]string, n)
	for i := range addresses {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		addresses[i] = listener.Addr().String()
	}
	return addresses, nil
}

// ready returns when nginx accepts connections. Connecting and leaving writes no log line.
func (n *nginx) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		conn, err := net.Dial("tcp", n.address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case failure := <-n.exited:
			n.exited <- failure
			return fmt.Errorf("it ended at once: %v", failure)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop asks nginx to finish what it has begun and leave, which also writes out the buffered log, and kills it only when
// it does not.
func (n *nginx) stop() error {
	if err := n.command.Process.Signal(syscall.SIGQUIT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping nginx: %w", err)
	}
	select {
	case err := <-n.exited:
		return err
	case <-time.After(20 * time.Second):
		err := n.command.Process.Kill()
		return errors.Join(errors.New("nginx did not stop within 20 s and was killed"), err, <-n.exited)
	}
}
