package parse

import (
	"bytes"
	"regexp"
	"testing"
)

func TestSplitRequest(t *testing.T) {
	f := func(line, method, target, protocol string, why Reason) {
		t.Helper()
		m, u, p, got := splitRequest([]byte(line))
		if string(m) != method || string(u) != target || string(p) != protocol || got != why {
			t.Errorf("%q: got %q %q %q %q", line, m, u, p, got)
		}
	}
	f("GET / HTTP/1.1", "GET", "/", "HTTP/1.1", "")
	f("POST /a?b=c HTTP/2.0", "POST", "/a?b=c", "HTTP/2.0", "")
	f("GET / HTTP/3", "GET", "/", "HTTP/3", "")
	f("OPTIONS * HTTP/1.1", "OPTIONS", "*", "HTTP/1.1", "")
	f("GET http://example.com/ HTTP/1.1", "GET", "http://example.com/", "HTTP/1.1", "")
	f("M-SEARCH /x HTTP/1.1", "M-SEARCH", "/x", "HTTP/1.1", "")
	f("get / HTTP/1.1", "get", "/", "HTTP/1.1", "")
	f("GET /a b  c HTTP/1.1", "GET", "/a b  c", "HTTP/1.1", "")
	f("GET   /a   HTTP/1.1", "GET", "/a", "HTTP/1.1", "")
	f("GET /\xc3\xa4?\xff HTTP/1.1", "GET", "/\xc3\xa4?\xff", "HTTP/1.1", "")
	f("GET /\"\\ HTTP/1.1", "GET", "/\"\\", "HTTP/1.1", "")
	f("GET /a\tb HTTP/1.1", "GET", "/a\tb", "HTTP/1.1", "")
	f("GET /%00/..//%2F HTTP/1.0", "GET", "/%00/..//%2F", "HTTP/1.0", "")
	f("GET /12345678\x01 HTTP/1.1", "GET", "/12345678\x01", "HTTP/1.1", "")

	f("CONNECT example.com:443 HTTP/1.1", "CONNECT", "example.com:443", "HTTP/1.1", Connect)
	f("PRI * HTTP/2.0", "PRI", "*", "HTTP/2.0", Preface)
	f("PRI /a HTTP/1.1", "PRI", "/a", "HTTP/1.1", "")
	f("GET /", "GET", "/", "", HTTP09)
	f("GET http://example.com/", "GET", "http://example.com/", "", HTTP09)
	f("GET / HTTP/0.9", "GET", "/", "HTTP/0.9", HTTP09)
	f("GET  HTTP/1.1", "GET", "", "HTTP/1.1", BadTarget)
	f("GET /a\rb HTTP/1.1", "GET", "/a\rb", "HTTP/1.1", BadTarget)
	f("GET /a\nX: y HTTP/1.1", "GET", "/a\nX: y", "HTTP/1.1", BadTarget)
	f("GET /a long enough one\x00 HTTP/1.1", "GET", "/a long enough one\x00", "HTTP/1.1", BadTarget)

	f("", "", "", "", Empty)
	f("-", "", "", "", Dash)
	f("\x16\x03\x01\x02\x00", "", "", "", TLS)
	f("\x16\x03", "", "", "", TLS)
	f("\x16", "", "", "", Binary)
	f("\x80\x00\x00(r", "", "", "", Binary)
	f("TNMP\x04\x00\x00\x00TNME\x00\x00\x04\x00", "", "", "", Binary)
	f("+-\x89\xb9", "", "", "", Binary)
	f("GET /\x00", "", "", "", Binary)
	f("HELP", "", "", "", BadLine)
	f("GET", "", "", "", BadLine)
	f("GET ", "", "", "", BadLine)
	f(" ", "", "", "", BadLine)
	f(" / HTTP/1.1", "", "", "", BadLine)
	f("OPTIONS / RTSP/1.0", "", "", "", BadLine)
	f("GET / HTTP/", "", "", "", BadLine)
	f("GET / HTTP/1.", "", "", "", BadLine)
	f("GET / HTTP/1.1x", "", "", "", BadLine)
	f("GET / http/1.1", "", "", "", BadLine)
	f("G(T / HTTP/1.1", "", "", "", BadLine)
	f("145.ll|'|'|SGFjS2Vk|'|'| x y", "", "", "", BadLine)

	if _, _, _, why := splitRequest(nil); why != Dash {
		t.Errorf("nil: got %q", why)
	}
}

var wellFormedRequest = regexp.MustCompile(`^([!#$%&'*+.^_` + "`" + `|~0-9A-Za-z-]+) (?s:(.*)) (HTTP/[0-9]+(?:\.[0-9]+)?)$`)

// FuzzRequestLine compares with a regular expression and checks that nothing unsafe passes.
func FuzzRequestLine(f *testing.F) {
	f.Add([]byte("GET /a b HTTP/1.1"))
	f.Add([]byte("CONNECT a:1 HTTP/1.1"))
	f.Add([]byte("\x16\x03\x01"))
	f.Fuzz(func(t *testing.T, line []byte) {
		method, target, protocol, why := splitRequest(line)
		m := wellFormedRequest.FindSubmatch(line)
		if m != nil && (string(m[1]) != string(method) || string(bytes.Trim(m[2], " ")) != string(target) || string(m[3]) != string(protocol)) {
			t.Fatalf("%q: got %q %q %q (%s)", line, method, target, protocol, why)
		}
		if why != "" {
			return
		}
		if m == nil {
			t.Fatalf("%q passes as a request", line)
		}
		if len(target) == 0 || bytes.ContainsAny(target, "\r\n\x00") || !isToken(method) || !isProtocol(protocol) {
			t.Fatalf("%q passes as %q %q %q", line, method, target, protocol)
		}
	})
}

func TestAppendPath(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := appendPath(nil, []byte(in)); string(got) != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	f("/plain/path.html", "/plain/path.html")
	f("/a b", "/a%20b")
	f("/100%", "/100%25")
	f("/what?#\"", "/what%3F%23%22")
	f("/\xc3\xa4\x00\x7f", "/%C3%A4%00%7F")
}
