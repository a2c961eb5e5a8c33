package wire

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"

	"ngxreplay/replay/trace"
)

func TestRequestBytes(t *testing.T) {
	f := func(format Format, r trace.Request, want ...string) {
		t.Helper()
		if got := string(format.Append(nil, &r, Sending{})); got != strings.Join(want, "\r\n") {
			t.Errorf("got\n%q\nwant\n%q", got, strings.Join(want, "\r\n"))
		}
	}
	get := func(target string) trace.Request { return trace.Request{Method: []byte("GET"), Target: []byte(target)} }
	host := Format{Host: "127.0.0.1:80"}

	f(host, get("/"), "GET / HTTP/1.1", "Host: 127.0.0.1:80", "", "")
	// The logged bytes leave as they are: nothing is normalised, decoded or escaped.
	for _, target := range []string{"//a/../b", "/%2F%2f", "/?a=%zz&&", "/\xff\xfe", "http://other.example/x", "*", "/a b"} {
		f(host, get(target), "GET "+target+" HTTP/1.1", "Host: 127.0.0.1:80", "", "")
	}
	full := trace.Request{
		Method: []byte("POST"), Target: []byte("/x"), Protocol: []byte("HTTP/1.0"), Host: []byte("shop.example"),
		UserAgent: []byte("ua \xe2\x82\xac"), Referer: []byte("http://r/"), Body: []byte("a=1"),
		Headers: []trace.Header{
			{Name: []byte("x-forwarded-for"), Value: []byte("192.0.2.1, 10.0.0.1")},
			{Name: []byte("content-length"), Value: []byte("999")},
			{Name: []byte("transfer-encoding"), Value: []byte("chunked")},
			{Name: []byte("bad name"), Value: []byte("x")},
		},
	}
	f(host, full, "POST /x HTTP/1.0", "Host: shop.example", "User-Agent: ua \xe2\x82\xac", "Referer: http://r/",
		"x-forwarded-for: 192.0.2.1, 10.0.0.1", "Content-Length: 3", "", "a=1")
	f(Format{Host: "h", OverrideHost: true, Header: []Header{{"X-Forwarded-For", "::1"}, {"user-agent", "mine"}}}, full,
		"POST /x HTTP/1.0", "Host: h", "Referer: http://r/", "X-Forwarded-For: ::1", "user-agent: mine", "Content-Length: 3", "", "a=1")
	// A method with a body announces it even when it is empty; one without does not.
	f(host, trace.Request{Method: []byte("PUT"), Target: []byte("/x")}, "PUT /x HTTP/1.1", "Host: 127.0.0.1:80", "Content-Length: 0", "", "")
	// Empty is not absent.
	f(host, trace.Request{Method: []byte("GET"), Target: []byte("/"), UserAgent: []byte{}}, "GET / HTTP/1.1", "Host: 127.0.0.1:80", "User-Agent: ", "", "")

	builtin := Format{Host: "h", Expect: "X-Expect", Authorization: "Bearer t"}
	f(builtin, trace.Request{Method: []byte("GET"), Target: []byte("/api/x"), Status: 206, BodyBytes: 10},
		"GET /api/x HTTP/1.1", "Host: h", "Authorization: Bearer t", "X-Expect: 206 10", "", "")
	f(builtin, trace.Request{Method: []byte("GET"), Target: []byte("/x"), Status: 499, BodyBytes: -1},
		"GET /x HTTP/1.1", "Host: h", "X-Expect: 499 0", "", "")
}

// Whatever a trace holds, what leaves is one request with the expected number of header lines.
func FuzzRequestIsOne(f *testing.F) {
	f.Add([]byte("GET"), []byte("/a\r\nX: y"), []byte("h\nost"), []byte("ua\r\n\r\nGET / HTTP/1.1"), []byte("x\x00"), []byte("body"))
	f.Fuzz(func(t *testing.T, method, target, host, agent, header, body []byte) {
		format := Format{Host: "h"}
		got := format.Append(nil, &trace.Request{
			Method: method, Target: target, Host: host, UserAgent: agent, Body: body,
			Headers: []trace.Header{{Name: header, Value: header}},
		}, Sending{})
		head, rest, found := bytes.Cut(got, []byte("\r\n\r\n"))
		if !found || !bytes.Equal(rest, body) {
			t.Fatalf("head and body are not apart: %q", got)
		}
		lines := bytes.Split(head, []byte("\r\n"))
		if n := bytes.Count(head, []byte("\n")); n != len(lines)-1 || bytes.Count(head, []byte("\r")) != n || bytes.IndexByte(head, 0) >= 0 {
			t.Fatalf("a stray CR, LF or NUL: %q", head)
		}
		if len(lines) > 6 {
			t.Fatalf("%d lines: %q", len(lines), head)
		}
	})
}

func TestStandardLibraryReadsWhatWeWrite(t *testing.T) {
	format := Format{Host: "shop.example"}
	wrote := format.Append(nil, &trace.Request{Method: []byte("PATCH"), Target: []byte("/a%2Fb?c=d"), Body: []byte("x")}, Sending{})
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wrote)))
	if err != nil {
		t.Fatal(err)
	}
	if r.RequestURI != "/a%2Fb?c=d" || r.Host != "shop.example" || r.ContentLength != 1 || len(r.Header) != 1 {
		t.Errorf("%+v", r)
	}
}

func BenchmarkAppend(b *testing.B) {
	format := Format{Host: "127.0.0.1:8080", Expect: "X-Ngxreplay-Expect"}
	r := trace.Request{
		Method: []byte("GET"), Target: []byte("/product/17?ref=home"), Host: []byte("shop.example"), Status: 200, BodyBytes: 4096,
		UserAgent: []byte("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/130.0"), Referer: []byte("https://shop.example/"),
	}
	buf := format.Append(nil, &r, Sending{})
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = format.Append(buf[:0], &r, Sending{N: 7, Client: 9})
	}
	if !bytes.HasPrefix(buf, []byte("GET /product/17?ref=home HTTP/1.1\r\nHost: shop.example\r\n")) {
		b.Fatalf("%q", buf)
	}
}
