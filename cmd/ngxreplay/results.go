package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"ngxreplay/replay"
	"ngxreplay/replay/results"
	"ngxreplay/report"

	"github.com/spf13/pflag"
)

// resultFlags say what is kept of single requests.
type resultFlags struct {
	rows       bool
	hashBodies bool
}

func (f *resultFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.rows, "results", false, "write results.parquet too: one row for each request that was sent or dropped")
	flags.BoolVar(&f.hashBodies, "hash-bodies", false, "hash the bodies of answers (XXH64), to find those that differ between targets or runs")
}

// check joins what is wrong with the flags.
func (f *resultFlags) check(output string, targets int, following bool) error {
	var errs []error
	if f.rows && output == "" {
		errs = append(errs, errors.New("--results writes results.parquet into the directory of -o: name one with -o DIR"))
	}
	if f.rows && following {
		errs = append(errs, errors.New("--results reads the traffic once more at the end, and --follow keeps none of it: replay the log later, without --follow"))
	}
	if f.hashBodies && !f.rows && targets < 2 {
		errs = append(errs, errors.New("--hash-bodies is for comparing bodies: give another --target, or -o DIR --results to compare this run with another"))
	}
	return errors.Join(errs...)
}

// resultsFile is the name of the file in the directory of -o.
const resultsFile = "results.parquet"

// keep has a replay tell what becomes of its requests, if that is wanted.
func (s *session) keep(options *replay.Options, target string) error {
	f := s.settings.flags.results
	options.HashBodies = f.hashBodies
	if !f.rows && !f.hashBodies {
		return nil
	}
	outcomes, err := results.NewOutcomes(s.settings.build.Spill)
	if err != nil {
		return err
	}
	options.Outcomes = outcomes.Add
	s.kept = append(s.kept, results.Target{Name: target, Outcomes: outcomes})
	return nil
}

// conclude compares the bodies, writes the rows, and gives up what was kept. The second Ctrl-C ends it.
func (s *session) conclude() error {
	var errs []error
	for i := range s.kept {
		kept := &s.kept[i]
		target := s.measured(kept.Name)
		kept.Ledger = target.Ledger
		if s.settings.flags.results.hashBodies {
			target.Bodies = s.bodies(kept.Outcomes)
		}
	}
	for _, kept := range s.kept { // now that all was read
		errs = append(errs, kept.Outcomes.Check(kept.Ledger))
	}
	if err := errors.Join(errs...); err == nil && s.settings.flags.results.rows {
		errs = append(errs, s.writeRows())
	}
	for _, kept := range s.kept {
		errs = append(errs, kept.Outcomes.Close())
	}
	s.kept = nil
	return errors.Join(errs...)
}

// measured is the target of that name in the report. There is one for all that was kept.
func (s *session) measured(name string) *report.Target {
	for i := range s.doc.Targets {
		if s.doc.Targets[i].Name == name {
			return &s.doc.Targets[i]
		}
	}
	return &report.Target{}
}

// bodies sets the bodies of a target against those of the first.
func (s *session) bodies(of *results.Outcomes) *report.Bodies {
	b := &report.Bodies{Hashed: of.Hashed()}
	if first := s.kept[0]; first.Outcomes != of {
		d := results.Compare(first.Outcomes, of)
		b.Base, b.Compared, b.Differ = first.Name, d.Compared, d.Differ
	}
	return b
}

// writeRows writes the results file.
func (s *session) writeRows() (err error) {
	path := filepath.Join(s.settings.flags.output, resultsFile)
	requests, err := s.settings.scale.open(s.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, requests.Close()) }()
	about := results.About{
		Started: s.doc.Config.Started, Trace: s.info.SHA256, Hashed: s.settings.flags.results.hashBodies, Targets: s.kept,
	}
	stop := s.startProgress(func() string { return "writing " + path })
	defer stop()
	err = writeFile(path, func(out io.Writer) error { return results.Write(s.kill, out, requests, about) })
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s was not written: interrupted", path)
	}
	return err
}
