package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestClassify(t *testing.T) {
	timeout := &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
	for want, errs := range map[Class][]error{
		Refused:     {&DialError{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}}},
		DialTimeout: {&DialError{timeout}, &DialError{context.DeadlineExceeded}},
		DNS:         {&DialError{&net.DNSError{Err: "no such host", IsNotFound: true}}},
		TLS:         {&DialError{tls.RecordHeaderError{}}, &DialError{&tls.CertificateVerificationError{Err: errors.New("x")}}},
		Reset:       {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, syscall.EPIPE},
		EOF:         {io.EOF, io.ErrUnexpectedEOF, net.ErrClosed},
		Timeout:     {timeout},
		Protocol:    {errors.Join(ErrProtocol, errors.New("x")), errors.New("anything else")},
		Cancelled:   {context.Canceled, &DialError{context.Canceled}},
		Local:       {&DialError{syscall.EMFILE}, &DialError{syscall.EADDRNOTAVAIL}},
	} {
		for _, err := range errs {
			if got := Classify(fmt.Errorf("wrapped: %w", err)); got != want {
				t.Errorf("%v: got %s, want %s", err, got, want)
			}
		}
	}
}

func TestParseEndpoint(t *testing.T) {
	f := func(url string, want Endpoint, loopback bool) {
		t.Helper()
		got, err := ParseEndpoint(url)
		if err != nil || got != want || got.IsLoopback() != loopback {
			t.Errorf("%s: got %+v (loopback %v), %v", url, got, got.IsLoopback(), err)
		}
	}
	f("http://127.0.0.1:8080", Endpoint{Address: "127.0.0.1:8080", Host: "127.0.0.1:8080"}, true)
	f("http://localhost/", Endpoint{Address: "localhost:80", Host: "localhost"}, true)
	f("https://staging.example", Endpoint{Address: "staging.example:443", Host: "staging.example", TLS: true}, false)
	f("http://[::1]:81", Endpoint{Address: "[::1]:81", Host: "[::1]:81"}, true)
	for _, bad := range []string{"", "gin", "ftp://x", "http://", "http://x/path", "http://x?q", "http://user:secret@x", "http://x:port"} {
		if e, err := ParseEndpoint(bad); err == nil {
			t.Errorf("%q: got %+v", bad, e)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error tells the password: %v", bad, err)
		}
	}
}
