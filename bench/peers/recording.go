//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// A recording is a recorder at work, in a process of its own on the server's core.
type recording struct {
	path string
	cmd  *exec.Cmd
	stop io.Closer
}

func (b *bench) startRecording() (*recording, error) {
	r := &recording{path: filepath.Join(b.dir, "stamps")}
	r.cmd = exec.Command(b.self, "record", b.priority(), strconv.Itoa(b.serverCore), strconv.Itoa(b.port), r.path)
	r.cmd.Stderr = os.Stderr
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	in, err := r.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	r.stop = in
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return nil, errors.Join(fmt.Errorf("recorder: %w", err), in.Close(), r.cmd.Wait())
	}
	return r, nil
}

// end stops the recorder and returns what it stamped.
func (r *recording) end() ([]stamp, error) {
	if err := errors.Join(r.stop.Close(), r.cmd.Wait()); err != nil {
		return nil, fmt.Errorf("recorder: %w", err)
	}
	return readStamps(r.path)
}
