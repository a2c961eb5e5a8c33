package trace

import (
	"bytes"
	"errors"
	"fmt"

	"ngxreplay/parse"
)

// Formats say how logs are to be read. The zero value detects it for each file.
type Formats struct {
	Given []*parse.Format // a line is read by the first that it fits
	// ForFile, when set, names the format of a file where none is given.
	ForFile func(name string) (*parse.Format, error)
	// Gonx reads with gonx instead of the compiled scanner, to compare.
	Gonx bool
}

// of returns the formats of one log, and what detection found if there was any. There are none when there is no line
// to tell.
func (f Formats) of(source *parse.Source) ([]*parse.Format, parse.Detection, error) {
	formats, detected, err := f.choose(source)
	if err != nil {
		return nil, detected, fmt.Errorf("%s: %w", source.Name, err)
	}
	for i, format := range formats {
		if !format.HasTime() && source.Envelope() == parse.EnvelopeNone {
			return nil, detected, fmt.Errorf("%s: format %q: %w", source.Name, format, ErrNoTime)
		}
		if f.Gonx {
			if formats[i], err = format.Gonx(); err != nil {
				return nil, detected, fmt.Errorf("%s: %w", source.Name, err)
			}
		}
	}
	return formats, detected, nil
}

// ErrNoTime says that a format cannot be replayed.
var ErrNoTime = errors.New("holds no time, so nothing says when to send: log $msec or $time_local")

// ErrStreamed says that a trace came where only logs can.
var ErrStreamed = errors.New("a trace, which cannot be read from a pipe or an archive: name its file")

func (f Formats) choose(source *parse.Source) (formats []*parse.Format, detected parse.Detection, err error) {
	if len(f.Given) > 0 {
		return append(formats, f.Given...), detected, nil
	}
	if f.ForFile != nil {
		format, err := f.ForFile(source.Name)
		return []*parse.Format{format}, detected, err
	}
	sample := source.Sample()
	if bytes.HasPrefix(sample, []byte(magic)) {
		return nil, detected, ErrStreamed
	}
	detected, err = parse.Detect(sample)
	if errors.Is(err, parse.ErrNoLines) {
		return nil, detected, nil
	}
	return append(formats, detected.Formats...), detected, err
}

// newSource describes a log by its formats.
func newSource(source *parse.Source, formats []*parse.Format, detected parse.Detection) Source {
	s := Source{Name: source.Name, Compression: source.Compression, Formats: []string{}, Guessed: []string{}}
	if envelope := source.Envelope(); envelope != parse.EnvelopeNone {
		s.Envelope = envelope.String()
	}
	for i, format := range formats {
		if i == 0 {
			s.Format, s.FormatName, s.Escape = format.String(), format.Name(), format.Escape().String()
		}
		s.Formats = append(s.Formats, format.String())
		s.PrecisionNS = max(s.PrecisionNS, int64(format.Precision()))
		s.HasRequestTime = s.HasRequestTime || format.HasRequestTime()
		s.HasHost = s.HasHost || format.HasHost()
		s.HasBody = s.HasBody || format.HasBody()
		s.InexactTarget = s.InexactTarget || !format.ExactTarget()
	}
	for _, guess := range detected.Guessed {
		s.Guessed = append(s.Guessed, guess.String())
	}
	if detected.Lines > 0 {
		s.DetectedShare = detected.Share()
	}
	return s
}
