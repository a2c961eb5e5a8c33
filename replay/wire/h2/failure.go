package h2

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"ngxreplay/replay/wire"
)

// ErrUntouched says that the target has certainly not processed the request: nothing of it left, or the target said that it
// took none after an earlier one (GOAWAY).
var ErrUntouched = errors.New("not processed")

// A streamError is net/http's own, which copies itself into any struct of this shape.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (e streamError) Error() string { return fmt.Sprintf("stream %d: code %d", e.StreamID, e.Code) }

// codeRefused is REFUSED_STREAM of RFC 9113.
const codeRefused = 7

// What net/http says where it has no type for an error. The tests hold it to these words.
const (
	saysGoAway = "GOAWAY"                   // the connection ended with requests under way
	saysLater  = "graceful shutdown GOAWAY" // the request came after the last that the target takes
	saysPeer   = "received from peer"       // the target reset the stream, not net/http
	saysBroken = "force closed"             // it could not write for another request
	saysLost   = "client connection lost"   // no sign of life
	saysUnfit  = "client conn not usable"   // it takes no more requests
)

// explain gives an error of net/http a class. left says that the request began to leave.
func (c *Conn) explain(err error, left bool) error {
	var stream streamError
	text := err.Error()
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, wire.ErrBodyTooLarge):
		return err
	case !left && c.takesNoMore(text):
		return fmt.Errorf("%w: %w: %w", ErrUntouched, wire.ErrGoAway, err)
	case !left:
		return fmt.Errorf("%w: %w", wire.ErrUnsendable, err)
	case strings.Contains(text, saysLater):
		return fmt.Errorf("%w: %w: %w", ErrUntouched, wire.ErrGoAway, err)
	case errors.As(err, &stream):
		return explainStream(err, stream)
	case strings.Contains(text, saysGoAway):
		return fmt.Errorf("%w: %w", wire.ErrGoAway, err)
	case strings.Contains(text, saysBroken):
		return c.frames.broken()
	case strings.Contains(text, saysLost):
		return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	return err
}

// takesNoMore reports whether a request could not leave because the connection takes no more, as that text says or not:
// net/http gives a connection up before it closes it. One that it will not close by itself is gone from now on.
func (c *Conn) takesNoMore(text string) bool {
	if strings.Contains(text, saysUnfit) {
		c.frames.leave()
	}
	return c.Gone() || c.client.Err() != nil
}

// longestText is where what net/http says is cut, in bytes: there may be texts of a target in it, and there are many errors.
const longestText = 300

// A brief is an error with a shorter text.
type brief struct {
	error
	text string
}

func (b brief) Error() string { return b.text }
func (b brief) Unwrap() error { return b.error }

func inBrief(err error) error {
	text := err.Error()
	if len(text) <= longestText {
		return err
	}
	return brief{err, strings.ToValidUTF8(text[:longestText], "")}
}

func explainStream(err error, stream streamError) error {
	switch {
	case stream.Cause == nil || stream.Cause.Error() != saysPeer:
		return fmt.Errorf("%w: %w", wire.ErrProtocol, err)
	case stream.Code == codeRefused:
		return fmt.Errorf("%w: %w", wire.ErrStreamRefused, err)
	}
	return fmt.Errorf("%w: %w", wire.ErrStreamReset, err)
}
