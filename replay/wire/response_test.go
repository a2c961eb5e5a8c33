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
	"testing/iotest"
)

// readerConn is a connection that only reads.
type readerConn struct {
	net.Conn
	io.Reader
}

func (c readerConn) Read(b []byte) (int, error) { return c.Reader.Read(b) }

func TestReadResponse(t *testing.T) {
	f := func(head bool, wire string, want Response, class Class) {
		t.Helper()
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"whole":   func(r io.Reader) io.Reader { return r },
			"one":     iotest.OneByteReader,
			"dataerr": iotest.DataErrReader,
		} {
			c := NewConn(readerConn{Reader: wrap(strings.NewReader(wire))})
			got, err := c.ReadResponse(head)
			if class != "" {
				if err == nil || Classify(err) != class {
					t.Errorf("%s: %.60q: got %+v, %v (%v), want %v", name, wire, got, err, Classify(err), class)
				}
				continue
			}
			if err != nil || got != want {
				t.Errorf("%s: %.60q: got %+v, %v, want %+v", name, wire, got, err, want)
			}
		}
	}
	ok := func(status int, bytes int64) Response { return Response{Status: status, BodyBytes: bytes} }
	last := func(status int, bytes int64) Response { return Response{Status: status, BodyBytes: bytes, Close: true} }

	f(false, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ok(200, 2), "")
	f(false, "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", ok(200, 0), "")
	f(true, "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", ok(200, 0), "")
	f(false, "HTTP/1.1 204 No Content\r\n\r\n", ok(204, 0), "")
	f(false, "HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n", ok(304, 0), "")
	f(false, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", ok(200, 1), "")
	f(false, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", last(101, 0), "")
	f(false, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", last(200, 1), "")
	f(false, "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", last(200, 1), "")
	f(false, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", ok(200, 1), "")
	f(false, "HTTP/1.1 200 OK\r\n\r\nuntil the end", last(200, 13), "")
	f(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nT: x\r\n\r\n", ok(200, 11), "")
	f(false, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 3*readBuffer)+"\r\nContent-Length: 2\r\n\r\nok", ok(200, 2), "")
	f(false, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"+strings.Repeat("x", 100000), ok(200, 100000), "")

	f(false, "", Response{}, EOF)
	f(false, "HTTP/1.1 200 OK\r\nContent-Le", Response{}, EOF)
	f(false, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour", Response{}, EOF)
	f(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", Response{}, EOF)
	f(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", Response{}, EOF)
	f(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Response{}, Protocol)
	f(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n", Response{}, Protocol)
	f(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n", Response{}, Protocol)
	f(false, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Response{}, Protocol)
	f(false, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", Response{}, Protocol)
	f(false, "SSH-2.0-OpenSSH_9.2\r\n\r\n", Response{}, Protocol)
	f(false, "\x15\x03\x01\x00\x02\x02\x46\r\n\r\n", Response{}, Protocol)
	f(false, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", maxHeader), Response{}, Protocol)
}

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

func BenchmarkReadResponse(b *testing.B) {
	const answer = "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\nContent-Type: text/plain\r\nContent-Length: 200\r\nConnection: keep-alive\r\n\r\n"
	stream := strings.Repeat(answer+strings.Repeat("x", 200), 1000)
	reader := strings.NewReader("")
	c := NewConn(readerConn{Reader: reader})
	b.SetBytes(int64(len(answer) + 200))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%1000 == 0 {
			reader.Reset(stream)
		}
		if r, err := c.ReadResponse(false); err != nil || r.BodyBytes != 200 {
			b.Fatal(r, err)
		}
	}
}

func TestReadResponseDoesNotAllocate(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
	reader := strings.NewReader("")
	c := NewConn(readerConn{Reader: reader})
	allocs := testing.AllocsPerRun(1000, func() {
		reader.Reset(answer)
		if _, err := c.ReadResponse(false); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a response", allocs)
	}
}
