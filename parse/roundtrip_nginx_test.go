package parse

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ngxreplay/internal/nginxtest"
)

// A nginxFormat is a log_format, and the bytes in values that its literals can be mistaken for, whatever the escape.
type nginxFormat struct{ text, confuse string }

func nginxFormats() []nginxFormat {
	return []nginxFormat{
		{combined, ""}, {main, ""}, {common, ""},
		{combined + ` $msec $request_time $host $request_length`, ""},
		{`$host:$server_port ` + combined, ""},
		{main + ` rt=$request_time uct="$upstream_connect_time" uht="$upstream_header_time" urt="$upstream_response_time"`, ""},
		{combined + ` $request_length $request_time [] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $request_id`, ""},
		{`{"time":"$time_iso8601","msec":"$msec","request":"$request","status":"$status","ua":"$http_user_agent","ref":"$http_referer","bytes":"$bytes_sent"}`, ""},
		{`{"msec": $msec, "request": "$request", "status": $status, "body": $body_bytes_sent, "rt": $request_time, "urt": $upstream_response_time, "ua": "$http_user_agent"}`, ""},
		{`{"t":"$time_local","m":"$request_method","u":"$request_uri","p":"$server_protocol","s":"$scheme","h":"$http_host","ua":"$http_user_agent"}`, ""},
		{"time:$time_iso8601\treq:$request\tstatus:$status\tua:$http_user_agent\treferer:$http_referer\tsize:$body_bytes_sent", ""},
		{"$msec\t$request\t$status\t$http_user_agent\t$http_referer", ""},
		{`$msec | $request | $status | $http_user_agent | $http_referer`, "|"},
		{`[$time_iso8601] $status "$request" {$http_user_agent} <$http_referer>`, "{}<>"},
		{`$request_method "$request_uri" $server_protocol $status $body_bytes_sent "$http_host" "$http_user_agent"`, ""},
		{`[$time_local] "$request" "$http_cookie" "$cookie_session" "$http_accept_language" "$http_x_forwarded_for" "$content_type" $status`, ""},
		{`$msec "$request" $status "$request_body"`, ""},
		{`$time_local $status $request`, ""},
		{`$msec ($http_user_agent) $request $status $bytes_sent`, "()"},
	}
}

// A sentRequest is what the test sent, and so what the log has to give back.
type sentRequest struct {
	raw   string
	abort bool
	// line is the request line as nginx keeps it: all up to the first line end.
	line                   string
	method, target, proto  string // of a request that nginx could read; else ""
	origin                 bool   // the target is a path, which $request_uri then gives whole
	agent, referer, host   string
	cookie, session, body  string
	headers                bool // nginx read all of them
	status                 int  // as answered; 0 when the answer was lost
	bytesSent, bodyBytes   int
	prefix                 bool // too long: nginx keeps only the beginning
	following              []sentRequest
	language, forwarded    string
	contentType, transport string
}

// TestNginx sends what clients and attackers send to a real nginx and reads its logs: each field that a format holds
// and its escape keeps whole is what was sent, byte for byte.
func TestNginx(t *testing.T) {
	formats := nginxFormats()
	n := nginxtest.Start(t, nginxConf(formats))
	began := time.Now().Add(-2 * time.Second)
	var sent []sentRequest
	for _, s := range nastyRequests() {
		answer := send(t, n, []byte(s.raw), s.abort)
		if len(s.following) == 0 {
			s.answered(answer)
		}
		sent = append(append(sent, s), s.following...)
	}
	n.Stop(t)
	if len(sent) < 400 {
		t.Errorf("only %d requests", len(sent))
	}
	for i, f := range formats {
		for _, escape := range escapes {
			t.Run(fmt.Sprintf("%d/%s", i, escape), func(t *testing.T) {
				c := nginxCheck{format: mustCompile("", formatQuoter.Replace(f.text), escape), confuse: f.confuse, began: began}
				c.log(t, filepath.Join(n.Dir, fmt.Sprintf("f%d_%s.log", i, escape)), sent)
			})
		}
	}
}

// TestNginxDetected reads the logs of a real nginx without being told their formats, and finds the same requests.
// What tells columns apart is there for the default escape only: the others leave absent values out.
func TestNginxDetected(t *testing.T) {
	formats := nginxFormats()
	n := nginxtest.Start(t, nginxConf(formats))
	for _, s := range nastyRequests() {
		send(t, n, []byte(s.raw), s.abort)
	}
	n.Stop(t)
	for i, f := range formats {
		told := mustCompile("", formatQuoter.Replace(f.text), EscapeDefault)
		path := filepath.Join(n.Dir, fmt.Sprintf("f%d_default.log", i))
		s := mustOpen(t, path)
		d, err := Detect(s.Sample())
		if !told.HasTime() {
			if err == nil {
				t.Errorf("%s: found %s, and no time in it", f.text, d.Format)
			}
			continue
		}
		if err != nil || d.Share() < 0.98 {
			t.Errorf("%s: %+v, %v", f.text, d, err)
			continue
		}
		want, got := NewReader(mustOpen(t, path), path, told), NewReader(s, path, d.Formats...)
		for want.Scan() && got.Scan() {
			a, badA := want.Entry()
			b, badB := got.Entry()
			if badA != nil || badB != nil {
				continue
			}
			if a, b := fmt.Sprintf("%q %q %s %d", a.Method, a.Target, a.Unreplayable, a.Time/1e9), fmt.Sprintf("%q %q %s %d", b.Method, b.Target, b.Unreplayable, b.Time/1e9); a != b {
				t.Errorf("%s:%d: read as %s: got %s, want %s", f.text, got.Line(), d.Format, b, a)
			}
		}
		if c := got.Counts(); 50*c.Malformed > c.Lines || c.Lines != want.Counts().Lines {
			t.Errorf("%s: read as %v: %+v", f.text, d.Formats, c)
		}
	}
}

// answered notes what the client got: the status, and how many bytes.
func (s *sentRequest) answered(answer []byte) {
	head, body, ok := bytes.Cut(answer, []byte("\r\n\r\n"))
	if !ok || !bytes.HasPrefix(head, []byte("HTTP/1.1 ")) {
		return
	}
	fmt.Sscanf(string(head[9:12]), "%d", &s.status)
	s.bytesSent, s.bodyBytes = len(answer), len(body)
}

// A nginxCheck compares one log with what was sent.
type nginxCheck struct {
	format  *Format
	confuse string
	began   time.Time
	kept    int // fields compared
}

func (c *nginxCheck) log(t *testing.T, path string, sent []sentRequest) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// escape=none writes line feeds of a value as they are, but nginx lets none through.
	if lines := bytes.Count(data, []byte("\n")); lines != len(sent) {
		t.Fatalf("%d lines for %d requests", lines, len(sent))
	}
	p := c.format.NewParser()
	for i, line := range bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		s := &sent[i]
		if !c.preserved(s) {
			continue
		}
		var e Entry
		if err := p.Parse(line, &e); err != nil {
			t.Errorf("%q\n%s\n%v", s.raw, line, err)
			continue
		}
		if diff := c.compare(s, &e); diff != "" {
			t.Errorf("%.200q\n%s\n%s", s.raw, line, diff)
		}
	}
	t.Logf("%d fields of %d requests", c.kept, len(sent))
	if c.kept < 2*len(sent)/3 {
		t.Errorf("only %d fields of %d requests were compared", c.kept, len(sent))
	}
}

// preserved reports whether the line can be read at all: values that nginx does not escape must not hold what the
// format is made of.
func (c *nginxCheck) preserved(s *sentRequest) bool {
	values := strings.ReplaceAll(s.line+s.agent+s.referer+s.host+s.cookie+s.body+s.session+s.language+s.forwarded+s.contentType, absentValue, "")
	if strings.ContainsAny(values, c.confuse) && c.confuse != "" {
		return false
	}
	if c.format.escape != EscapeNone {
		return true
	}
	return !strings.ContainsFunc(values, func(r rune) bool { return r < ' ' || r == '"' || r == 0x7f })
}

// compare returns what differs.
func (c *nginxCheck) compare(s *sentRequest, e *Entry) string {
	var diffs []string
	holds := c.format.has.holds
	bytesField := func(name string, f field, got []byte, sent string, known bool) {
		if !known || !holds(f) {
			return
		}
		c.kept++
		want, absent := sent, sent == "" || sent == absentValue
		switch {
		case sent == absentValue:
			want = ""
		case c.format.escape == EscapeDefault && sent == "-":
			want, absent = "", true // nginx writes the same for a variable not found
		case c.format.escape == EscapeDefault && sent == "":
			absent = false
		}
		if string(got) != want || absent != (got == nil) {
			diffs = append(diffs, fmt.Sprintf("%s: got %q (nil: %v), sent %q", name, got, got == nil, sent))
		}
	}
	number := func(name string, f field, got, want int64, known bool) {
		if !known || !holds(f) {
			return
		}
		if c.kept++; got != want {
			diffs = append(diffs, fmt.Sprintf("%s: got %d, want %d", name, got, want))
		}
	}
	c.request(s, e, bytesField)
	bytesField("user agent", fieldUserAgent, e.UserAgent, s.agent, s.headers)
	bytesField("referer", fieldReferer, e.Referer, s.referer, s.headers)
	bytesField("body", fieldBody, e.Body, s.body, s.status == 200)
	if c.hasVariable("http_host") {
		bytesField("host", fieldHost, e.Host, s.host, s.headers)
	}
	if s.headers && c.hasVariable("cookie_session") {
		diffs = append(diffs, c.headers(s, e)...)
	}
	number("status", fieldStatus, int64(e.Status), int64(s.status), s.status != 0)
	number("bytes sent", fieldBytesSent, e.BytesSent, int64(s.bytesSent), s.status != 0)
	number("body bytes", fieldBodyBytes, e.BodyBytes, int64(s.bodyBytes), s.status != 0)
	number("request length", fieldRequestLength, e.RequestLength, int64(len(s.raw)), s.status == 200)
	at := time.Unix(0, e.Time)
	if c.format.HasTime() && (at.Before(c.began) || at.After(time.Now())) {
		diffs = append(diffs, fmt.Sprintf("time: %v", at))
	}
	if c.format.HasRequestTime() && (e.RequestTime < 0 || e.RequestTime > answerLimit) {
		diffs = append(diffs, fmt.Sprintf("request time: %v", e.RequestTime))
	}
	if c.hasVariable("upstream_addr") && s.status == 200 {
		for u := range e.Upstreams() {
			if u.Status != 200 || u.Time < 0 || !isEndpoint(u.Addr) {
				diffs = append(diffs, fmt.Sprintf("upstream: %+v", u))
			}
		}
	}
	return strings.Join(diffs, "\n")
}

// request compares the request line and what was made of it.
func (c *nginxCheck) request(s *sentRequest, e *Entry, field func(string, field, []byte, string, bool)) {
	if c.format.has.holds(fieldRequest) {
		switch {
		case s.prefix:
			field("request", fieldRequest, e.Request[:min(len(e.Request), 1000)], s.line[:1000], true)
		case s.line == "-":
			field("reason", fieldRequest, []byte(e.Unreplayable), string(Dash), true)
		default:
			field("request", fieldRequest, e.Request, s.line, true)
		}
		if s.method != "" {
			field("method", fieldRequest, e.Method, s.method, true)
			field("target", fieldRequest, e.Target, s.target, true)
			field("protocol", fieldRequest, e.Protocol, orAbsent(s.proto), true)
		}
		return
	}
	field("method", fieldMethod, e.Method, s.method, s.status == 200)
	field("target", fieldURI, e.Target, s.target, s.status == 200 && s.origin)
}

// headers compares what was sent in other headers.
func (c *nginxCheck) headers(s *sentRequest, e *Entry) []string {
	got := map[string]string{}
	for _, h := range e.Headers {
		got[string(h.Name)] = string(h.Value)
	}
	var diffs []string
	for name, want := range map[string]string{"cookie": s.cookie, "accept-language": s.language, "content-type": s.contentType} {
		if want == absentValue {
			want = ""
		}
		if c.kept++; got[name] != want {
			diffs = append(diffs, fmt.Sprintf("%s: got %q, sent %q", name, got[name], want))
		}
	}
	if want := strings.TrimPrefix(s.forwarded, absentValue); string(e.ForwardedFor) != want {
		diffs = append(diffs, fmt.Sprintf("forwarded for: got %q, sent %q", e.ForwardedFor, want))
	}
	return diffs
}

func (c *nginxCheck) hasVariable(name string) bool {
	for _, v := range c.format.vars {
		if v == name {
			return true
		}
	}
	return false
}

// absentValue stands for a header that was not sent.
const absentValue = "\x00absent"

func orAbsent(s string) string {
	if s == "" {
		return absentValue
	}
	return s
}
