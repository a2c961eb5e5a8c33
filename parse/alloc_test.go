package parse

import (
	"bytes"
	"strings"
	"testing"
)

// TestAllocations guards the promise of no allocation a line.
func TestAllocations(t *testing.T) {
	f := func(name string, format *Format, lines ...string) {
		t.Helper()
		p := format.NewParser()
		var e Entry
		parse := func() {
			for _, line := range lines {
				if err := p.Parse([]byte(line), &e); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
			}
		}
		raw := make([][]byte, len(lines))
		for i := range lines {
			raw[i] = []byte(lines[i])
		}
		parse()
		if n := testing.AllocsPerRun(100, func() {
			for _, line := range raw {
				p.parse(line, &e)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	known := func(name string) *Format { f, _ := Lookup(name); return f }
	f("combined", known("combined"), lineGET, strings.Replace(lineGET, "curl", `\x22\"`, 1), strings.Replace(lineGET, "- -", "- joe [x", 1))
	f("timed", known("timed"), lineGET+` 1707246001.123 0.003 example.com 312`)
	f("upstreaminfo", known("upstreaminfo"), lineGET+` 312 0.004 [default-web-80] [] 10.0.0.1:80, 10.0.0.2:80 0, 12 0.001, 0.002 502, 200 758b`)
	f("json", mustCompile("", testObject, EscapeJSON),
		`{"time":"2019-01-22T03:56:14+03:30","addr":"1.2.3.4","request":"GET /a\" HTTP/1.1","status":200,"bytes":12,"rt":0.123,"urt":"0.100","ua":"curl"}`,
		`{"x":[{"y":1}],"ua":"\u00e9","request":"GET /a HTTP/1.1","time":1548116774123,"status":,"other":null}`)
	f("parts", mustCompile("", `{"m":"$request_method","u":"$uri","q":"$args","h":"$http_accept $http_cookie"}`, EscapeJSON), `{"m":"GET","u":"/a b","q":"c=d","h":"a b"}`)
	f("ltsv", known("ltsv"), "time:07/Feb/2024:00:00:01 +0500\tmethod:GET\turi:/a\\x22\tstatus:200\thost:1.2.3.4")
	f("headers", mustCompile("", `"$request" "$http_accept" "$http_cookie"`, EscapeDefault), `"GET / HTTP/1.1" "a" "b\x22"`)
}

// Taking a line out of its envelope allocates nothing either.
func TestEnvelopeAllocations(t *testing.T) {
	f := func(log string) {
		t.Helper()
		count := func(lines int) float64 {
			data := strings.Repeat(log+"\n", lines)
			return testing.AllocsPerRun(3, func() {
				s, err := OpenReader("x", strings.NewReader(data))
				if err != nil {
					t.Fatal(err)
				}
				r := newCombined(s)
				for r.Scan() {
				}
				if r.Counts().Entries != int64(lines) || r.Envelope() == EnvelopeNone {
					t.Error(r.Counts())
				}
			})
		}
		if few, many := count(5_000), count(20_000); many > few+20 {
			t.Errorf("%s: %v allocations for 5,000 lines, %v for 20,000", log, few, many)
		}
	}
	f("2024-02-06T19:00:01.123456789Z stdout F " + lineGET)
	f(`{"log":"` + strings.ReplaceAll(lineGET, `"`, `\"`) + `\n","stream":"stdout","time":"2024-02-06T19:00:01.123456789Z"}`)
	f("Feb  7 00:00:01 web1 nginx[12]: " + lineGET)
	f("<165>1 2024-02-06T19:00:01.003Z web1 nginx 12 access - " + lineGET)
	f("web-1  | " + lineGET)
}

// A reader's allocations do not depend on how many lines it reads.
func TestReaderAllocations(t *testing.T) {
	log := bytes.Repeat([]byte(lineGET+"\n\n"), 20_000)
	n := testing.AllocsPerRun(5, func() {
		r := newCombined(bytes.NewReader(log))
		for r.Scan() {
		}
		if r.Counts().Entries != 20_000 {
			t.Error(r.Counts())
		}
	})
	if n > 20 {
		t.Errorf("%v allocations for 20,000 lines", n)
	}
}
