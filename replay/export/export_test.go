package export

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files again")

const testBase = "http://127.0.0.1:8080"

// nasty are requests that every format must survive.
func nasty() []trace.Request {
	request := func(r trace.Request, method, target string) trace.Request {
		r.Method, r.Target = []byte(method), []byte(target)
		if r.Route == "" {
			r.Route = "/nasty/:id"
		}
		r.Source, r.Connection = "logs/access.log", -1
		return r
	}
	header := func(pairs ...string) (headers []trace.Header) {
		for i := 0; i < len(pairs); i += 2 {
			headers = append(headers, trace.Header{Name: []byte(pairs[i]), Value: []byte(pairs[i+1])})
		}
		return headers
	}
	requests := []trace.Request{
		request(trace.Request{Host: []byte("shop.example"), UserAgent: []byte("Mozilla/5.0"), Status: 200, BodyBytes: 17, RequestTime: 2_500_000, RequestLength: 99}, "GET", "/a/b?x=1&y=%2F"),
		request(trace.Request{Status: 404, BodyBytes: -1, RequestTime: -1, RequestLength: -1}, "GET", "/'$(id)`id`\";|&<>\\{}[]*#frag %zz\x01\xff"),
		request(trace.Request{Status: 200, Body: []byte("a=b'&%s\\\x00\xff\n=@x")}, "POST", "/form"),
		request(trace.Request{Status: 201, Body: []byte("@/etc/passwd"), Headers: header("content-type", "text/plain", "cookie", "sid=1; theme='x'")}, "PUT", "/p"),
		request(trace.Request{Status: 204}, "POST", "/empty"),
		request(trace.Request{Status: 200, Protocol: []byte("HTTP/1.0"), Referer: []byte("=cmd|' /C calc'!A0"), UserAgent: []byte("+1\r\nX-Evil: 1")}, "HEAD", "//h/../x"),
		request(trace.Request{Status: 200, Headers: header("x-empty", "", "x-quote", `it's "$HOME" \n`, "x-latin", "caf\xe9", "accept", "*/*")}, "DELETE", "/-x"),
		request(trace.Request{Status: 499, Client: []byte("@SUM(1)"), User: []byte("-1+1")}, "GET", "http://evil.example:1/abs?q"),
		request(trace.Request{Status: 200, Route: "other #1|é"}, "OPTIONS", "*"),
		request(trace.Request{Status: 200, Headers: header("@/etc/passwd", "x")}, "GET", "/header-from-file"),
		request(trace.Request{Status: 200, Body: []byte("x\n🐵🙈🙉\ny")}, "PATCH", "/monkeys"),
	}
	for i := range requests {
		requests[i].Offset, requests[i].Line = int64(i)*1_000_000_007, int64(i+1)
	}
	return requests
}

func testInfo(requests []trace.Request) *trace.Info {
	info := &trace.Info{Requests: int64(len(requests)), StartNS: 1_700_000_000_123_456_789}
	if len(requests) > 0 {
		info.SpanNS = requests[len(requests)-1].Offset
	}
	return info
}

// write writes requests in a format, and returns those that fit it.
func write(t rapid.TB, name string, requests []trace.Request) (out []byte, fit []trace.Request) {
	t.Helper()
	format, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	var buffer bytes.Buffer
	w, err := format.NewWriter(&buffer, Options{Info: testInfo(requests), Version: "v0"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range requests {
		switch err := w.Write(&requests[i]); err.(type) {
		case nil:
			fit = append(fit, requests[i])
		case UnfitError:
		default:
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes(), fit
}

func TestGolden(t *testing.T) {
	for _, name := range Names() {
		got, fit := write(t, name, nasty())
		t.Logf("%s: %d of %d fit", name, len(fit), len(nasty()))
		path := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
}

func TestEmptyTraces(t *testing.T) {
	for _, name := range Names() {
		out, _ := write(t, name, nil)
		if name == "har" && !json.Valid(out) {
			t.Errorf("%s: %s", name, out)
		}
	}
}

// What each format leaves out, and no other.
func TestUnfit(t *testing.T) {
	for name, want := range map[string][]string{
		"ammo": nil, "csv": nil,
		"goreplay": {"/monkeys"},
		"curl":     {"/header-from-file"},
		"har":      {"*"},
		"vegeta":   {"*"},
		"k6":       {"*"},
	} {
		requests := nasty()
		_, fit := write(t, name, requests)
		kept := map[string]bool{}
		for _, r := range fit {
			kept[string(r.Target)] = true
		}
		for _, r := range requests {
			target := string(r.Target)
			unfit := false
			for _, w := range want {
				unfit = unfit || w == target
			}
			if target == "/header-from-file" && (name == "vegeta" || name == "k6") {
				unfit = true
			}
			if kept[target] == unfit {
				t.Errorf("%s: %q is written: %v", name, target, kept[target])
			}
		}
	}
}

func TestUnknownFormatsAndBases(t *testing.T) {
	if _, err := Find("jmeter"); err == nil || !strings.Contains(err.Error(), "ammo, csv, curl, goreplay, har, k6, vegeta") {
		t.Error(err)
	}
	format, _ := Find("vegeta")
	for _, base := range []string{"h", "ftp://h", "http://", "http://u:p@h", "http://h/x", "http://h?x", "http://h'\n"} {
		if _, err := format.NewWriter(nil, Options{BaseURL: base}); err == nil {
			t.Errorf("%q was taken", base)
		}
	}
	for _, base := range []string{"", "https://h", "http://h:1/", "http://[::1]:80"} {
		if _, err := format.NewWriter(nil, Options{BaseURL: base}); err != nil {
			t.Errorf("%q: %v", base, err)
		}
	}
}

// sent are the bytes that ngxreplay would send.
func sent(r *trace.Request) []byte {
	return (&wire.Format{Host: "127.0.0.1:8080"}).Append(nil, r, wire.Sending{})
}

// The raw formats, read as their tools read them, hold the bytes that ngxreplay would send, in order.
func TestRawFormatsHoldTheBytes(t *testing.T) {
	check := func(t rapid.TB, requests []trace.Request) {
		out, fit := write(t, "goreplay", requests)
		for i := range fit {
			record, rest, found := bytes.Cut(out, []byte("\n🐵🙈🙉\n"))
			out = rest
			meta, payload, _ := bytes.Cut(record, []byte("\n"))
			parts := strings.Split(string(meta), " ")
			if !found || len(parts) != 3 || parts[0] != "1" || parts[2] != strconv.FormatInt(testInfo(requests).StartNS+fit[i].Offset, 10) {
				t.Fatalf("meta %q", meta)
			}
			if !bytes.Equal(payload, sent(&fit[i])) {
				t.Errorf("goreplay: got %q, want %q", payload, sent(&fit[i]))
			}
		}
		if len(out) != 0 {
			t.Errorf("goreplay: %q is left", out)
		}
		out, fit = write(t, "ammo", requests)
		for i := range fit {
			line, rest, _ := bytes.Cut(bytes.TrimLeft(out, "\r\n"), []byte("\n"))
			size, tag, _ := strings.Cut(string(line), " ")
			n, err := strconv.Atoi(size)
			if err != nil || n > len(rest) || strings.ContainsAny(tag, " \t") {
				t.Fatalf("ammo: %q, %v", line, err)
			}
			if !bytes.Equal(rest[:n], sent(&fit[i])) {
				t.Errorf("ammo: got %q, want %q", rest[:n], sent(&fit[i]))
			}
			out = rest[n:]
		}
	}
	check(t, nasty())
	rapid.Check(t, func(t *rapid.T) { check(t, drawRequests(t)) })
}

func drawRequests(t *rapid.T) []trace.Request {
	var requests []trace.Request
	for i := range rapid.IntRange(0, 5).Draw(t, "requests") {
		r := trace.Request{
			Offset: int64(i), Method: []byte(rapid.SampledFrom([]string{"GET", "POST", "get"}).Draw(t, "method")),
			Target:  append([]byte("/"), rapid.SliceOf(rapid.Byte()).Draw(t, "target")...),
			Referer: rapid.SliceOf(rapid.Byte()).Draw(t, "referer"),
			Body:    rapid.SliceOf(rapid.Byte()).Draw(t, "body"),
			Route:   rapid.String().Draw(t, "route"), Source: rapid.String().Draw(t, "source"), Connection: -1,
		}
		requests = append(requests, r)
	}
	return requests
}

// urlOf is the URL that a target has in formats of URLs, as an independent reader would understand it.
func checkURL(t *testing.T, text string, r *trace.Request) {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil || u.Host != "127.0.0.1:8080" || u.Scheme != "http" || u.Fragment != "" {
		t.Fatalf("%q: %v", text, err)
	}
	want := string(r.Target)
	if _, rest, found := strings.Cut(want, "evil.example:1"); found {
		want = rest
	}
	path, query, _ := strings.Cut(want, "?")
	decoded := path
	if unescaped, err := url.PathUnescape(path); err == nil {
		decoded = unescaped
	}
	if u.Path != decoded || u.RawQuery != query {
		t.Errorf("%q has path %q and query %q, want %q and %q", text, u.Path, u.RawQuery, decoded, query)
	}
}

func TestVegetaTargetsAreTheRequests(t *testing.T) {
	out, fit := write(t, "vegeta", nasty())
	decoder := json.NewDecoder(bytes.NewReader(out))
	decoder.DisallowUnknownFields()
	for i := range fit {
		var target struct {
			Method string
			URL    string
			Body   []byte
			Header http.Header
		}
		if err := decoder.Decode(&target); err != nil {
			t.Fatal(err)
		}
		if target.Method != string(fit[i].Method) || !bytes.Equal(target.Body, fit[i].Body) {
			t.Errorf("got %+v, want %s %q", target, fit[i].Method, fit[i].Body)
		}
		checkURL(t, target.URL, &fit[i])
		if host := target.Header.Get("Host"); host != string(fit[i].Host) {
			t.Errorf("host %q", host)
		}
		if _, err := http.NewRequest(target.Method, target.URL, nil); err != nil {
			t.Error(err)
		}
	}
	if decoder.More() || bytes.Count(out, []byte("\n")) != len(fit) {
		t.Error("not one line a request")
	}
}

func TestHARHoldsRequestsAndAnswers(t *testing.T) {
	out, fit := write(t, "har", nasty())
	var archive struct {
		Log struct {
			Version string
			Creator struct{ Name, Version string }
			Entries []harEntry
		}
	}
	if err := json.Unmarshal(out, &archive); err != nil {
		t.Fatal(err)
	}
	if archive.Log.Version != "1.2" || archive.Log.Creator.Name != "ngxreplay" || len(archive.Log.Entries) != len(fit) {
		t.Fatalf("%+v", archive.Log)
	}
	for i, e := range archive.Log.Entries {
		r := &fit[i]
		started, err := time.Parse(time.RFC3339Nano, e.Started)
		if err != nil || started.UnixNano() != testInfo(nil).StartNS+r.Offset {
			t.Errorf("%s: %v", e.Started, err)
		}
		checkURL(t, e.Request.URL, r)
		if e.Request.Method != string(r.Method) || e.Response.Status != int(r.Status) || e.Response.BodySize != r.BodyBytes ||
			e.Time != e.Timings.Send+e.Timings.Wait+e.Timings.Receive || e.Time != float64(max(r.RequestTime, 0))/1e6 {
			t.Errorf("%+v is not %+v", e, r)
		}
	}
	cookies := archive.Log.Entries[3].Request.Cookies
	if len(cookies) != 2 || cookies[1] != (harPair{"theme", "'x'"}) {
		t.Errorf("cookies %v", cookies)
	}
	if q := archive.Log.Entries[0].Request.QueryString; len(q) != 2 || q[1] != (harPair{"y", "/"}) {
		t.Errorf("query %v", q)
	}
}

// A cell undone is the value from the log, and no cell is a formula.
func TestCSVCells(t *testing.T) {
	undo := func(cell string) string {
		cell = strings.TrimPrefix(cell, "'")
		var out []byte
		for i := 0; i < len(cell); i++ {
			if cell[i] == '\\' {
				n, err := strconv.ParseUint(cell[i+2:i+4], 16, 8)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, byte(n))
				i += 3
				continue
			}
			out = append(out, cell[i])
		}
		return string(out)
	}
	check := func(t rapid.TB, requests []trace.Request) {
		out, fit := write(t, "csv", requests)
		rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
		if err != nil || len(rows) != len(fit)+1 || len(fit) != len(requests) {
			t.Fatalf("%d rows of %d requests: %v", len(rows), len(requests), err)
		}
		for i, row := range rows[1:] {
			r := &fit[i]
			for j, want := range map[int]string{2: string(r.Method), 3: string(r.Target), 7: string(r.Referer), 9: string(r.Client), 15: r.Route, 16: r.Source} {
				if got := undo(row[j]); got != want {
					t.Errorf("%s: got %q, want %q", rows[0][j], got, want)
				}
			}
			for _, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					t.Errorf("%q may be a formula", cell)
				}
			}
		}
	}
	check(t, nasty())
	rapid.Check(t, func(t *rapid.T) { check(t, drawRequests(t)) })
}

// Every value of the script of k6 is JSON, which is JavaScript too; the order and the times are those of the trace.
func TestK6ScriptHoldsTheRequests(t *testing.T) {
	out, fit := write(t, "k6", nasty())
	_, data, _ := strings.Cut(string(out), "=> [\n")
	data, _, found := strings.Cut(data, "]);\n")
	if !found {
		t.Fatal("no array")
	}
	var requests [][]any
	if err := json.Unmarshal([]byte("["+data+"]"), &requests); err != nil {
		t.Fatal(err)
	}
	if len(requests) != len(fit) {
		t.Fatalf("%d requests, want %d", len(requests), len(fit))
	}
	for i, r := range requests {
		if r[0].(float64) != float64(fit[i].Offset)/1e6 || r[1].(string) != string(fit[i].Method) {
			t.Errorf("%v is not %+v", r, fit[i])
		}
		checkURL(t, testBase+r[2].(string), &fit[i])
	}
}

// Copy writes everything that a trace file holds, in order.
func TestCopyWritesAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.trace")
	built, err := trace.Build(context.Background(), trace.Selection{Inputs: []string{"../../testdata/combined.log"}}, trace.BuildOptions{}, path)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range Formats() {
		reader, err := trace.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w, err := format.NewWriter(&out, Options{Info: reader.Info()})
		if err != nil {
			t.Fatal(err)
		}
		result, err := Copy(context.Background(), w, reader)
		if err != nil || result.Written+result.LeftOut != built.Info.Requests || result.LeftOut > 5 || out.Len() == 0 {
			t.Errorf("%s: %+v, %v", format.Name, result, err)
		}
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	}
}
