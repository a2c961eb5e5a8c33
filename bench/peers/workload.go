//go:build linux

package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"ngxreplay/bench/genlog"
	"ngxreplay/replay/trace"
)

// A workload is one generated log, as a trace and as what other tools read. Its requests are numbered, see
// genlog.Numbered, in the order of the trace.
type workload struct {
	trace string  // of ngxreplay
	due   []int64 // by number, in nanoseconds from the start
	paths []string
	dir   string
}

// buildTrace makes a trace of a log that is not kept.
func (b *bench) buildTrace(log genlog.Numbered) (path string, err error) {
	path = filepath.Join(b.dir, fmt.Sprintf("%d-at-%.0f.trace", log.Lines, log.Rate))
	cmd := exec.Command(b.program, "trace", "-", "-o", path)
	said := limited{limit: 4 << 10}
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	err = errors.Join(log.Write(in), in.Close())
	if err := errors.Join(err, cmd.Wait()); err != nil {
		return "", fmt.Errorf("trace of %d lines: %w: %s", log.Lines, err, said.Bytes())
	}
	return path, nil
}

// prepare makes the trace of a log and reads it back: the trace says when each request is due.
func (b *bench) prepare(log genlog.Numbered) (w *workload, err error) {
	w = &workload{due: make([]int64, log.Lines), paths: make([]string, log.Lines)}
	if w.trace, err = b.buildTrace(log); err != nil {
		return nil, err
	}
	w.dir = w.trace + ".inputs"
	if err := os.Mkdir(w.dir, 0o700); err != nil {
		return nil, err
	}
	r, err := trace.Open(w.trace)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	rows, read := make([]trace.Request, 1024), 0
	for {
		n, err := r.Read(rows)
		for _, row := range rows[:n] {
			i := number(row.Target)
			if i < 0 || i >= int64(log.Lines) {
				return nil, fmt.Errorf("trace of %d numbered requests holds %q", log.Lines, row.Target)
			}
			w.due[i], w.paths[i] = row.Offset, string(row.Target)
		}
		read += n
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
	}
	if read != log.Lines {
		return nil, fmt.Errorf("trace of %d numbered requests holds %d", log.Lines, read)
	}
	return w, nil
}

// inputs are what the other tools read.
type inputs struct {
	targets  string // a path a line
	schedule string // an int64 of nanoseconds a path
	wlog     string // httperf: paths that end in NUL
	lua      string // wrk: a script that sends the targets one by one
	k6       string // a script with one fixed request
	vegeta   string // GET URL a line
	gor      string // GoReplay
}

// writeInputs writes everything for a server at a URL.
func (w *workload) writeInputs(url string) (inputs, error) {
	in := inputs{
		targets: filepath.Join(w.dir, "targets"), schedule: filepath.Join(w.dir, "schedule"), wlog: filepath.Join(w.dir, "wlog"),
		lua: filepath.Join(w.dir, "targets.lua"), k6: filepath.Join(w.dir, "fixed.js"), vegeta: filepath.Join(w.dir, "vegeta"),
		gor: filepath.Join(w.dir, "requests.gor"),
	}
	host := url[len("http://"):]
	each := func(write func(out *bufio.Writer, i int, path string)) func(*bufio.Writer) {
		return func(out *bufio.Writer) {
			for i, path := range w.paths {
				write(out, i, path)
			}
		}
	}
	return in, errors.Join(
		create(in.targets, each(func(out *bufio.Writer, _ int, path string) { fmt.Fprintln(out, path) })),
		create(in.schedule, each(func(out *bufio.Writer, i int, _ string) {
			out.Write(binary.NativeEndian.AppendUint64(nil, uint64(w.due[i])))
		})),
		create(in.wlog, each(func(out *bufio.Writer, _ int, path string) { fmt.Fprintf(out, "%s\x00", path) })),
		create(in.lua, func(out *bufio.Writer) { fmt.Fprintf(out, luaScript, in.targets) }),
		create(in.k6, func(out *bufio.Writer) { fmt.Fprintf(out, k6Script, url) }),
		create(in.vegeta, each(func(out *bufio.Writer, _ int, path string) { fmt.Fprintf(out, "GET %s%s\n", url, path) })),
		create(in.gor, each(func(out *bufio.Writer, i int, path string) {
			fmt.Fprintf(out, "1 %024x %d 0\nGET %s HTTP/1.1\r\nHost: %s\r\n\r\n\n🐵🙈🙉\n", i, 1_770_000_000_000_000_000+w.due[i], path, host)
		})))
}

const luaScript = `local lines = {}
for line in io.lines(%q) do lines[#lines + 1] = line end
local i = 0
request = function()
  i = i %% #lines + 1
  return wrk.format("GET", lines[i])
end
`

const k6Script = `import http from "k6/http";
export const options = { discardResponseBodies: true };
export default function () { http.get(%q); }
`

// create writes a file; the writer keeps the first error.
func create(path string, write func(out *bufio.Writer)) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriterSize(file, 1<<16)
	write(out)
	return out.Flush()
}

// text of a number in a command line: without an exponent.
func text(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
