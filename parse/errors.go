package parse

import (
	"errors"
	"fmt"
	"strconv"
)

// A LineError is a line that does not fit its format.
type LineError struct {
	Source string // as given to [NewReader]
	Line   int64  // from 1; 0 when a line was parsed by itself
	Column int    // the byte, from 1, at which the line leaves the format
	Reason string // what was expected there, or what is wrong; its variety is bounded by the format
	Text   string // the line, cut and escaped so that it does no harm on a terminal
}

// Error returns "source:line:column: reason".
func (e *LineError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("column %d: %s", e.Column, e.Reason)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Source, e.Line, e.Column, e.Reason)
}

// ErrUnknownFormat is what [Detect] returns an *[UnknownFormatError] for.
var ErrUnknownFormat = errors.New("unknown log format")

// ErrNoLines is returned by [Detect] for a sample without any line that is not blank.
var ErrNoLines = errors.New("no lines: the log is empty")

// An UnknownFormatError says that no known format fits a log, and how near the nearest one came.
type UnknownFormatError struct {
	Line    int     // of the sample, from 1: the first that is not blank
	Nearest *Format // nil for an object of unknown keys
	Cause   *LineError
}

// Error names the next step.
func (e *UnknownFormatError) Error() string {
	near := "; " + e.Cause.Reason
	if e.Nearest != nil {
		near = fmt.Sprintf("; the nearest, %s, fails at column %d: %s", e.Nearest.Name(), e.Cause.Column, e.Cause.Reason)
	}
	return fmt.Sprintf("unknown log format: no known format fits%s; give the log_format string of nginx.conf; line %d is: %s", near, e.Line, e.Cause.Text)
}

// Unwrap makes errors.Is(err, ErrUnknownFormat) work, and errors.As find the cause.
func (e *UnknownFormatError) Unwrap() []error { return []error{ErrUnknownFormat, e.Cause} }

// reason puts the miss in words.
func (m miss) reason() string {
	switch m.kind {
	case missLiteral:
		return "expected " + strconv.Quote(m.literal)
	case missValue:
		return "expected " + m.grammar.String() + " for $" + m.literal
	case missEnd:
		return "expected the end of the line"
	case missNumber:
		return "bad number for $" + m.literal
	case missTime:
		return "bad time for $" + m.literal
	case missKey:
		return "no " + m.literal
	case missObject:
		return "expected " + m.literal
	case missLabel:
		return "expected label:value"
	case missLong:
		return "line too long"
	case missCut:
		return "line cut off by a read error"
	case missNUL:
		return "nothing but NUL bytes"
	case missGonx:
		return "gonx finds no match"
	case missComplex:
		return "too many ways to split the line"
	}
	return "does not fit the format"
}

// lineError makes the error for a line.
func (m miss) lineError(line []byte) *LineError {
	return &LineError{Column: m.pos + 1, Reason: m.reason(), Text: printable(line)}
}

// maxText is how many bytes of a line an error shows.
const maxText = 200

// printable cuts b and escapes everything but printable ASCII, as logs are written by strangers.
func printable(b []byte) string {
	const hex = "0123456789abcdef"
	cut := len(b) > maxText
	b = b[:min(len(b), maxText)]
	out := make([]byte, 0, len(b)+3)
	for _, c := range b {
		if c < ' ' || c >= 0x7f {
			out = append(out, '\\', 'x', hex[c>>4], hex[c&15])
		} else {
			out = append(out, c)
		}
	}
	if cut {
		out = append(out, "..."...)
	}
	return string(out)
}
