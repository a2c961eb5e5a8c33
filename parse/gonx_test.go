package parse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// On lines as they should be, both ways give the same entries. The list says where they part, and why.
func TestGonxReader(t *testing.T) {
	f := func(format string, escape Escape, line string, same bool) {
		t.Helper()
		ours := mustCompile("", format, escape)
		theirs, err := ours.Gonx()
		if err != nil {
			t.Fatal(err)
		}
		var a, b Entry
		errA, errB := ours.Parse([]byte(line), &a), theirs.Parse([]byte(line), &b)
		if got := cmp.Diff(a, b) == "" && fmt.Sprint(errA) == fmt.Sprint(errB); got != same {
			t.Errorf("%s:\nours %v %v\ngonx %v %v", line, brief(&a), errA, brief(&b), errB)
		}
	}
	f(combined, EscapeDefault, lineGET, true)
	f(combined, EscapeDefault, strings.Replace(lineGET, "curl", `a\x22b \x5C`, 1), true)
	f(combined, EscapeDefault, strings.Replace(lineGET, "GET / HTTP/1.1", `\x16\x03`, 1), true)
	f(main+` $request_time $upstream_response_time`, EscapeDefault, lineGET+` "1.2.3.4, 5.6.7.8" 0.123 0.100`, true)
	f(combined+` "$http_accept" "$cookie_a"`, EscapeDefault, lineGET+` "*/*" "b"`, true)
	f(`{"time":"$time_iso8601","request":"$request","status":$status}`, EscapeJSON, `{"time":"2019-01-22T03:56:14+03:30","request":"GET /\u00e9 HTTP/1.1","status":200}`, true)
	f("time:$time_iso8601\treq:$request\tua:$http_user_agent", EscapeDefault, "time:2019-01-22T03:56:14+03:30\treq:GET / HTTP/1.1\tua:curl", true)

	// An unquoted list: gonx ends it at the first blank and gives the next variable the rest.
	f(combined+` $upstream_response_time $request_id`, EscapeDefault, lineGET+` 0.1, 0.2 abc`, false)
	// A user with a blank in its name.
	f(combined, EscapeDefault, strings.Replace(lineGET, "- - ", "- a b ", 1), false)
	// A quote escaped as JSON and Apache do it.
	f(combined, EscapeJSON, strings.Replace(lineGET, "curl", `a\"b`, 1), false)
	// Keys in another order, or more of them.
	f(`{"request":"$request","status":$status}`, EscapeJSON, `{"status":200,"request":"GET / HTTP/1.1"}`, false)
	// gonx looks at the beginning of the line only.
	f(common, EscapeDefault, lineGET, false)
	// Both refuse it, and gonx does not say where.
	f(combined, EscapeDefault, "bad", false)
}

func TestGonxRefused(t *testing.T) {
	for _, format := range []string{`$scheme://$host$request_uri $request_method`, `"$request_method $uri$is_args$args"`, `"${request}"`, `x$request`, `"$request" $status $status`} {
		if _, err := mustCompile("", format, EscapeDefault).Gonx(); err == nil {
			t.Errorf("%s: no error", format)
		}
	}
}

// Every known format either works with gonx or is refused: gonx itself would hang or panic on some.
func TestGonxKnown(t *testing.T) {
	refused := 0
	for _, f := range KnownFormats() {
		if _, err := f.Gonx(); err != nil {
			refused++
		}
	}
	if refused > 2 {
		t.Errorf("%d formats are refused", refused)
	}
}

// A reader works with it as with any format, in parallel too.
func TestGonxFormat(t *testing.T) {
	f, err := mustCompile("combined", combined, EscapeDefault).Gonx()
	if err != nil {
		t.Fatal(err)
	}
	log := strings.Repeat(lineGET+"\nbad\n", 50)
	want := story(newCombined(strings.NewReader(strings.Repeat(lineGET+"\n\n", 50))))
	p := newParallelReader(strings.NewReader(log), "access.log", 2, []*Format{f})
	defer p.Close()
	n := 0
	for p.Scan() {
		e, bad := p.Entry()
		if bad != nil {
			if bad.Reason != "gonx finds no match" {
				t.Error(bad)
			}
			continue
		}
		n++
		if string(e.Target) != "/" || string(e.UserAgent) != "curl" {
			t.Error(brief(e))
		}
	}
	if n != len(want)-1 {
		t.Errorf("%d entries", n)
	}
}
