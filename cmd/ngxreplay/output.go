package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"ngxreplay/report"
)

// report writes what was measured: files first, so that they are there however long the reader of standard output
// takes.
func (s *session) report() error {
	s.doc.Config.Speed = s.settings.options.Plan.Speed
	errs := []error{s.conclude()}
	s.doc.Judge()
	if dir := s.settings.flags.output; dir != "" {
		errs = append(errs,
			writeFile(filepath.Join(dir, "run.json"), func(w io.Writer) error { return report.WriteJSON(w, &s.doc) }),
			writeFile(filepath.Join(dir, "report.html"), func(w io.Writer) error { return report.WriteHTML(w, &s.doc) }))
	}
	if s.settings.flags.asJSON {
		errs = append(errs, report.WriteJSON(s.out, &s.doc))
	} else {
		errs = append(errs, report.WriteText(s.out, &s.doc, report.TextOptions{Width: terminalWidth(s.out), Color: useColor(s.out)}))
	}
	if dir := s.settings.flags.output; dir != "" && errors.Join(errs...) == nil {
		fmt.Fprintf(s.err, "ngxreplay: report in %s\n", filepath.Join(dir, "report.html"))
	}
	return errors.Join(errs...)
}

// verdict is the error that a verdict other than pass stands for.
func (s *session) verdict() error {
	if s.doc.Verdict == report.NoData && s.ctx.Err() == nil {
		return &exitError{exitNoVerdict, fmt.Errorf("no verdict: %s", strings.Join(s.doc.Reasons, "; "))}
	}
	return nil
}

// useColor follows the convention of NO_COLOR.
func useColor(w io.Writer) bool { return isTerminal(w) && os.Getenv("NO_COLOR") == "" }

// writeFile writes a file beside its place and moves it there when it is complete.
func writeFile(path string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	if err := errors.Join(write(file), file.Chmod(0o644), file.Close()); err != nil {
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
			err = fmt.Errorf("%w: free some space there, or name another directory with -o", err)
		}
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(file.Name())))
	}
	return os.Rename(file.Name(), path)
}
