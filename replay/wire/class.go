package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/valyala/fasthttp"
)

// A Class is why a request got no usable answer. The set is closed, so that failures can be counted without keeping
// a map of texts that a target invents.
type Class string

const (
	Refused     Class = "refused"        // nobody listens
	DialTimeout Class = "dial-timeout"   // no connection in time
	DNS         Class = "dns"            // no address for the name
	TLS         Class = "tls"            // the handshake failed, or the peer refused us after it
	Reset       Class = "reset"          // the peer broke the connection
	EOF         Class = "eof"            // the peer closed before its answer was complete
	Timeout     Class = "timeout"        // no complete answer in time
	Protocol    Class = "protocol"       // the answer is not HTTP as it should be
	TooLarge    Class = "body-too-large" // the body is longer than allowed
	Cancelled   Class = "cancelled"      // we stopped waiting: the run was interrupted
	Local       Class = "local"          // our own side: no descriptors or ports left, no route, no form in HTTP/2

	// Of HTTP/2:
	GoAway        Class = "goaway"         // the peer ended the connection before it answered
	StreamReset   Class = "stream-reset"   // the peer broke the request off
	StreamRefused Class = "stream-refused" // the peer has enough requests at a time
)

// A DialError is an error of making a connection.
type DialError struct{ Err error }

func (e *DialError) Error() string { return e.Err.Error() }
func (e *DialError) Unwrap() error { return e.Err }

// A HandshakeError is an error of a TLS handshake, whatever it was that went wrong in it.
type HandshakeError struct{ Err error }

func (e *HandshakeError) Error() string { return "tls handshake: " + e.Err.Error() }
func (e *HandshakeError) Unwrap() error { return e.Err }

// Classify names the class of an error of dialling, writing or reading.
func Classify(err error) Class {
	var dial *DialError
	dialling := errors.As(err, &dial)
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return Cancelled
	case errors.As(err, &dns):
		return DNS
	case isTimeout(err):
		if dialling {
			return DialTimeout
		}
		return Timeout
	case isTLS(err):
		return TLS
	case errors.Is(err, syscall.ECONNREFUSED), dialling && errors.Is(err, syscall.ENOENT): // no such unix socket
		return Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return Reset
	case errors.Is(err, ErrBodyTooLarge):
		return TooLarge
	case errors.Is(err, ErrGoAway):
		return GoAway
	case errors.Is(err, ErrStreamRefused):
		return StreamRefused
	case errors.Is(err, ErrStreamReset):
		return StreamReset
	case errors.Is(err, ErrUnsendable):
		return Local
	case errors.Is(err, ErrProtocol):
		return Protocol
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		return EOF
	case dialling:
		return Local
	}
	return Protocol
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, fasthttp.ErrTimeout) ||
		errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

func isTLS(err error) bool {
	var handshake *HandshakeError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	// Alerts after the handshake, as of a TLS 1.3 server that wants another certificate, are told by crypto/tls in this way only.
	var after *net.OpError
	if errors.As(err, &after) && (after.Op == "remote error" || after.Op == "local error") {
		return true
	}
	return errors.As(err, &handshake) || errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &verification) || errors.As(err, &authority)
}
