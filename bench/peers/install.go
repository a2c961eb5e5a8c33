//go:build linux

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// modules are the tools that the Go module proxy has, by program and pinned version. Building k6 takes minutes the first
// time, so it is asked for by a flag.
var modules = map[string]string{
	"fortio": "fortio.org/fortio@v1.63.0",
	"k6":     "go.k6.io/k6@v1.8.1",
}

//go:embed floor/floor.c
var floorSource []byte

// install puts what can be built into the folder of tools, once. What cannot be is missing, which the report says.
func (b *bench) install(ctx context.Context) error {
	if err := os.MkdirAll(b.tools, 0o755); err != nil {
		return err
	}
	for program, module := range modules {
		if program == "k6" && !b.withK6 {
			continue
		}
		if _, err := os.Stat(filepath.Join(b.tools, program)); err == nil {
			continue
		}
		b.progress("building %s", module)
		cmd := exec.CommandContext(ctx, "go", "install", module)
		cmd.Dir, cmd.Env = b.dir, append(os.Environ(), "GOBIN="+b.tools, "CGO_ENABLED=0", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			b.progress("%s: %v: %s", module, err, tail(out))
		}
	}
	compiler, err := look("cc", "gcc")
	if err != nil {
		return nil
	}
	source := filepath.Join(b.dir, "floor.c")
	if err := os.WriteFile(source, floorSource, 0o600); err != nil {
		return err
	}
	if out, err := exec.Command(compiler, "-O2", "-o", filepath.Join(b.tools, "floor"), source).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", compiler, err, out)
	}
	return nil
}

// find tells which of the wanted tools are here, and names those that are not. The program of those found is a path.
func (b *bench) find(tools []tool) (found []tool) {
	for _, t := range tools {
		if !b.wants(t) {
			continue
		}
		path, err := look(filepath.Join(b.tools, filepath.Base(t.program)), t.program)
		if t.ours {
			path, err = look(t.program)
		}
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			b.report.miss(filepath.Base(t.program))
			continue
		}
		t.program = path
		found = append(found, t)
		if t.ours && b.before != "" {
			t.name, t.program = "before"+strings.TrimPrefix(t.name, "ngxreplay"), b.before
			found = append(found, t)
		}
	}
	return found
}

// wants reports whether a tool is one of those that were asked for.
func (b *bench) wants(t tool) bool {
	return b.only == nil || b.only.MatchString(t.name)
}
