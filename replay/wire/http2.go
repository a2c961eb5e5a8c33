package wire

import "errors"

// What a target that speaks HTTP/2 may do besides; see package h2.
var (
	// ErrGoAway says that the target ended the connection, and the request with it.
	ErrGoAway = errors.New("the target ended the connection")
	// ErrStreamReset says that the target broke the request off.
	ErrStreamReset = errors.New("the target reset the stream")
	// ErrStreamRefused says that the target did not take the request: it has enough of them.
	ErrStreamRefused = errors.New("the target refused the stream")
	// ErrUnsendable says that a logged request has no form in HTTP/2.
	ErrUnsendable = errors.New("cannot be sent over HTTP/2")
)

// MaxHead bounds the header of an answer, in bytes.
const MaxHead = maxHead
