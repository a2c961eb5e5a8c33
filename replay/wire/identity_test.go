package wire

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire/auth"
	"ngxreplay/replay/wire/body"

	"pgregory.net/rapid"
)

// loadRules loads rules from their text.
func loadRules(t *testing.T, text string) *body.Rules {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bodies.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	rules, err := body.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func credential(t *testing.T, text string) *auth.Credential {
	t.Helper()
	t.Setenv("SECRET", "s3cret")
	c, err := auth.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func rewrites(t *testing.T, texts ...string) []Rewrite {
	t.Helper()
	var list []Rewrite
	for _, text := range texts {
		r, err := ParseRewrite(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

func header(name, value string) trace.Header {
	return trace.Header{Name: []byte(name), Value: []byte(value)}
}

func TestBytesOfEachOption(t *testing.T) {
	f := func(format Format, r trace.Request, want ...string) {
		t.Helper()
		format.Host = "h"
		if got := string(format.Append(nil, &r, Sending{N: 5, Client: 6})); got != strings.Join(want, "\r\n") {
			t.Errorf("got\n%q\nwant\n%q", got, strings.Join(want, "\r\n"))
		}
	}
	get := trace.Request{Method: []byte("GET"), Target: []byte("/v1/x?a=b"), Headers: []trace.Header{
		header("cookie", "a=b"), header("authorization", "Basic old"), header("traceparent", "00-old"), header("tracestate", "old"),
	}}
	f(Format{}, get, "GET /v1/x?a=b HTTP/1.1", "Host: h", "cookie: a=b", "authorization: Basic old", "traceparent: 00-old", "tracestate: old", "", "")
	f(Format{Rewrites: rewrites(t, "^/v1/=>/v2/", `(\w)=(\w)=>${2}_$1`)}, trace.Request{Method: get.Method, Target: get.Target},
		"GET /v2/x?b_a HTTP/1.1", "Host: h", "", "")
	f(Format{DropCookies: true, Auth: credential(t, "bearer:env:SECRET"), Traces: 1}, get,
		"GET /v1/x?a=b HTTP/1.1", "Host: h", "Authorization: Bearer s3cret",
		"traceparent: 00-5692161d100b05e571bb54d8d101b5b9-80f73b756c8ca965-01", "", "")
	// The token of a built-in target is its own affair.
	f(Format{Auth: credential(t, "bearer:env:SECRET"), Authorization: "Bearer t"}, trace.Request{Method: []byte("GET"), Target: []byte("/api/x")},
		"GET /api/x HTTP/1.1", "Host: h", "Authorization: Bearer t", "", "")

	cached := trace.Request{Method: []byte("GET"), Target: []byte("/"), Status: 304}
	f(Format{Revalidate: true}, cached, "GET / HTTP/1.1", "Host: h", "If-None-Match: *", "", "")
	f(Format{}, cached, "GET / HTTP/1.1", "Host: h", "", "")
	cached.Headers = []trace.Header{header("if-modified-since", "x")}
	f(Format{Revalidate: true}, cached, "GET / HTTP/1.1", "Host: h", "if-modified-since: x", "", "")
	f(Format{Revalidate: true}, trace.Request{Method: []byte("GET"), Target: []byte("/"), Status: 200}, "GET / HTTP/1.1", "Host: h", "", "")
	f(Format{Revalidate: true}, trace.Request{Method: []byte("DELETE"), Target: []byte("/"), Status: 304}, "DELETE / HTTP/1.1", "Host: h", "", "")

	ruled := Format{Bodies: loadRules(t, `[{route: /o, json: '{"n": {{.N}}, "c": "{{.Client}}"}'}]`)}
	post := trace.Request{Method: []byte("POST"), Target: []byte("/o"), Route: "/o", RequestLength: 500, Headers: []trace.Header{header("content-type", "text/old")}}
	f(ruled, post, "POST /o HTTP/1.1", "Host: h", "Content-Type: application/json", "Content-Length: 18", "", `{"n": 5, "c": "6"}`)
	ruled.Header = []Header{{"Content-Type", "mine"}}
	f(ruled, post, "POST /o HTTP/1.1", "Host: h", "Content-Type: mine", "Content-Length: 18", "", `{"n": 5, "c": "6"}`)
	post.Body = []byte("logged")
	f(Format{Bodies: ruled.Bodies}, post, "POST /o HTTP/1.1", "Host: h", "content-type: text/old", "Content-Length: 6", "", "logged")
}

func TestFiller(t *testing.T) {
	f := func(r trace.Request, length int, want ...string) {
		t.Helper()
		format := Format{Host: "h", Made: new(Made)}
		got := string(format.Append(nil, &r, Sending{}))
		if !strings.HasPrefix(got, strings.Join(want, "\r\n")) || len(got) != length {
			t.Errorf("%d bytes, want %d:\n%.300q\nwant\n%q", len(got), length, got, strings.Join(want, "\r\n"))
		}
	}
	post := func(length int64, headers ...trace.Header) trace.Request {
		return trace.Request{Method: []byte("POST"), Target: []byte("/"), RequestLength: length, Headers: headers}
	}
	const empty = len("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
	const line = len("Content-Type: application/octet-stream\r\n")
	f(post(-1), empty, "POST / HTTP/1.1", "Host: h", "Content-Length: 0", "", "")
	f(post(int64(empty+line)-1), empty, "POST / HTTP/1.1", "Host: h", "Content-Length: 0", "", "")
	// As long as it was, all in all.
	f(post(int64(empty+line)+5), empty+line+5, "POST / HTTP/1.1", "Host: h", "Content-Type: application/octet-stream", "Content-Length: 5", "", "the l")
	for n := empty + line + 110; n < empty+line+1000; n++ { // three digits
		f(post(int64(n)), n, "POST / HTTP/1.1")
	}
	// Where one digit more or less cannot be met, it is a byte short.
	f(post(int64(empty+line)+10), empty+line+9, "POST / HTTP/1.1", "Host: h", "Content-Type: application/octet-stream", "Content-Length: 9\r\n")
	f(post(500, header("content-type", "a/b")), 500, "POST / HTTP/1.1", "Host: h", "content-type: a/b", "Content-Length: 4")
	// A logged length says it better.
	f(post(500, header("Content-Length", "7")), empty+line+7, "POST / HTTP/1.1", "Host: h", "Content-Type: application/octet-stream", "Content-Length: 7", "", "the log")
	f(post(500, header("content-length", "0")), empty, "POST / HTTP/1.1")
	f(post(500, header("content-length", "x")), 500, "POST / HTTP/1.1")
	emptyBody := post(500)
	emptyBody.Body = []byte{}
	f(emptyBody, empty, "POST / HTTP/1.1")
	get := post(500)
	get.Method = []byte("GET")
	f(get, len("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), "GET / HTTP/1.1")

	huge := Format{Host: "h", Made: new(Made)}
	r := post(1 << 62)
	if got := huge.Append(nil, &r, Sending{}); len(got) > body.Largest+200 || huge.Made.Shortened.Load() != 1 || huge.Made.Filled.Load() != 1 {
		t.Errorf("%d bytes, %d cut", len(got), huge.Made.Shortened.Load())
	}
}

// A body that cannot be made is filler, and counted.
func TestFailedBody(t *testing.T) {
	format := Format{Host: "h", Made: new(Made), Bodies: loadRules(t, `[{text: '{{if gt .N 1}}{{int 2 1}}{{end}}'}]`)}
	r := trace.Request{Method: []byte("POST"), Target: []byte("/"), Headers: []trace.Header{header("content-length", "3")}}
	got := string(format.Append(nil, &r, Sending{N: 2}))
	if !strings.HasSuffix(got, "Content-Length: 3\r\n\r\nthe") || format.Made.Failed.Load() != 1 || format.Made.ByRule.Load() != 0 {
		t.Errorf("%q", got)
	}
	format.Append(nil, &r, Sending{N: 1})
	if format.Made.Failed.Load() != 1 || format.Made.ByRule.Load() != 1 {
		t.Error("not counted")
	}
}

func TestParseRewrite(t *testing.T) {
	for _, bad := range []string{"", "a", "=>b", "[=>b", "a=>b c", "a=>b\n", "a=>\x00", "a=>ü", "a=>#x", "a=>$1", "(a)=>$1b", "(?P<x>a)=>${y}", "a=>$", "a=>${1"} {
		if r, err := ParseRewrite(bad); err == nil {
			t.Errorf("%q: %+v", bad, r)
		}
	}
	f := func(rule, target, want string) {
		t.Helper()
		format := Format{Rewrites: rewrites(t, rule)}
		if got := string(format.target(&trace.Request{Target: []byte(target)})); got != want {
			t.Errorf("%s: %s becomes %q, want %q", rule, target, got, want)
		}
	}
	f("^/v1=>", "/v1/x", "/x")
	f("^/v1/=>", "/v1/x", "/x") // the slash comes back
	f(".*=>", "/v1/x", "/")
	f("x=>y", "/v1", "/v1")
	f("=b=>=c", "/?a=b", "/?a=c") // the first => parts them
	f("(?P<n>\\d+)=>${n}0$$", "/a1b2", "/a10$b20$")
	f("^=>/", "", "/")
	f("\\*=>x", "*", "x")
	f("a=>b", "/\xff a", "/\xff b") // bytes that are no UTF-8 stay
}

// Whatever a trace holds and whatever is asked for, net/http reads one request, with the method, target and header
// that were meant when they are valid, and nothing after it.
func TestAnyRequestIsOneRequest(t *testing.T) {
	token := credential(t, "jwt:hs256:env:SECRET")
	rules := loadRules(t, `[{path: /ruled, form: {p: "{{.Path}}", q: "{{.Query}}"}}]`)
	rewrite := rewrites(t, "x=>/y", "^/b=>")
	hostile := rapid.OneOf(
		rapid.StringMatching(`[a-zA-Z0-9]{1,40}`),
		rapid.SampledFrom([]string{"", "\r\n", "a\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n", "x\x00y", "\n", "\r", "Content-Length: 5", "\xff\xfe"}),
		rapid.String(),
	)
	names := rapid.OneOf(rapid.SampledFrom([]string{"content-length", "Transfer-Encoding", "cookie", "CONTENT-TYPE", "Authorization",
		"expect", "connection", "x-a", "X\r\n", "", "host", "traceparent", strings.Repeat("x-long", 10)}), hostile)
	rapid.Check(t, func(t *rapid.T) {
		bytesOf := func(label string, g *rapid.Generator[string]) []byte { return []byte(g.Draw(t, label)) }
		r := trace.Request{
			Method:   bytesOf("method", rapid.OneOf(rapid.SampledFrom([]string{"GET", "POST", "PUT", "HEAD", "PURGE"}), hostile)),
			Target:   bytesOf("target", rapid.OneOf(rapid.SampledFrom([]string{"/", "/x?y", "/ruled", "//a/../b", "/b"}), hostile)),
			Protocol: bytesOf("protocol", rapid.SampledFrom([]string{"HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "", "x\r\n"})),
			Host:     bytesOf("host", hostile), UserAgent: bytesOf("agent", hostile), Referer: bytesOf("referer", hostile),
			Status:        rapid.SampledFrom([]int32{200, 304}).Draw(t, "status"),
			RequestLength: rapid.Int64Range(-1, 2000).Draw(t, "length"),
		}
		if rapid.Bool().Draw(t, "has body") {
			r.Body = bytesOf("body", hostile)
		}
		for range rapid.IntRange(0, 4).Draw(t, "headers") {
			r.Headers = append(r.Headers, trace.Header{Name: bytesOf("name", names), Value: bytesOf("value", hostile)})
		}
		format := Format{Host: "h", Bodies: rules, Revalidate: true, Made: new(Made)}
		if rapid.Bool().Draw(t, "options") {
			format.Auth, format.Traces, format.DropCookies, format.Rewrites = token, 1, true, rewrite
		}
		wrote := format.Append([]byte("before"), &r, Sending{N: 3, Client: 4, Due: time.Unix(1e9, 0)})[len("before"):]
		head, content, _ := bytes.Cut(wrote, []byte("\r\n\r\n"))
		if bytes.IndexByte(head, 0) >= 0 || bytes.Count(head, []byte("\r")) != bytes.Count(head, []byte("\r\n")) || bytes.Count(head, []byte("\n")) != bytes.Count(head, []byte("\r\n")) {
			t.Fatalf("a stray CR, LF or NUL: %q", head)
		}
		if bytes.Contains(bytes.ToLower(head), []byte("\r\ntransfer-encoding:")) || bytes.Count(bytes.ToLower(head), []byte("\r\ncontent-length:")) > 1 {
			t.Fatalf("framed twice: %q", head)
		}
		in := bufio.NewReader(bytes.NewReader(wrote))
		got, err := http.ReadRequest(in)
		if err != nil {
			return // the log's own nonsense, on its own connection; the checks above hold all the same
		}
		read, err := io.ReadAll(got.Body)
		if err != nil || !bytes.Equal(read, content) {
			t.Fatalf("body %q, want %q: %v", read, content, err)
		}
		if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
			t.Fatalf("%q is left: %v", rest, err)
		}
		if want := string(appendClean(nil, format.target(&r))); got.Method != string(r.Method) || got.RequestURI != want {
			t.Fatalf("%s %q, want %s %q", got.Method, got.RequestURI, r.Method, want)
		}
		if agent := strings.Trim(string(appendClean(nil, r.UserAgent)), " \t"); got.Header.Get("User-Agent") != agent {
			t.Fatalf("agent %q, want %q", got.Header.Get("User-Agent"), agent)
		}
		for name, values := range got.Header {
			if name == "Authorization" && format.Auth != nil && len(values) != 1 || name == "Cookie" && format.DropCookies {
				t.Fatalf("%s: %q", name, values)
			}
		}
	})
}

func TestTraceIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := NewTraceSeed(rapid.Uint64().Draw(t, "seed"), rapid.String().Draw(t, "target"))
		n := rapid.Uint64().Draw(t, "n")
		got := string(seed.appendParent(nil, n))
		parts := strings.Split(got, "-")
		if len(got) != 55 || len(parts) != 4 || parts[0] != "00" || parts[1] != seed.ID(n).String() || parts[3] != "01" ||
			parts[2] == strings.Repeat("0", 16) || strings.Trim(got, "0123456789abcdef-") != "" {
			t.Fatal(got)
		}
		if seed.ID(n) == seed.ID(n+1) || seed.ID(n) == (seed+2).ID(n) || seed.ID(n) == (TraceID{}) {
			t.Fatal("the same id twice, or none")
		}
	})
	if NewTraceSeed(1, "old") == NewTraceSeed(1, "new") || NewTraceSeed(0, "") == 0 {
		t.Error("targets share their ids")
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	r := trace.Request{
		Method: []byte("POST"), Target: []byte("/product/17?ref=home"), Host: []byte("shop.example"), RequestLength: 900, Status: 304,
		Headers: []trace.Header{header("cookie", "a=b"), header(strings.Repeat("x-long-", 10), "b"), header("content-length", "300")},
	}
	format := Format{
		Host: "h", DropCookies: true, Traces: 1, Revalidate: true, Auth: credential(t, "jwt:hs256:env:SECRET"), Made: new(Made),
		Rewrites: rewrites(t, "^/nosuch=>/x"), Header: []Header{{strings.Repeat("X-Other", 10), "b"}},
	}
	buf := format.Append(nil, &r, Sending{})
	if n := testing.AllocsPerRun(100, func() { buf = format.Append(buf[:0], &r, Sending{}) }); n != 0 {
		t.Errorf("%v allocations a request", n)
	}
}
