package parse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// inferLines are traffic with all that tells columns from each other: bodies that are empty, upstreams that were not
// asked, requests that are none.
func inferLines(format string, escape Escape) []byte {
	var log []byte
	for i := range 40 {
		values := map[string]string{
			"remote_addr": fmt.Sprintf("10.0.0.%d", i), "time_local": fmt.Sprintf("07/Feb/2024:00:00:%02d +0500", i), "time_iso8601": fmt.Sprintf("2024-02-07T00:00:%02d+05:00", i),
			"msec": fmt.Sprintf("1707246%03d.123", i), "request": fmt.Sprintf("GET /product/%d?q=a HTTP/1.1", i), "request_method": "GET", "request_uri": fmt.Sprintf("/product/%d?q=a", i), "server_protocol": "HTTP/1.1",
			"status": "200", "body_bytes_sent": fmt.Sprint(i * 100), "request_length": fmt.Sprint(300 + i), "request_time": fmt.Sprintf("0.%03d", 100+i),
			"upstream_response_time": fmt.Sprintf("0.%03d", 50+i), "upstream_addr": "10.1.1.1:8080", "http_user_agent": "Mozilla/5.0 (X11)", "http_referer": "https://example.com/a",
			"http_x_forwarded_for": "5.6.7.8, 9.9.9.9", "host": "example.com", "scheme": "https", "request_id": "758ba8fb902cb11cd7abf831fe81499c", "gzip_ratio": "2.51", "pipe": ".",
		}
		switch i % 5 {
		case 1:
			values["status"], values["body_bytes_sent"] = "304", "0"
			delete(values, "upstream_response_time")
			delete(values, "upstream_addr")
		case 2:
			values["upstream_addr"], values["upstream_response_time"] = "10.1.1.1:8080, 10.1.1.2:8080", "0.010, 0.020"
			delete(values, "http_referer")
		case 3:
			values["remote_user"] = "joe"
			delete(values, "gzip_ratio")
		}
		log = append(append(log, renderLine(format, escape, values)...), '\n')
	}
	return log
}

func TestInfer(t *testing.T) {
	f := func(format, want, guessed string) {
		t.Helper()
		log := inferLines(mustCompile("", format, EscapeDefault).text, EscapeDefault)
		d, err := Detect(log)
		if err != nil {
			t.Errorf("%s: %v\n%s", format, err, bytes.SplitN(log, []byte("\n"), 2)[0])
			return
		}
		var names []string
		for _, g := range d.Guessed {
			names = append(names, g.Variable)
		}
		if d.Format.String() != want || strings.Join(names, " ") != guessed || d.Fit != 40 || d.Lines != 40 || d.Share() != 1 || len(d.Formats) != 1 {
			t.Errorf("%s:\n got %s, guessed %s, %d of %d\nwant %s, guessed %s", format, d.Format, strings.Join(names, " "), d.Fit, d.Lines, want, guessed)
		}
		again, err := Compile("", d.Format.String(), d.Format.Escape())
		if err != nil {
			t.Fatal(err)
		}
		s := newSample(log)
		if fit, _ := s.fit(again, &nearMiss{}); fit != 40 {
			t.Errorf("%s: pasted, it fits %d lines", d.Format, fit)
		}
	}
	same := func(format, guessed string) { t.Helper(); f(format, format, guessed) }
	same(`$time_iso8601 $remote_addr "$request" $status $body_bytes_sent`, "body_bytes_sent")
	same(`$msec $remote_addr "$request" $status`, "")
	same(`$remote_addr [$time_local] "$request" $status $request_length $body_bytes_sent $request_time`, "request_length body_bytes_sent request_time")
	same(`$remote_addr [$time_local] "$request" $status $body_bytes_sent $request_length`, "request_length body_bytes_sent")
	same(`$remote_addr [$time_local] "$request" $status $request_time $upstream_response_time`, "request_time upstream_response_time")
	same(`$remote_addr [$time_local] "$request" $status $upstream_response_time $request_time`, "request_time upstream_response_time")
	same(`[$time_local] $remote_addr - $remote_user "$request" $status "$http_user_agent" "$http_referer"`, "")
	same(`[$time_local] $status $request $remote_addr`, "")
	same(`$time_local|$remote_addr|$request|$status|$http_user_agent`, "")
	same(`$msec | $request | $status | $http_user_agent | $http_referer`, "")
	same("$msec\\t$request\\t$status\\t$http_user_agent\\t$http_referer", "")
	same(`[$time_iso8601] $status "$request" {$http_user_agent} <$http_referer>`, "")
	same(`"$time_local","$remote_addr","$request",$status`, "")
	same(`$remote_addr [$time_local] rt=$request_time urt="$upstream_response_time" $status "$request"`, "request_time")
	same(`$host $remote_addr [$time_local] "$request" $status "$http_x_forwarded_for" $scheme $upstream_addr`, "host")
	same(`$time_iso8601 $remote_addr $request_method "$request_uri" $server_protocol $status`, "request_uri")
	f(`$time_iso8601 $remote_addr $request_method $request_uri $server_protocol $status`, `$time_iso8601 $remote_addr $request $status`, "")
	// What cannot be known gets a name that says so.
	f(`$remote_addr [$time_local] "$request" $status $request_id $gzip_ratio "$http_x_a" $pipe`, `$remote_addr [$time_local] "$request" $status $word_5 $word_6 "$text_7" $word_8`, "")
	f(`req: "$request" at: [$time_local] by: $remote_addr`, `req: "$request" at: [$time_local] by: $remote_addr`, "")
	// Four times, none of them on every line: no $request_time.
	f(`[$time_local] "$request" $upstream_response_time $upstream_response_time`, `[$time_local] "$request" $list_3 $list_4`, "")
}

// Without a request or a time there is nothing to replay.
func TestInferNone(t *testing.T) {
	for _, log := range []string{
		"", "hello world\nhello world\n", "2024-02-07T00:00:01Z started 200\n", `[error] "GET / HTTP/1.1" 200`, `1.2.3.4 "GET / HTTP/1.1" 200`, strings.Repeat("a ", 1000),
	} {
		if d, err := Detect([]byte(log)); err == nil {
			t.Errorf("%s: %s", log, d.Format)
		}
	}
}

// A known format that two durations fit says that it was chosen among them.
func TestDetectGuessed(t *testing.T) {
	f := func(line, want string) {
		t.Helper()
		d, err := Detect([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(d.Guessed); got != want {
			t.Errorf("%s: got %s, want %s", line, got, want)
		}
	}
	f(lineGET, "[]")
	f(lineGET+" 0.003", `[$request_time for values like "0.003"]`)
	f(lineGET+" 1707246001.123 0.003 example.com 312", "[]")
	f(`{"msec":1548116774.123,"request":"GET / HTTP/1.1","request_time":0.1}`, "[]")
	f(`{"msec":1548116774.123,"request":"GET / HTTP/1.1","duration":0.1}`, `[$request_time for values like "0.1"]`)
	f(`{"msec":1548116774.123,"request":"GET / HTTP/1.1","duration":100}`, "[]") // milliseconds, who knows
}

// A file whose format was changed is read with both.
func TestDetectSeveral(t *testing.T) {
	f := func(log string, want Counts, names ...string) {
		t.Helper()
		d, err := Detect([]byte(log))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range d.Formats {
			got = append(got, f.Name())
		}
		if diff := cmp.Diff(names, got); diff != "" || d.Format != d.Formats[0] {
			t.Error(diff)
		}
		r := NewReader(strings.NewReader(log), "x", d.Formats...)
		for r.Scan() {
		}
		if r.Counts() != want || int64(d.Fit) != want.Entries {
			t.Errorf("got %+v, fit %d, want %+v", r.Counts(), d.Fit, want)
		}
	}
	old := strings.Repeat(lineGET+"\n", 5)
	json := `{"time":"2019-01-22T03:56:14+03:30","request":"GET / HTTP/1.1"}` + "\n"
	odd := strings.Repeat(`1.2.3.4 [07/Feb/2024:00:00:01 +0500] "GET / HTTP/1.1" 200 [x]`+"\n", 3)
	f(old+strings.Repeat(lineGET+` "-"`+"\n", 2)+"junk\n", Counts{8, 7, 1, 0}, "combined", "main")
	f(old+json+json, Counts{7, 7, 0, 0}, "combined", "")
	f(old+odd, Counts{8, 8, 0, 0}, "combined", "inferred")
	f(old+odd+json+json, Counts{10, 10, 0, 0}, "combined", "", "inferred")
	// A line that was cut, and junk, are no formats.
	f(old+strings.TrimSuffix(lineGET, ` "-" "curl"`)+"\n", Counts{6, 5, 1, 0}, "combined")
	f(old+"I0526 started\nI0526 stopped\nI0526 started\n", Counts{8, 5, 3, 0}, "combined")
}

// Which format a line is read by does not depend on the lines around it.
func TestReaderSeveral(t *testing.T) {
	log := lineGET + "\n" + lineGET + ` "-"` + "\nbad\n" + lineGET + "\n"
	combined, _ := Lookup("combined")
	main, _ := Lookup("main")
	r := NewReader(strings.NewReader(log), "x", main, combined)
	var got []string
	for r.Scan() {
		if _, bad := r.Entry(); bad != nil {
			got = append(got, bad.Error())
		} else {
			got = append(got, r.Format().Name())
		}
	}
	if want := []string{"combined", "main", `x:3:4: expected " - "`, "combined"}; !cmp.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// FuzzInfer: an inferred format fits lines, can be pasted, and does not come from nowhere.
func FuzzInfer(f *testing.F) {
	f.Add([]byte(`1.2.3.4 [07/Feb/2024:00:00:01 +0500] "GET / HTTP/1.1" 200 0.003 "x" [y] a=b, c`), byte(' '))
	f.Add([]byte("2024-02-07T00:00:01Z|GET / HTTP/1.1|200||x\n2024-02-07T00:00:01Z|GET /|-||y"), byte('|'))
	f.Add([]byte(`"07/Feb/2024:00:00:01 +0500","GET / HTTP/1.1",rt=0.1, 0.2`), byte(','))
	f.Fuzz(func(t *testing.T, log []byte, separator byte) {
		s := newSample(log)
		if len(s.lines) == 0 {
			return
		}
		format, guesses := infer(s.lines, separator)
		if format == nil {
			return
		}
		again, err := Compile("", format.String(), format.Escape())
		if err != nil || again.text != format.text {
			t.Fatalf("%s: %v", format, err)
		}
		for _, g := range guesses {
			if !strings.Contains(format.text, g.Variable) {
				t.Fatalf("%s: guessed %s", format, g)
			}
		}
		if !format.HasTime() {
			t.Fatalf("%s", format)
		}
	})
}

// No sample keeps Detect busy: the work is bounded by its size.
func TestDetectHostile(t *testing.T) {
	for _, piece := range []string{"\"", "[", "{", "<", "a=", "a ", "GET ", "GET / HTTP/1.1 ", " - ", `1.2.3.4 - - [`, `{"a":`, `{"log":"`, "a:b\t", "<1>", ", ", " : ", `\`, `\x`, "|", ";", "1\n", "\"\n", "a=\"b\" [c] \n", "- - [07/Feb/2024:00:00:01 +0500] \"\n"} {
		sample := []byte(strings.Repeat(piece, PeekSize/len(piece)))
		start := time.Now()
		d, err := Detect(sample)
		// A second is far above what it takes, and far below what trying everything would.
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%q: %v", piece, took)
		}
		if err == nil && d.Format == nil {
			t.Errorf("%q: neither a format nor an error", piece)
		}
	}
}
