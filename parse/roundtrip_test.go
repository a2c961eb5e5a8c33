package parse

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/satyrius/gonx"
	"pgregory.net/rapid"
)

// anyBytes draws what a client can put into a header: any bytes, those that need escapes more often. nginx cannot
// tell an empty value from one not found under some escapes, so it is not empty, and not "-".
func anyBytes(t *rapid.T, label string) string {
	b := rapid.SliceOfN(rapid.OneOf(
		rapid.Byte(),
		rapid.SampledFrom([]byte("\"\\ -x[]{}:,\t\x00\x1f\x7f\x80\xff\r\n")),
		rapid.SampledFrom([]byte("abcxyz0189/?=&%")),
	), 1, 30).Draw(t, label)
	if string(b) == "-" {
		return "x"
	}
	return string(b)
}

// A request as the test sends it, and what the log should give back.
func drawEntry(t *rapid.T) (values map[string]string, want Entry) {
	at := rapid.Int64Range(0, 4e9).Draw(t, "time")
	millis := rapid.Int64Range(0, 999).Draw(t, "millis")
	zone := time.FixedZone("", rapid.IntRange(-47, 56).Draw(t, "quarters")*15*60)
	when := time.Unix(at, 0).In(zone)
	status := rapid.SampledFrom([]int{0, 9, 101, 200, 304, 404, 499, 502}).Draw(t, "status")
	method := rapid.SampledFrom([]string{"GET", "POST", "PUT", "M-SEARCH", "x_y"}).Draw(t, "method")
	target := "/" + strings.Trim(strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == 0 {
			return 'x'
		}
		return r
	}, strings.ToValidUTF8(anyBytes(t, "target"), "y")), " ")
	size := rapid.Int64Range(0, 1e15).Draw(t, "size")
	requestTime := rapid.Int64Range(0, 1e6).Draw(t, "request time")
	want = Entry{
		Time: at*1e9 + millis*1e6, Precision: time.Millisecond,
		RequestTime: time.Duration(requestTime) * time.Millisecond, UpstreamTime: Absent,
		Method: []byte(method), Target: []byte(target), Protocol: []byte("HTTP/1.1"),
		Status: status, BodyBytes: size, BytesSent: Absent, RequestLength: Absent,
		Connection: Absent, ConnectionRequests: Absent,
		Client: []byte("2001:db8::1"),
	}
	want.Request = fmt.Appendf(nil, "%s %s HTTP/1.1", method, target)
	values = map[string]string{
		"time_local": when.Format(localLayout), "time_iso8601": when.Format(time.RFC3339), "msec": fmt.Sprintf("%d.%03d", at, millis),
		"request": string(want.Request), "status": fmt.Sprintf("%03d", status), "body_bytes_sent": fmt.Sprint(size),
		"request_time": fmt.Sprintf("%d.%03d", requestTime/1000, requestTime%1000), "remote_addr": "2001:db8::1",
	}
	for name, place := range map[string]*[]byte{"http_user_agent": &want.UserAgent, "http_referer": &want.Referer, "http_host": &want.Host, "request_body": &want.Body} {
		if rapid.Bool().Draw(t, name+" found") {
			values[name] = anyBytes(t, name)
			*place = []byte(values[name])
		}
	}
	return values, want
}

// What is rendered as nginx renders it is parsed as it was, in every shape and under the escapes that keep it whole.
func TestRoundTrip(t *testing.T) {
	quoted := []string{"request", "http_user_agent", "http_referer", "http_host", "request_body", "time_local", "time_iso8601"}
	bare := []string{"status", "body_bytes_sent", "request_time", "msec", "remote_addr"}
	rapid.Check(t, func(t *rapid.T) {
		values, want := drawEntry(t)
		escape := rapid.SampledFrom([]Escape{EscapeDefault, EscapeJSON}).Draw(t, "escape")
		names := rapid.Permutation(append(slices.Clone(quoted), bare...)).Draw(t, "names")
		text := ""
		switch shape := rapid.SampledFrom([]string{"text", "json", "ltsv"}).Draw(t, "shape"); {
		case shape == "json":
			var members []string
			for _, name := range names {
				value := `"$` + name + `"`
				if slices.Contains(bare, name) && name != "remote_addr" && rapid.Bool().Draw(t, "bare") {
					value = "$" + name
				}
				members = append(members, `"k_`+name+`":`+value)
			}
			text = "{" + strings.Join(members, ", ") + "}"
		case shape == "ltsv" && escape == EscapeDefault:
			var labels []string
			for _, name := range names {
				labels = append(labels, name+":$"+name)
			}
			text = strings.Join(labels, "\t")
		default:
			var parts []string
			for _, name := range names {
				if slices.Contains(quoted, name) || escape == EscapeJSON && name != "remote_addr" {
					name = `"$` + name + `"`
				} else {
					name = "$" + name
				}
				parts = append(parts, name)
			}
			text = strings.Join(parts, rapid.SampledFrom([]string{" ", " - ", "|", " ~ "}).Draw(t, "between"))
		}
		f, err := Compile("", formatQuoter.Replace(text), escape)
		if err != nil {
			t.Fatal(err)
		}
		line := renderLine(text, escape, values)
		var got Entry
		if err := f.Parse(line, &got); err != nil {
			t.Fatalf("%s\n%s\n%v", text, line, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s\n%s\n%s", text, line, diff)
		}
	})
}

// Under escape=none only what the literals cannot be mistaken for survives.
func TestRoundTripNone(t *testing.T) {
	f := mustCompile("", `[$msec] "$request" $status {"ua":"$http_user_agent"} <<<$request_body>>>`, EscapeNone)
	rapid.Check(t, func(t *rapid.T) {
		agent := rapid.SampledFrom([]string{"", "-", `say "hi"`, `\x22`, `"} <<`, "a\tb", "\xff"}).Draw(t, "agent")
		body := rapid.SampledFrom([]string{"", `{"a":"b \"c\""}`, "<<<", ">>", `"} <<<x`}).Draw(t, "body")
		target := rapid.SampledFrom([]string{"/", `/"`, `/" 200 x`, `/\x22`}).Draw(t, "target")
		values := map[string]string{"msec": "1.5", "request": "GET " + target + " HTTP/1.1", "status": "200", "http_user_agent": agent, "request_body": body}
		line := renderLine(f.text, EscapeNone, values)
		var e Entry
		if err := f.Parse(line, &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if string(e.Target) != target || string(e.UserAgent) != agent || string(e.Body) != body {
			t.Fatalf("%s: got %q %q %q", line, e.Target, e.UserAgent, e.Body)
		}
	})
}

// On well-formed lines gonx finds the same fields. Where it does not, it is because gonx keeps escapes as they stand
// and "-" as it is, takes a number for any text, and shifts the fields when an unquoted value holds a blank: the
// values here have none of these.
func TestGonx(t *testing.T) {
	formats := []string{combined, main, common, main + " $request_time", combined + " $msec $request_time $host $request_length", `[$time_local] $status "$request" $remote_addr`}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-zA-Z0-9/.:;=()%+-]{2,20}( [a-zA-Z0-9/.]{1,9})?`)
		when := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "time"), 0).In(time.FixedZone("", 3600))
		values := map[string]string{
			"remote_addr": "1.2.3.4", "remote_user": rapid.SampledFrom([]string{"joe", "-"}).Draw(t, "user"), "time_local": when.Format(localLayout),
			"request": "GET /" + word.Draw(t, "target") + " HTTP/1.1", "status": "200", "body_bytes_sent": "12", "http_referer": word.Draw(t, "referer"),
			"http_user_agent": word.Draw(t, "agent"), "http_x_forwarded_for": "5.6.7.8, 9.9.9.9", "request_time": "0.123", "msec": "1707246001.123",
			"host": "example.com", "request_length": "312",
		}
		text := rapid.SampledFrom(formats).Draw(t, "format")
		line := string(renderLine(text, EscapeDefault, values))
		theirs, err := gonx.NewParser(text).ParseString(line)
		if err != nil {
			t.Fatal(err)
		}
		f := mustCompile("", text, EscapeDefault)
		p := f.NewParser()
		var e Entry
		if err := p.Parse([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		for _, s := range f.pattern.steps {
			at := p.scan.spans[s.span]
			if want, err := theirs.Field(s.name); err != nil || line[at.start:at.end] != want {
				t.Fatalf("%s\n$%s: got %q, gonx finds %q, %v", line, s.name, line[at.start:at.end], want, err)
			}
		}
		if e.Time != when.UnixNano() && f.Precision() == time.Second || e.Status != 200 {
			t.Fatalf("%s: %+v", line, e)
		}
	})
}
