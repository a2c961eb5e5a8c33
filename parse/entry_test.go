package parse

import (
	"fmt"
	"strings"
	"testing"
)

func TestUpstreams(t *testing.T) {
	f := mustCompile("", `"$request" $upstream_addr $upstream_status $upstream_response_time`, EscapeDefault)
	check := func(line, want string) {
		t.Helper()
		e, bad := entryOf(t, f, `"GET / HTTP/1.1" `+line)
		if bad != nil {
			t.Errorf("%s: %v", line, bad)
			return
		}
		var got []string
		for u := range e.Upstreams() {
			got = append(got, fmt.Sprintf("%s %d %v", u.Addr, u.Status, u.Time))
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s: got %s, want %s", line, strings.Join(got, "|"), want)
		}
		for range e.Upstreams() {
			break // stopping early is fine
		}
	}
	check("- - -", "")
	check("10.0.0.1:80 200 0.123", "10.0.0.1:80 200 123ms")
	check("10.0.0.1:80, unix:/a 502, 200 0.001, 0.002", "10.0.0.1:80 502 1ms|unix:/a 200 2ms")
	check("10.0.0.1:80, [::1]:80 : 10.0.0.3:80 504, 302 : 200 1.000, - : 0.002", "10.0.0.1:80 504 1s|[::1]:80 302 -1ns|10.0.0.3:80 200 2ms")
	check("a 200, 404 -", "a 200 -1ns| 404 -1ns") // shorter lists end earlier
}

// Headers and cookies, absent ones left out; single cookies make up a header unless it was logged whole.
func TestCookies(t *testing.T) {
	check := func(format, line, want string) {
		t.Helper()
		e, bad := entryOf(t, mustCompile("", format, EscapeDefault), `"GET / HTTP/1.1" `+line)
		if bad != nil {
			t.Errorf("%s: %v", line, bad)
			return
		}
		var got []string
		for _, h := range e.Headers {
			got = append(got, fmt.Sprintf("%s: %s", h.Name, h.Value))
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s: got %q, want %s", line, got, want)
		}
	}
	check(`"$request" "$http_accept_language" "$http_X_Token"`, `"de" "-"`, "accept-language: de")
	check(`"$request" "$content_type" "$http_origin"`, `"text/plain" ""`, "content-type: text/plain|origin: ")
	check(`"$request" "$cookie_Session" "$cookie_b" "$http_accept"`, `"x\x22y" "z" "*/*"`, `accept: */*|cookie: Session=x"y; b=z`)
	check(`"$request" "$cookie_a" "$cookie_b"`, `"-" "z"`, "cookie: b=z")
	check(`"$request" "$cookie_a"`, `"-"`, "")
	check(`"$request" "$cookie_a" "$http_cookie"`, `"1" "a=1; c=2"`, "cookie: a=1; c=2")
}
