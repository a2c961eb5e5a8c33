package live

import (
	"bytes"
	"slices"

	"ngxreplay/parse"
	"ngxreplay/replay/route"
)

// learn finds routes in lines that are there at the start.
func (s *Shadow) learn(name string, d described, sample []byte) {
	if s.learner == nil || len(d.formats) == 0 {
		return
	}
	reader := parse.NewReader(enveloped{bytes.NewReader(sample), d.wrapped}, name, d.formats...)
	for reader.Scan() {
		if entry, malformed := reader.Entry(); malformed == nil && entry.Unreplayable == "" {
			s.learner.Observe(entry.Method, entry.Target)
		}
	}
}

// maxLearned is how many archives are looked into for routes.
const maxLearned = 8

// learnArchives finds routes in the latest of the archives that are there at the start. What is wrong with them is found
// when they are read.
func (s *Shadow) learnArchives() {
	left := maxLearned
	for _, f := range slices.Backward(s.watch.files) {
		if !f.archive || left == 0 {
			continue
		}
		left--
		source, err := parse.Open(f.name)
		if err != nil {
			continue
		}
		if d, err := describe(source, s.opts.Formats); err == nil {
			s.learn(f.name, d, source.Peek())
		}
		_ = source.Close() // it was only looked at
	}
}

// learned ends the learning.
func (s *Shadow) learned() *route.Table {
	table := s.learner.Table(s.opts.Routes)
	s.learner = nil
	if s.opts.Table != nil {
		return s.opts.Table
	}
	return table
}
