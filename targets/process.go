package targets

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"ngxreplay/targets/contract"
)

// A Process is a target that we started and must stop.
type Process struct {
	Ready contract.Ready

	cmd    *exec.Cmd
	dir    string // holds routes.json
	stderr *tail
	exited chan struct{} // closed when the process is gone
	err    error         // how it went; read after exited
}

const (
	startTimeout = 15 * time.Second
	stopTimeout  = 15 * time.Second
	waitDelay    = time.Second // for output after the end of the process
)

// Start starts a target program and waits until it says that it is ready.
func Start(ctx context.Context, program Program, routes []contract.Route) (_ *Process, err error) {
	dir, err := os.MkdirTemp("", "ngxreplay-target-*")
	if err != nil {
		return nil, err
	}
	p := &Process{dir: dir, stderr: &tail{}, exited: make(chan struct{})}
	defer func() {
		if err != nil {
			err = fmt.Errorf("target %s: %w", program.Name, errors.Join(err, os.RemoveAll(dir)))
		}
	}()
	table, err := json.Marshal(contract.Table{Routes: routes})
	if err != nil {
		return nil, err
	}
	tablePath := filepath.Join(dir, "routes.json")
	if err := os.WriteFile(tablePath, table, 0o600); err != nil {
		return nil, err
	}
	p.cmd = exec.Command(program.Path, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--routes", tablePath)
	// Some frameworks leave files in the home directory before their main function runs; ours is not theirs to change.
	p.cmd.Env = append(os.Environ(), "HOME="+dir)
	p.cmd.Stderr = p.stderr
	p.cmd.SysProcAttr = ownGroup()
	ready := &firstLine{line: make(chan []byte, 1)}
	p.cmd.Stdout = ready
	p.cmd.WaitDelay = waitDelay
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("does not start: %w", err)
	}
	go p.watch()
	if err := p.awaitReady(ctx, ready.line); err != nil {
		return nil, errors.Join(err, p.kill())
	}
	return p, nil
}

// watch waits for the end of the process.
func (p *Process) watch() {
	if p.err = p.cmd.Wait(); errors.Is(p.err, exec.ErrWaitDelay) {
		p.err = nil // it ended well, and left a child behind that holds its output
	}
	close(p.exited)
}

func (p *Process) awaitReady(ctx context.Context, lines <-chan []byte) error {
	timeout := time.NewTimer(startTimeout)
	defer timeout.Stop()
	select {
	case line := <-lines:
		return p.readReady(line)
	case <-p.exited:
		select {
		case line := <-lines: // it was ready, and is dead already; whoever watches Exited will see
			return p.readReady(line)
		default:
			return fmt.Errorf("ended before it was ready (%s)%s", exitText(p.err), p.stderr.quote())
		}
	case <-timeout.C:
		return fmt.Errorf("not ready after %v%s", startTimeout, p.stderr.quote())
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Process) readReady(line []byte) error {
	if err := json.Unmarshal(line, &p.Ready); err != nil || p.Ready.URL == "" {
		return fmt.Errorf("first line of output is no ready line: %.100q", line)
	}
	return nil
}

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Exited is closed when the process is gone, whoever ended it.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Death says how the process ended, with the last thing it said. It may be called when Exited is closed.
func (p *Process) Death() string { return exitText(p.err) + p.stderr.quote() }

// Stop asks the target to finish and waits for it. A target that does not end in time is killed, which is an error,
// as is one that was gone already or that says it failed.
func (p *Process) Stop() error {
	defer os.RemoveAll(p.dir)
	select {
	case <-p.exited:
		return nil // reported by whoever watches Exited
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return errors.Join(err, p.kill())
	}
	select {
	case <-p.exited:
		if p.err != nil {
			return fmt.Errorf("target %s: did not end well: %s", p.Ready.Name, p.Death())
		}
		return nil
	case <-time.After(stopTimeout):
		return errors.Join(fmt.Errorf("target %s: still running %v after SIGTERM: killed", p.Ready.Name, stopTimeout), p.kill())
	}
}

// kill ends the target and whatever it started.
func (p *Process) kill() error {
	err := errors.Join(p.cmd.Process.Kill(), killGroup(p.PID()))
	<-p.exited
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

func exitText(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// firstLine hands over the first line written to it, and forgets the rest.
type firstLine struct {
	line chan []byte
	held []byte
	done bool
}

// maxReady bounds a ready line, in bytes.
const maxReady = 64 << 10

func (f *firstLine) Write(b []byte) (int, error) {
	if f.done {
		return len(b), nil
	}
	f.held = append(f.held, b...)
	if line, _, found := bytes.Cut(f.held, []byte("\n")); found || len(f.held) > maxReady {
		f.done = true
		f.line <- line
	}
	return len(b), nil
}

// A tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	end []byte
}

const tailSize = 4 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, b...)
	if extra := len(t.end) - tailSize; extra > 0 {
		t.end = append(t.end[:0], t.end[extra:]...)
	}
	return len(b), nil
}

// quote is the last line, ready to be appended to a sentence.
func (t *tail) quote() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.end))
	if text == "" {
		return ""
	}
	return fmt.Sprintf(": %.300q", text[strings.LastIndexByte(text, '\n')+1:])
}
