package parse

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// fieldsOf parses a line and gives its spans as text, to see where the scanner cut.
func fieldsOf(t *testing.T, f *Format, line string) ([]string, *LineError) {
	t.Helper()
	p := f.NewParser()
	var e Entry
	var out []string
	for range 2 { // the second time with memory that is in use
		if err := p.Parse([]byte(line), &e); err != nil {
			var lineErr *LineError
			if !errors.As(err, &lineErr) {
				t.Fatalf("%T", err)
			}
			return nil, lineErr
		}
		out = out[:0]
		for _, s := range p.scan.spans {
			if s.start >= 0 {
				out = append(out, line[s.start:s.end])
			}
		}
	}
	return out, nil
}

func TestScan(t *testing.T) {
	f := func(format, line string, want ...string) {
		t.Helper()
		got, err := fieldsOf(t, mustCompile("", format, EscapeDefault), line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		} else if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s:\n got %q\nwant %q", line, got, want)
		}
	}
	const get = `"GET / HTTP/1.1"`
	// Unquoted text: the split that lets the rest match.
	f(`$remote_user [$status] "$request"`, `a b [c [200] `+get, "a b [c", "200", "GET / HTTP/1.1")
	f(`$remote_user [$status] "$request"`, `- [200] `+get, "-", "200", "GET / HTTP/1.1")
	f(`$remote_user [$status] "$request"`, `- [x [200] `+get, "- [x", "200", "GET / HTTP/1.1")
	f(`$remote_user [$status] "$request"`, ` [200] `+get, "", "200", "GET / HTTP/1.1")
	f(`$http_user_agent $status "$request"`, `Mozilla/5.0 (X11; 200 x) 200 `+get, "Mozilla/5.0 (X11; 200 x)", "200", "GET / HTTP/1.1")
	f(`$http_a - $http_b - $status "$request"`, `x - y - z - 200 `+get, "x", "y - z", "200", "GET / HTTP/1.1")
	f(`$request | $http_user_agent`, `GET / HTTP/1.1 | a | b`, "GET / HTTP/1.1", "a | b")
	f(`$request`, `GET /a b HTTP/1.1`, "GET /a b HTTP/1.1")
	// A request without quotes beside other text: the split that makes it look like one.
	f(`$http_user_agent $request $status`, `my agent GET / HTTP/1.1 200`, "my agent", "GET / HTTP/1.1", "200")
	f(`$http_user_agent $request`, `GET GET /a HTTP/1.1 GET /b HTTP/1.1`, "GET GET /a HTTP/1.1", "GET /b HTTP/1.1")
	f(`$request $http_user_agent`, `GET / HTTP/1.1 my agent`, "GET / HTTP/1.1", "my agent")
	f(`$remote_user $request $http_user_agent $status`, `a b GET /200 HTTP/1.0 x 200 y 404`, "a b", "GET /200 HTTP/1.0", "x 200 y", "404")
	f(`$http_user_agent $request $status`, `my agent - 400`, "my", "agent -", "400") // nothing looks like one
	// Quoted text, with the escapes of nginx and Apache.
	f(`"$request" "$http_user_agent"`, get+` "a\x22b"`, "GET / HTTP/1.1", `a\x22b`)
	f(`"$request" "$http_user_agent"`, get+` "a\"b\\"`, "GET / HTTP/1.1", `a\"b\\`)
	f(`"$request" "$http_user_agent"`, get+` ""`, "GET / HTTP/1.1", "")
	// Words that a literal other than a blank ends.
	f(`$host:$server_port "$request"`, `[::1]:80 `+get, "[::1]", "80", "GET / HTTP/1.1")
	f(`$remote_addr, $request_id; "$request"`, `a,b, c;d; `+get, "a,b", "c;d", "GET / HTTP/1.1")
	// Numbers, with nothing between them.
	f(`$status$request_method $request_uri`, `200GET /`, "200", "GET", "/")
	f(`$time_iso8601$status "$request"`, `2019-01-22T03:56:14+03:30404 `+get, "2019-01-22T03:56:14+03:30", "404", "GET / HTTP/1.1")
	f(`$request_time,$request`, `0.123,GET / HTTP/1.1`, "0.123", "GET / HTTP/1.1")
	f(`$body_bytes_sent.$request`, `12.GET / HTTP/1.1`, "12", "GET / HTTP/1.1")
	// A target that begins with a slash.
	f(`$request_method $scheme://$host:$server_port$request_uri $status`, `GET https://h:8443/a b 200`, "GET", "https", "h", "8443", "/a b", "200")
	f(`$request_method $host$request_uri`, `GET h/a/b`, "GET", "h", "/a/b")
	f(`$request_method $scheme://$host$request_uri $status`, `OPTIONS http://h* 200`, "OPTIONS", "http", "h", "*", "200")
	f(`"$request_method $scheme://$host$request_uri" $status`, `"- http://_-" 400`, "-", "http", "_", "-", "400")
	f(`$request_method $scheme://$host$request_uri`, `GET http://h-`, "GET", "http", "h", "-")
	f(`$request_method $scheme://$host$request_uri`, `GET http://`, "GET", "http", "", "")
	// Lists.
	const lists = `$upstream_addr $upstream_status $upstream_response_time "$request"`
	f(lists, `- - - `+get, "-", "-", "-", "GET / HTTP/1.1")
	f(lists, `1.1.1.1:80, unix:/x : 2.2.2.2:80 502, 200 : 200 0.1, 0.2 : - `+get,
		"1.1.1.1:80, unix:/x : 2.2.2.2:80", "502, 200 : 200", "0.1, 0.2 : -", "GET / HTTP/1.1")
	f(`"$request" $upstream_response_time`, get+` 0.1, 0.2`, "GET / HTTP/1.1", "0.1, 0.2")
	f(`"$request" $upstream_response_time`, get+` - 0.321`, "GET / HTTP/1.1", "- 0.321")
	f(`"$request" "$upstream_response_time" $status`, get+` "0.1, 0.2" 200`, "GET / HTTP/1.1", "0.1, 0.2", "200")
	f(`[$proxy_upstream_name] [$x] "$request"`, `[] [a] b] `+get, "", "a] b", "GET / HTTP/1.1")
}

func TestScanMisses(t *testing.T) {
	f := func(format, line string, column int, reason string) {
		t.Helper()
		got, err := fieldsOf(t, mustCompile("", format, EscapeDefault), line)
		if err == nil {
			t.Errorf("%s: read as %q", line, got)
		} else if err.Column != column || err.Reason != reason {
			t.Errorf("%s: got column %d, %s; want %d, %s", line, err.Column, err.Reason, column, reason)
		}
	}
	const line = `1.2.3.4 - - [07/Feb/2024:00:00:01 +0500] "GET / HTTP/1.1" 200 12 "-" "curl"`
	f(combined, "", 1, `expected " - "`)
	f(combined, "W0526 13:13:45.295519       7 x.go:618] Neither", 6, `expected " - "`)
	f(combined, line+" ", len(line)+1, "expected the end of the line")
	f(combined, line+` "-"`, len(line)+1, "expected the end of the line")
	f(combined, line[:len(line)-1], len(line), `expected "\""`)
	f(combined, strings.Replace(line, "200", "20x", 1), 59, "expected a status of three digits for $status")
	f(combined, strings.Replace(line, "200", "2000", 1), 62, `expected " "`)
	f(combined, strings.Replace(line, " 12 ", " 1x2 ", 1), 64, `expected " \""`)
	f(combined, strings.Replace(line, " 12 ", " 1234567890123456789 ", 1), 63, "bad number for $body_bytes_sent")
	f(combined, strings.Replace(line, "Feb", "Fib", 1), 14, "bad time for $time_local")
	f(combined, strings.Replace(line, "07/", "31/", 1), 14, "bad time for $time_local")
	f(combined, strings.Replace(line, "GET", "G\"T", 1), 44, `expected "\" "`)
	f(`"$request" $request_time`, `"GET / HTTP/1.1" fast`, 18, "expected a number of seconds for $request_time")
	f(`"$request" $request_time`, `"GET / HTTP/1.1" 99999999999.0`, 18, "bad number for $request_time")
	f(`"$request" $time_iso8601`, `"GET / HTTP/1.1" 2024`, 18, "expected a time like 2006-01-02T15:04:05-07:00 for $time_iso8601")
	f(`"$request" $msec`, `"GET / HTTP/1.1" -`, 19, "no time")
	f(`"$request" $remote_addr`, `"GET / HTTP/1.1" a b`, 19, "expected the end of the line")
	f(`"$request" $http_a`, `"GET / HTTP/1.1" a "b`, 20, "expected the end of the line")
	f(`[$http_a] $request`, `a GET / HTTP/1.1`, 1, `expected "["`)
}

// An oracle is a pattern written as regular expressions, which try the same splits in the same order, slowly: first
// with $request looking like one where no quote tells its end, then as any text.
type oracle []*regexp.Regexp

func oracleOf(p *pattern) oracle {
	loose := regexpOf(p, false)
	if loose == nil || !p.bareRequest {
		return oracle{loose}
	}
	return oracle{regexpOf(p, true), loose}
}

// find returns what the first expression that matches finds.
func (o oracle) find(line []byte) []int {
	for _, expression := range o {
		if m := expression.FindSubmatchIndex(line); m != nil {
			return m
		}
	}
	return nil
}

func regexpOf(p *pattern, strict bool) *regexp.Regexp {
	text := map[op]string{
		opQuoted: `[^"]*`, opBlank: `[^ ]*`, opSearch: `[^"]*?`, opWord: `[^ "]*?`, opRest: `[^"]*`, opRestWord: `[^ "]*`,
		opInt: `-|[0-9]+`, opStatus: `-|[0-9]{3}`, opDecimal: `-|[0-9]+\.[0-9]+|[0-9]+`, opTimeLocal: `.{26}`,
	}
	var b strings.Builder
	b.WriteString(`^(?s:` + regexp.QuoteMeta(p.prefix))
	for _, s := range p.steps {
		if text[s.op] == "" {
			return nil // looks ahead
		}
		value := text[s.op]
		if strict && s.request {
			value = `[A-Z]+ [^ "]+? HTTP/[0-9]+?(?:\.[0-9]+?)??`
		}
		b.WriteString("(" + value + ")" + regexp.QuoteMeta(s.literal))
	}
	return regexp.MustCompile(b.String() + `)$`)
}

// lineFormats are formats for fuzzing: between them they use every way of finding an end.
var lineFormats = []string{
	combined,
	main + " $request_time",
	`$http_a $http_b [$remote_user] $status "$request" $http_c`,
	`$host:$server_port $request_method $scheme://$host$request_uri $status`,
	`$http_a a$http_b aa$request_id a$request`,
	`$http_a,$http_b,$http_c,$http_d,$http_e,$http_f,$request,$status`,
	`$request_time$request_method "$request_uri" $remote_addr`,
	`[$time_local] $uri$is_args$args $request_method`,
	`$upstream_addr $upstream_response_time $upstream_status "$request" $upstream_response_length`,
}

// TestScanLikeRegexp: formats and lines of a few pieces, so that most have many splits, of which the scanner has to
// find the same one as a regular expression, or none.
func TestScanLikeRegexp(t *testing.T) {
	variables := []string{"$http_a", "$http_b", "$request_id", "$status", "$body_bytes_sent", "$request_time", "$request"}
	pieces := []string{" ", "a", " - ", `"`, ",", "] [", "1", "200", "-", `" "`, "b", "aa", "0.5", "GET / HTTP/1.1", "HTTP/1.0", "GET ", ""}
	fits := 0
	rapid.Check(t, func(t *rapid.T) {
		text, line := "", ""
		for _, v := range append(rapid.SliceOfN(rapid.SampledFrom(variables), 0, 7).Draw(t, "variables"), "$request") {
			value := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 3).Draw(t, "value"), "")
			literal := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 2).Draw(t, "literal"), "")
			if strings.ContainsAny(literal[:min(1, len(literal))], "ab_12") {
				v = "${" + v[1:] + "}"
			}
			text += v + literal
			line += value + literal
		}
		c, err := Compile("", text, EscapeDefault)
		if err != nil || c.shape != shapeText {
			return
		}
		p := c.NewParser()
		ok := p.scan.match(&c.pattern, []byte(line), 0)
		m := oracleOf(&c.pattern).find([]byte(line))
		if ok != (m != nil) {
			t.Fatalf("%s\n%s\ngot %v (%s), the regular expression %v", text, line, ok, p.scan.miss.reason(), m)
		}
		if !ok {
			return
		}
		fits++
		for i, got := range p.scan.spans {
			if m[2*i+2] != got.start || m[2*i+3] != got.end {
				t.Fatalf("%s\n%s\nvalue %d is %v, the regular expression says %v", text, line, i, got, m[2*i+2:2*i+4])
			}
		}
	})
	if fits < 5 {
		t.Errorf("only %d lines fit: this proves nothing", fits)
	}
}

func FuzzLineDefault(f *testing.F) { fuzzLine(f, EscapeDefault) }
func FuzzLineJSON(f *testing.F)    { fuzzLine(f, EscapeJSON) }
func FuzzLineNone(f *testing.F)    { fuzzLine(f, EscapeNone) }

// fuzzLine: a line that fits is its literals and values put together again; plain lines split as a regular expression
// splits them; and a miss lies in the line.
func fuzzLine(f *testing.F, escape Escape) {
	var formats []*Format
	var oracles []oracle
	for i, text := range lineFormats {
		c := mustCompile("", text, escape)
		formats, oracles = append(formats, c), append(oracles, oracleOf(&c.pattern))
		line := renderLine(text, escape, map[string]string{
			"remote_addr": "1.2.3.4", "time_local": "07/Feb/2024:00:00:01 +0500", "request": "GET / HTTP/1.1", "status": "200", "body_bytes_sent": "12",
			"request_time": "0.123", "host": "h", "server_port": "80", "request_method": "GET", "scheme": "http", "request_uri": "/a", "uri": "/b",
			"upstream_response_time": "0.1, 0.2", "http_a": "a b", "http_b": "aa", "request_id": "a",
		})
		f.Add(line, uint8(i))
	}
	f.Add([]byte(`1.2.3.4 - - [07/Feb/2024:00:00:01 +0500] "GET /\"\\ HTTP/1.1" 200 12 "-" "a\x22"`), uint8(0))
	f.Add([]byte("a a a aaaa aa a a GET / HTTP/1.1"), uint8(4))
	f.Fuzz(func(t *testing.T, line []byte, which uint8) {
		c := formats[int(which)%len(formats)]
		p := c.NewParser()
		var e Entry
		line = line[:len(line):len(line)]
		if err := p.Parse(line, &e); err != nil {
			if m := p.scan.miss; m.pos < 0 || m.pos > len(line) || m.kind == missNone {
				t.Fatalf("%q: %v at %d", line, err, m.pos)
			}
		}
		p.scan.miss = miss{}
		ok := p.scan.match(&c.pattern, line, 0)
		if ok {
			checkPutTogether(t, &c.pattern, p.scan.spans, line)
		}
		if which := int(which) % len(formats); escape != EscapeNone && oracles[which][0] != nil && !bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' || r == '\\' }) {
			m := oracles[which].find(line)
			if ok != (m != nil) && escape == EscapeDefault {
				t.Fatalf("%q: got %v (%s), the regular expression %v", line, ok, p.scan.miss.reason(), m)
			}
			for i := range p.scan.spans {
				if got := p.scan.spans[i]; ok && m != nil && (m[2*i+2] != got.start || m[2*i+3] != got.end) {
					t.Fatalf("%q: value %d is %v, the regular expression says %v", line, i, got, m[2*i+2:2*i+4])
				}
			}
		}
	})
}

func checkPutTogether(t *testing.T, p *pattern, spans []span, line []byte) {
	t.Helper()
	got := []byte(p.prefix)
	for _, s := range p.steps {
		at := spans[s.span]
		got = append(append(got, line[at.start:at.end]...), s.literal...)
	}
	if !bytes.Equal(got, line) {
		t.Fatalf("%q was taken apart as %q", line, got)
	}
}

// TestScanLinear: no line makes the scanner work more than in proportion to its length.
func TestScanLinear(t *testing.T) {
	f := func(format string, escape Escape, prefix, piece, suffix string) {
		t.Helper()
		c := mustCompile("", format, escape)
		line := []byte(prefix + strings.Repeat(piece, (MaxLine-len(prefix)-len(suffix))/len(piece)) + suffix)
		var e Entry
		start := time.Now()
		err := c.Parse(line, &e)
		// A second is a hundred times what it takes, and far below what trying all splits would.
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%s on %q...: %v (%v)", format, line[:20], d, err)
		}
	}
	const manyTexts = `$http_a $http_b $http_c $http_d $http_e $status "$request"`
	f(manyTexts, EscapeDefault, "", " ", "x")
	f(manyTexts, EscapeDefault, "", "a ", `"`)
	f(manyTexts, EscapeDefault, "", " 200", ` 200 "GET / HTTP/1.1`)
	f(manyTexts, EscapeNone, "", ` 200 "`, "x")
	f(`$http_a[$http_b] "$http_c" x$request`, EscapeNone, "", `[] "" `, "")
	f(`$http_a $request`, EscapeDefault, "", " ", `"`)
	f(`$http_a $request $http_b $status`, EscapeDefault, "", "GET ", "")
	f(`$http_a $request $http_b $status`, EscapeNone, "", "GET / HTTP/1.1 ", "")
	f(`$http_a $request $http_b $status`, EscapeNone, "", "A  HTTP/1 ", "")
	f(`${http_a}x$remote_addr $status "$request"`, EscapeDefault, "", "x", "")
	f(`$http_a "$http_b" "$request" $status`, EscapeDefault, "", `\"`, "")
	f(`$http_a "$http_b" "$request" $status`, EscapeDefault, "", `\`, `"`)
	f(combined, EscapeDefault, `1.2.3.4 - `, ` [`, "")
	f(combined, EscapeDefault, "", "\x00", "")
	f(`{"r":"$request"}`, EscapeJSON, `{`, `"`, "")
	f(`{"r":"$request"}`, EscapeJSON, `{"x":`, `[`, "")
	f(`{"r":"$request"}`, EscapeJSON, `{"x":1`, `,  `, "")
	f(`{"r":"$request"}`, EscapeJSON, `{"x":"`, `\`, "")
	f(`{"r":"$request_method $http_a $http_b $request_uri"}`, EscapeJSON, `{"r":"`, ` `, `"}`)
	f("r:$request\ts:$status", EscapeDefault, "", "\t", "")
	f("r:$request\ts:$status", EscapeDefault, "", "a:\t", "")
}
