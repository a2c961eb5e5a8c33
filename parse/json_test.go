package parse

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

const testObject = `{"time":"$time_iso8601","addr":"$remote_addr","request":"$request","status":$status,"bytes":$body_bytes_sent,"rt":$request_time,"urt":"$upstream_response_time","ua":"$http_user_agent"}`

// entryOf parses a line twice with one parser and gives the entry, or the error.
func entryOf(t *testing.T, f *Format, line string) (*Entry, *LineError) {
	t.Helper()
	p := f.NewParser()
	var e Entry
	_ = p.Parse([]byte(line), &e)
	if err := p.Parse([]byte(line), &e); err != nil {
		var lineErr *LineError
		if !errors.As(err, &lineErr) {
			t.Fatalf("%T", err)
		}
		return nil, lineErr
	}
	return &e, nil
}

// brief writes the parts of an entry that the tables of this package compare.
func brief(e *Entry) string {
	return fmt.Sprintf("%d %s|%q %q %q %s|%d %d %v %v|%q", e.Time/1e9, e.Client, e.Method, e.Target, e.Protocol, e.Unreplayable,
		e.Status, e.BodyBytes, e.RequestTime, e.UpstreamTime, e.UserAgent)
}

func TestJSON(t *testing.T) {
	f := func(escape Escape, line, want string) {
		t.Helper()
		e, err := entryOf(t, mustCompile("", testObject, escape), line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		} else if got := brief(e); got != want {
			t.Errorf("%s:\n got %s\nwant %s", line, got, want)
		}
	}
	const want = `1548116774 1.2.3.4|"GET" "/a" "HTTP/1.1" |200 12 123ms 100ms|"curl"`
	f(EscapeJSON, `{"time":"2019-01-22T03:56:14+03:30","addr":"1.2.3.4","request":"GET /a HTTP/1.1","status":200,"bytes":12,"rt":0.123,"urt":"0.100","ua":"curl"}`, want)
	// Any order, other keys, blanks, numbers as strings and strings as numbers.
	f(EscapeJSON, ` { "ua" : "curl" , "x":{"status":500,"y":["]}"]}, "status":"200","request":"GET /a HTTP/1.1", "rt":"0.123","urt":0.100,"z":null,"bytes":"12", "addr":"1.2.3.4","time":"22/Jan/2019:03:56:14 +0330","w":[1,[2]],"v":true } `, want)
	f(EscapeJSON, `{"time":1548116774,"addr":"1.2.3.4","request":"GET \/a HTTP\/1.1","status":200,"bytes":12,"rt":0.123,"urt":"0.100","ua":"curl"},`, want)
	f(EscapeJSON, `{"time":"2019-01-22T03:56:14+03:30","time":"2019-01-22T03:56:14+03:30","addr":"1.2.3.4","request":"GET /a HTTP/1.1","status":200,"bytes":12,"rt":0.123,"urt":"0.100","ua":"c","ua":"curl",}`, want)
	// Lists in bare values.
	f(EscapeJSON, `{"urt":0.050, 0.050,"time":"2019-01-22T03:56:14+03:30","addr":"1.2.3.4","request":"GET /a HTTP/1.1","status":200,"bytes":12,"rt":0.123,"ua":"curl"}`, want)
	// Absent numbers: nothing, "-", or bare -, which is no JSON but what nginx writes.
	const absent = `1548116774 |"GET" "/a" "HTTP/1.1" |0 -1 -1ns -1ns|""`
	f(EscapeJSON, `{"time":"2019-01-22T03:56:14+03:30","addr":"","request":"GET /a HTTP/1.1","status":,"bytes":,"rt":,"urt":"","ua":""}`, absent)
	f(EscapeJSON, `{"time":"2019-01-22T03:56:14+03:30","addr":null,"request":"GET /a HTTP/1.1","status":"-","bytes":"-","rt":"-","urt":"-","ua":null}`, absent)
	f(EscapeDefault, `{"time":"2019-01-22T03:56:14+03:30","addr":"-","request":"GET /a HTTP/1.1","status":-,"bytes":-,"rt":-,"urt":"-","ua":"-"}`, absent)
	f(EscapeJSON, `{"time":"2019-01-22T03:56:14+03:30","request":"GET /a HTTP/1.1"}`, absent)
	f(EscapeJSON, `{"time":"2019-01-22T03:56:14+03:30","request":"GET /a HTTP/1.1","status": ,"rt": }`, absent)
	// Escapes.
	f(EscapeJSON, `{"time":"2019-01-22T03:56:14+03:30","request":"GET /\"\\\u0041ä HTTP/1.1","ua":"\"}{"}`, `1548116774 |"GET" "/\"\\Aä" "HTTP/1.1" |0 -1 -1ns -1ns|"\"}{"`)
	f(EscapeDefault, `{"time":"2019-01-22T03:56:14+03:30","request":"GET /\x22\x5C HTTP/1.1","ua":"\x22"}`, `1548116774 |"GET" "/\"\\" "HTTP/1.1" |0 -1 -1ns -1ns|"\""`)
	// What is no request.
	f(EscapeJSON, `{"time":"2019-01-22T03:56:14+03:30","request":"\u0016\u0003\u0001"}`, `1548116774 |"" "" "" tls|0 -1 -1ns -1ns|""`)
	f(EscapeJSON, `{"time":"2019-01-22T03:56:14+03:30","request":""}`, `1548116774 |"" "" "" empty|0 -1 -1ns -1ns|""`)
	f(EscapeDefault, `{"time":"2019-01-22T03:56:14+03:30","request":"-"}`, `1548116774 |"" "" "" dash|0 -1 -1ns -1ns|""`)
}

func TestJSONMisses(t *testing.T) {
	f := func(line string, column int, reason string) {
		t.Helper()
		e, err := entryOf(t, mustCompile("", testObject, EscapeJSON), line)
		if err == nil {
			t.Errorf("%s: read as %s", line, brief(e))
		} else if err.Column != column || err.Reason != reason {
			t.Errorf("%s: got %v, want column %d: %s", line, err, column, reason)
		}
	}
	f(`GET / HTTP/1.1`, 1, `expected "{"`)
	f(``, 1, `expected "{"`)
	f(`{`, 2, "expected a key in quotes and a colon")
	f(`{}`, 3, "no time")
	f(`{"time":"2019-01-22T03:56:14+03:30"}`, 37, "no request")
	f(`{"request":"GET / HTTP/1.1"}`, 29, "no time")
	f(`{"time":"2019-01-22"}`, 10, "bad time for $time_iso8601")
	f(`{"time":"2019-01-22T03:56:14+03:30","request":"GET / HTTP/1.1","status":"ok"}`, 74, "bad number for $status")
	f(`{"time":"2019-01-22T03:56:14+03:30","request":"GET / HTTP/1.1","rt":1e3}`, 69, "bad number for $request_time")
	f(`{"time":"2019-01-22T03:56:14+03:30","request":"GET / HT`, 47, "expected a value and its end")
	f(`{"time":"x" "request":"y"}`, 13, `expected "," or "}"`)
	f(`{"time":{"a":[}`, 9, "expected a value and its end")
	f(`{"time":"2019-01-22T03:56:14+03:30","request":"GET / HTTP/1.1"} x`, 65, "expected the end of the line")
	f(`{time:1}`, 2, "expected a key in quotes and a colon")
	f(`{"time"}`, 2, "expected a key in quotes and a colon")
}

func TestJSONParts(t *testing.T) {
	f := func(format, line, want string) {
		t.Helper()
		e, err := entryOf(t, mustCompile("", format, EscapeJSON), line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		} else if got := fmt.Sprintf("%s %s %s %s %s", e.Request, e.Scheme, e.Host, e.Target, e.Unreplayable); got != want {
			t.Errorf("%s:\n got %s\nwant %s", line, got, want)
		}
	}
	f(`{"m":"$request_method","u":"$request_uri"}`, `{"m":"PUT","u":"/a b?c"}`, `PUT /a b?c   /a b?c `)
	f(`{"m":"$request_method","u":"$request_uri","p":"$server_protocol"}`, `{"m":"PUT","u":"/a","p":"HTTP/2.0"}`, `PUT /a HTTP/2.0   /a `)
	f(`{"m":"$request_method","u":"$uri","q":"$args"}`, `{"m":"PUT","u":"/ä b?","q":"c=d"}`, `PUT /%C3%A4%20b%3F?c=d   /%C3%A4%20b%3F?c=d `)
	f(`{"m":"$request_method","u":"$uri","q":"$args"}`, `{"m":"PUT","u":"/b","q":""}`, `PUT /b   /b `)
	f(`{"url":"$request_method $scheme://$host$request_uri"}`, `{"url":"GET https://h/a\"b"}`, `GET /a"b https h /a"b `)
	f(`{"m":"$request_method","u":"$uri$is_args$args"}`, `{"m":"GET","u":"/a b?c=d"}`, `GET /a%20b?c=d   /a%20b?c=d `)
	f(`{"m":"$request_method","u":"$request_uri"}`, `{"m":"","u":""}`, `    empty`)
	f(`{"m":"$request_method","u":"$request_uri"}`, `{"m":"CONNECT","u":"a:1"}`, `CONNECT a:1   a:1 connect`)
	f(`{"m":"$request_method","u":"$request_uri"}`, `{"m":"GET","u":""}`, `GET     bad-target`)
	f(`{"r":"$request","m":"$request_method","u":"$request_uri"}`, `{"r":"GET /exact HTTP/1.1","m":"POST","u":"/other"}`, `GET /exact HTTP/1.1   /exact `)
	f(`{"r":"$request","m":"$request_method","u":"$request_uri"}`, `{"m":"POST","u":"/other"}`, `POST /other   /other `)
	f(`{"r":"$request","http":"$http_host","host":"$host","sn":"$server_name"}`, `{"r":"GET / HTTP/1.1","http":"H:80","host":"h","sn":"s"}`, `GET / HTTP/1.1  H:80 / `)
	f(`{"r":"$request","http":"$http_host","host":"$host","sn":"$server_name"}`, `{"r":"GET / HTTP/1.1","http":"","host":"h","sn":"s"}`, `GET / HTTP/1.1  h / `)
}

func TestHeaders(t *testing.T) {
	f := mustCompile("", `"$request" "$http_accept_language" "$http_cookie" "$content_type" "$http_x_forwarded_for" "$request_body"`, EscapeDefault)
	p := f.NewParser()
	var e Entry
	if err := p.Parse([]byte(`"POST / HTTP/1.1" "de,en" "-" "text/plain" "1.1.1.1, 2.2.2.2" "a\x0Ab"`), &e); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%q %q %q", e.Headers, e.ForwardedFor, e.Body); got != `[{"accept-language" "de,en"} {"content-type" "text/plain"}] "1.1.1.1, 2.2.2.2" "a\nb"` {
		t.Error(got)
	}
	if err := p.Parse([]byte(`"POST / HTTP/1.1" "-" "-" "-" "-" ""`), &e); err != nil {
		t.Fatal(err)
	}
	if e.Headers != nil || e.ForwardedFor != nil || e.Body == nil || len(e.Body) != 0 {
		t.Errorf("%q %q %q", e.Headers, e.ForwardedFor, e.Body)
	}
}

func TestTimePreference(t *testing.T) {
	c := mustCompile("", `[$time_local] $msec "$request"`, EscapeDefault)
	f := func(line string, want int64, precision time.Duration) {
		t.Helper()
		e, err := entryOf(t, c, line)
		if err != nil || e.Time != want || e.Precision != precision {
			t.Errorf("%s: got %+v, %v", line, e, err)
		}
	}
	f(`[22/Jan/2019:03:56:14 +0330] 1548116774.123 "GET / HTTP/1.1"`, 1548116774123e6, time.Millisecond)
	f(`[22/Jan/2019:03:56:14 +0330] - "GET / HTTP/1.1"`, 1548116774e9, time.Second)
}

// FuzzJSON: no bytes do harm, and an object of strings that encoding/json writes is read as it was meant.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"time":"2019-01-22T03:56:14+03:30","request":"GET / HTTP/1.1","status":,"x":{"y":[1]}}`), "GET / HTTP/1.1", "curl")
	f.Add([]byte(`{"request":"\u0016\u0003`), "\x16\x03\"\\", "é\U0001F600")
	f.Add([]byte(`{"rt":0.1, 0.2 : 0.3,"time":1}`), "-", "")
	formats := []*Format{mustCompile("", testObject, EscapeJSON), mustCompile("", testObject, EscapeDefault)}
	f.Fuzz(func(t *testing.T, line []byte, request, agent string) {
		for _, c := range formats {
			p := c.NewParser()
			var e Entry
			_ = p.Parse(line[:len(line):len(line)], &e)
			for _, s := range p.scan.spans {
				if s.start >= 0 && (s.end < s.start || s.end > len(line)) {
					t.Fatalf("%q: span %v", line, s)
				}
			}
			eachMember(line, func(key, value []byte, bare bool) {})
		}
		written, err := json.Marshal(map[string]any{"time": 1548116774, "request": request, "ua": agent, "unknown": []string{request}})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]any // what is no UTF-8 was replaced in writing
		if err := json.Unmarshal(written, &back); err != nil {
			t.Fatal(err)
		}
		var e Entry
		if err := formats[0].Parse(written, &e); err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if string(e.Request) != back["request"] || string(e.UserAgent) != back["ua"] {
			t.Fatalf("%s: got %q and %q", written, e.Request, e.UserAgent)
		}
	})
}

func TestLTSV(t *testing.T) {
	c := mustCompile("", "time:$time_iso8601\tmethod:$request_method\turi:$request_uri\tstatus:$status\tsize:$body_bytes_sent\trt:$request_time\tua:$http_user_agent\tclient:$remote_addr $remote_port", EscapeDefault)
	f := func(line, want string) {
		t.Helper()
		e, err := entryOf(t, c, line)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = brief(e)
		}
		if got != want {
			t.Errorf("%q:\n got %s\nwant %s", line, got, want)
		}
	}
	f("time:2019-01-22T03:56:14+03:30\tmethod:GET\turi:/a:b\tstatus:200\tsize:12\trt:0.1\tua:a b\tclient:1.1.1.1 80",
		`1548116774 1.1.1.1|"GET" "/a:b" "" |200 12 100ms -1ns|"a b"`)
	f("x:y\tua:-\tmethod:GET\t\turi:/a\\x09b\ttime:2019-01-22T03:56:14+03:30\t", `1548116774 |"GET" "/a\tb" "" |0 -1 -1ns -1ns|""`)
	f("time:2019-01-22T03:56:14+03:30\tmethod:-\turi:-", `1548116774 |"" "" "" dash|0 -1 -1ns -1ns|""`)
	f("time:2019-01-22T03:56:14+03:30\toops", `column 32: expected label:value`)
	f("time:2019-01-22T03:56:14+03:30\tua:x", `column 36: no request`)
	f("time:now\tmethod:GET\turi:/", `column 6: bad time for $time_iso8601`)
	f("method:GET\turi:/", `column 17: no time`)
	f("time:2019-01-22T03:56:14+03:30\tmethod:GET\turi:/\tclient:1.1.1.1", `column 63: expected " "`)
}

// FuzzLTSV: no bytes do harm, and labels come in any order.
func FuzzLTSV(f *testing.F) {
	f.Add([]byte("time:2019-01-22T03:56:14+03:30\tmethod:GET\turi:/a:b"), uint8(3))
	c := mustCompile("", "time:$time_iso8601\tmethod:$request_method\turi:$request_uri\tstatus:$status", EscapeDefault)
	f.Fuzz(func(t *testing.T, line []byte, turn uint8) {
		var a, b Entry
		if c.Parse(line, &a) != nil {
			return
		}
		parts := strings.Split(string(line), "\t")
		labels := map[string]bool{}
		for _, p := range parts {
			label, _, _ := strings.Cut(p, ":")
			labels[label] = true
		}
		if len(slices.Collect(maps.Keys(labels))) != len(parts) {
			return // one label twice: the last one counts
		}
		n := int(turn) % len(parts)
		if err := c.Parse([]byte(strings.Join(append(parts[n:len(parts):len(parts)], parts[:n]...), "\t")), &b); err != nil || brief(&a) != brief(&b) {
			t.Fatalf("%q turned by %d: %s became %s, %v", line, n, brief(&a), brief(&b), err)
		}
	})
}
