package parse

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Detection is what a log is written in, judged by its first lines.
type Detection struct {
	Format *Format // fits the most lines
	// Formats are all that are needed to read the log, Format first. There are several when one leaves lines over
	// that another fits: give them all to [NewReader].
	Formats []*Format
	// Guessed are the columns whose meaning nothing but their content tells. A wrong one among the durations distorts
	// a replay, so show them.
	Guessed []Guess
	// Envelope is what the lines are wrapped in. A reader of the same [Source] finds it by itself.
	Envelope Envelope

	Lines int // looked at, blank ones not counted
	Fit   int // of them, that fit one of the formats
}

// Share is how much of the lines looked at fits, from 0 to 1.
func (d Detection) Share() float64 { return float64(d.Fit) / float64(max(d.Lines, 1)) }

// A Guess is a column that was given a variable by the look of its values.
type Guess struct {
	Variable string // without the dollar sign
	Example  string // a value of it, cut and escaped
}

// String names the variable and the example.
func (g Guess) String() string { return fmt.Sprintf("$%s for values like %q", g.Variable, g.Example) }

const (
	// maxDetectLines bounds the work of Detect; a sample of the usual size has fewer.
	maxDetectLines = 5000
	// maxFormats is how many formats one log is read with at most: each costs time on every line of the last one.
	maxFormats = 4
)

// Detect chooses formats by the first lines of a log: a known one, one made of the keys of JSON or LTSV, or one
// inferred from what the columns look like. A last line without a line feed may be cut: it counts only when it fits,
// or when it is the only one. The error is an *[UnknownFormatError], or [ErrNoLines].
func Detect(sample []byte) (Detection, error) {
	s := newSample(sample)
	if len(s.lines) == 0 {
		return Detection{}, ErrNoLines
	}
	if e := DetectEnvelope(sample); e != EnvelopeNone {
		if inner := s.unwrap(e); len(inner.lines) > 0 {
			if d, err := inner.detect(); err == nil {
				d.Envelope = e
				return d, nil
			}
		}
	}
	return s.detect()
}

// detect finds a format for all lines, then others for those that it leaves over.
func (s *sample) detect() (Detection, error) {
	nearest := nearMiss{}
	best := s.best(&nearest, false)
	if best.Format == nil {
		if best = s.best(&nearest, true); best.Format == nil {
			return Detection{}, s.unknown(nearest)
		}
	}
	for len(best.Formats) < maxFormats {
		rest := s.without(best.Formats)
		next := rest.best(&nearMiss{}, false)
		if next.Fit < 2 || next.Fit*100 < len(s.lines) { // a few odd lines are no format: cut lines look like shorter ones
			if next = rest.best(&nearMiss{}, true); next.Fit < 3 || next.Fit*20 < len(s.lines) {
				break
			}
		}
		best.Formats = append(best.Formats, next.Format)
		best.Guessed = append(best.Guessed, next.Guessed...)
		best.Fit += next.Fit
	}
	for i := range best.Formats {
		s.doubtDuration(&best, i)
	}
	best.Format = best.Formats[0]
	return best, nil
}

// enoughDurations is how many values tell that a column has no fraction of a second by its nature, not by chance.
const enoughDurations = 3

// doubtDuration takes $request_time out of a format when every value in the sample is a whole number. nginx writes
// three decimals; whole numbers are another program's milliseconds or microseconds, and taken for seconds they would
// move requests by hours. The column is read as $duration, and shown as guessed.
func (s *sample) doubtDuration(d *Detection, i int) {
	f := d.Formats[i]
	if !f.HasRequestTime() {
		return
	}
	p, whole := f.NewParser(), 0
	var e Entry
	for _, line := range s.lines {
		if !p.parse(line, &e) || e.RequestTime <= 0 {
			continue
		}
		if e.RequestTime%time.Second != 0 {
			return
		}
		whole++
	}
	if whole < enoughDurations {
		return
	}
	text := strings.NewReplacer("${request_time}", "${duration}", "$request_time", "$duration").Replace(formatQuoter.Replace(f.text))
	doubted, err := Compile("", text, f.escape)
	if err != nil {
		return // it cannot be read without the grammar of a duration
	}
	guess := s.example(f, "request_time")
	guess.Variable = "duration"
	d.Formats[i] = doubted
	d.Guessed = append(slices.DeleteFunc(d.Guessed, func(g Guess) bool { return g.Variable == "request_time" }), guess)
}

// best finds the format that fits the most lines: one that is known, or one inferred.
func (s *sample) best(nearest *nearMiss, inferred bool) Detection {
	best := Detection{Lines: len(s.lines)}
	try := func(f *Format, guessed []Guess) {
		if f == nil {
			return
		}
		fit, cut := s.fit(f, nearest)
		if fit > best.Fit {
			best = Detection{Format: f, Formats: []*Format{f}, Guessed: guessed, Fit: fit, Lines: len(s.lines)}
			if cut {
				best.Lines--
			}
		} else if fit == best.Fit && fit > 0 && best.Format.HasRequestTime() && !f.HasRequestTime() && f.HasUpstreamTime() {
			best.Guessed = []Guess{s.example(best.Format, "request_time")}
		}
	}
	if len(s.lines) == 0 {
		return best
	}
	if inferred {
		for _, mode := range inferModes {
			try(infer(s.lines, mode))
		}
		return best
	}
	try(s.ofKeys(shapeJSON))
	try(s.ofKeys(shapeLTSV))
	escaped := escapedAsJSON(s.lines)
	for _, f := range knownFormats() {
		if f.shape != shapeText {
			continue
		}
		if escaped {
			f = mustCompile(f.name, formatQuoter.Replace(f.text), EscapeJSON)
		}
		try(f, nil)
	}
	return best
}

// ofKeys makes a format of keys. One that carries the duration under another name than nginx's is a guess.
func (s *sample) ofKeys(sh shape) (*Format, []Guess) {
	f := formatOfKeys(s.lines, sh)
	if f == nil || f.name != "" {
		return f, nil
	}
	var guessed []Guess
	for _, k := range f.keys {
		if name := k.pattern.steps[0].name; variableOf(name).field == fieldRequestTime && normalKey(k.name) != name {
			guessed = append(guessed, s.example(f, name))
		}
	}
	return f, guessed
}

// example is a guess with a value of the variable as the lines give it.
func (s *sample) example(f *Format, variable string) Guess {
	g := Guess{Variable: variable}
	p := f.NewParser()
	var e Entry
	for _, line := range s.lines {
		if !p.parse(line, &e) {
			continue
		}
		for _, fl := range f.fills {
			if at := p.scan.spans[fl.span]; fl.name == variable && at.start >= 0 && !isAbsent(line[at.start:at.end]) {
				g.Example = printable(line[at.start:at.end])
				return g
			}
		}
	}
	return g
}

// escapedAsJSON reports whether values must have been written with escape=json: the default leaves neither a raw byte
// beyond ASCII nor an escape other than \xXX. Apache writes \" as well, so that alone says nothing.
func escapedAsJSON(lines [][]byte) bool {
	raw := false
	for _, line := range lines {
		if holdsHex(line) {
			return false
		}
		raw = raw || bytes.Contains(line, []byte(`\u00`)) || slices.ContainsFunc(line, func(c byte) bool { return c >= 0x80 })
	}
	return raw
}

// unknown says why no format was found.
func (s *sample) unknown(nearest nearMiss) *UnknownFormatError {
	cause := nearest.miss.lineError(s.lines[0])
	cause.Line = int64(s.first)
	err := &UnknownFormatError{Line: s.first, Cause: cause, Nearest: nearest.format}
	for _, sh := range []shape{shapeJSON, shapeLTSV} {
		if seen, _ := sampleKeys(s.lines[:1], sh); len(seen) > 0 && nearest.format.shape != sh {
			err.Nearest = nil
			cause.Column, cause.Reason = 1, "none of its keys is known to hold a request"
		}
	}
	return err
}
