package live

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"ngxreplay/parse"
	"ngxreplay/replay/route"
	"ngxreplay/replay/trace"
)

// Facts are what a shadow found out. They are complete when it was closed.
type Facts struct {
	Info      trace.Info
	Malformed []*parse.LineError // the first few
	Problems  []string           // inputs that could not be read, or not to their end
	Behind    time.Duration      // how long after its arrival a request was due, at the end
	Late      int64              // requests that came to be known after they were due, and were sent at once
	Stalls    int64              // how often the whole input fell behind
	Stalled   time.Duration      // by how much, in all
}

// Facts returns what was found out, after Close.
func (s *Shadow) Facts() Facts {
	info := s.Info()
	maps.DeleteFunc(info.Methods, func(_ string, n int64) bool { return n == 0 })
	info.Routes = slices.DeleteFunc(info.Routes, func(r route.Route) bool { return r.Requests == 0 })
	s.mu.Lock()
	defer s.mu.Unlock()
	return Facts{
		Info: *info, Malformed: s.stream.Malformed(), Problems: append(slices.Clone(s.watch.problems), s.problems...),
		Behind: s.window.behind, Late: s.window.late, Stalls: s.window.stalls, Stalled: s.window.stalled,
	}
}

// Behind is how long after its arrival a request is due at the moment; 0 before the first.
func (s *Shadow) Behind() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.window.behind
}

// Notes are what a reader should know of the shadow before believing the numbers.
func (f Facts) Notes() []string {
	notes := []string{"shadow traffic: nothing was logged while it ran"}
	if f.Behind > 0 {
		notes[0] = fmt.Sprintf("shadow traffic, %v behind production", f.Behind.Round(100*time.Millisecond))
	}
	if f.Late > 0 {
		notes = append(notes, fmt.Sprintf("%d of %d requests were logged after they were due and left at once: they took longer than the delay, or the log is written late (--delay)", f.Late, f.Info.Requests))
	}
	if f.Stalls > 0 {
		times := "once"
		if f.Stalls > 1 {
			times = fmt.Sprintf("%d times", f.Stalls)
		}
		notes = append(notes, fmt.Sprintf("the logs stalled %s, and the shadow fell back by %v", times, f.Stalled.Round(100*time.Millisecond)))
	}
	for _, rule := range []struct {
		rule trace.Rule
		text string
	}{
		{TooLate, "were logged over a minute after they were due"},
		{Stale, "were logged over a week ago"},
		{Future, "were logged over a minute from now: a clock is wrong"},
		{Ended, "were logged but not yet due when the replay ended"},
	} {
		if n := f.Info.Ledger.Filtered[rule.rule]; n > 0 {
			notes = append(notes, fmt.Sprintf("%d requests not sent: they %s", n, rule.text))
		}
	}
	return notes
}

// keepSource adds what a lane has read to what is known of its log. The caller holds the lock.
func (s *Shadow) keepSource(l *lane) {
	i := slices.IndexFunc(s.sources, func(known trace.Source) bool { return known.Name == l.name })
	if i < 0 {
		i = len(s.sources)
		l.source.Name = l.name
		s.sources = append(s.sources, l.source)
	}
	known := &s.sources[i]
	known.Lines += l.counted.Lines
	known.Entries += l.counted.Entries
	known.Malformed += l.counted.Malformed
}
