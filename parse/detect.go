package parse

import (
	"bytes"
)

// A Detection is the format that fits the beginning of a log best.
type Detection struct {
	Format *Format
	Lines  int // looked at, blank ones not counted
	Fit    int // of them, that fit the format
}

// maxDetectLines bounds the work of Detect.
const maxDetectLines = 1000

// Detect chooses a format by the first lines of a log. A last line without a line feed may be cut: it counts only
// when it fits, or when it is the only one. The error is an *[UnknownFormatError], or [ErrNoLines].
func Detect(sample []byte) (Detection, error) {
	s := newSample(sample)
	if len(s.lines) == 0 {
		return Detection{}, ErrNoLines
	}
	best := Detection{Lines: len(s.lines)}
	nearest := nearMiss{}
	try := func(f *Format) {
		fit, cut := s.fit(f, &nearest)
		if fit > best.Fit {
			best.Format, best.Fit = f, fit
			best.Lines = len(s.lines)
			if cut {
				best.Lines--
			}
		}
	}
	if f := formatOfKeys(s.lines, shapeJSON); f != nil {
		try(f)
	}
	if f := formatOfKeys(s.lines, shapeLTSV); f != nil {
		try(f)
	}
	for _, f := range knownFormats() {
		if f.shape == shapeText {
			try(f)
		}
	}
	if best.Format != nil {
		return best, nil
	}
	return Detection{}, s.unknown(nearest)
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

// A nearMiss is the format that came farthest into the first line.
type nearMiss struct {
	format *Format
	miss   miss
}

// fit counts the lines that fit f. cut reports that the last line does not, and may be cut.
func (s *sample) fit(f *Format, nearest *nearMiss) (fit int, cut bool) {
	p := f.NewParser()
	var e Entry
	for i, line := range s.lines {
		if p.parse(line, &e) {
			fit++
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
