package parse

import (
	"bytes"
	"time"
)

// A sample is the lines that Detect looks at.
type sample struct {
	lines    [][]byte
	first    int  // number of the first line, from 1
	complete bool // the last line ends with a line feed
}

func newSample(b []byte) sample {
	s := sample{complete: true}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	for number := 1; len(b) > 0 && len(s.lines) < maxDetectLines; number++ {
		line, rest, found := bytes.Cut(b, []byte{'\n'})
		b = rest
		line = bytes.TrimSuffix(bytes.TrimLeft(line, "\x00"), []byte{'\r'})
		if isBlankLine(line) {
			continue
		}
		if len(s.lines) == 0 {
			s.first = number
		}
		s.lines = append(s.lines, line)
		s.complete = found
	}
	return s
}

// unwrap takes the lines out of their envelopes.
func (s *sample) unwrap(e Envelope) sample {
	inner := sample{first: s.first, complete: s.complete}
	u := unwrapper{envelope: e}
	for _, line := range s.lines {
		if l, why, ok := u.next(line); ok && why == missNone && !isBlankLine(l.line) {
			inner.lines = append(inner.lines, bytes.Clone(l.line))
		}
	}
	return inner
}

// without leaves out the lines that fit one of the formats.
func (s *sample) without(formats []*Format) sample {
	m := newMatcher(formats)
	rest := sample{first: s.first, complete: s.complete}
	var e Entry
	for _, line := range s.lines {
		if !m.parse(line, &e) {
			rest.lines = append(rest.lines, line)
		}
	}
	return rest
}

// A nearMiss is the format that came farthest into the first line.
type nearMiss struct {
	format *Format
	miss   miss
}

// A number of seconds that is no duration but a time since 1970, and the other way round: a column of $msec has the
// form of $request_time.
const (
	longestDuration = 10 * 365 * 24 * time.Hour
	earliest        = int64(longestDuration)
)

// fit counts the lines that fit f. cut reports that the last line does not, and may be cut.
func (s *sample) fit(f *Format, nearest *nearMiss) (fit int, cut bool) {
	p := f.NewParser()
	var e Entry
	for i, line := range s.lines {
		if p.parse(line, &e) {
			if max(e.RequestTime, e.UpstreamTime) < longestDuration && !(e.Precision == time.Millisecond && e.Time < earliest) {
				fit++
			}
			continue
		}
		if i == 0 && (nearest.format == nil || p.scan.miss.pos > nearest.miss.pos) {
			*nearest = nearMiss{f, p.scan.miss}
		}
		if i > 0 && i == len(s.lines)-1 && !s.complete {
			cut = true
		}
	}
	return fit, cut
}
