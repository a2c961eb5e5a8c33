package parse

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestDetect(t *testing.T) {
	f := func(sample, name, format string, fit, lines int) *Format {
		t.Helper()
		d, err := Detect([]byte(sample))
		if err != nil {
			t.Errorf("%s: %v", sample, err)
			return nil
		}
		if d.Format.Name() != name || format != "" && d.Format.String() != format || d.Fit != fit || d.Lines != lines {
			t.Errorf("%s:\n got %s %s, %d of %d\nwant %s %s, %d of %d", sample, d.Format.Name(), d.Format, d.Fit, d.Lines, name, format, fit, lines)
		}
		again, err := Compile(name, d.Format.String(), d.Format.Escape())
		if err != nil || again.text != d.Format.text {
			t.Errorf("%s: String does not compile: %v", d.Format, err)
		}
		return d.Format
	}
	const line = lineGET + "\n"
	f(line, "combined", combined, 1, 1)
	f(lineGET, "combined", "", 1, 1)
	f("\n\n"+line+"junk\n"+line, "combined", "", 2, 3)
	f(line+line+lineGET[:30], "combined", "", 2, 2) // cut by the end of the sample
	f(line+line+lineGET[:30]+"\n", "combined", "", 2, 3)
	f(lineGET+"\r\n"+lineGET+"\r\n", "combined", "", 2, 2)
	f("\xef\xbb\xbf"+line, "combined", "", 1, 1)
	f("\x00\x00"+line, "combined", "", 1, 1)
	f(strings.TrimSuffix(lineGET, ` "-" "curl"`), "common", "", 1, 1)
	f(lineGET+` "-"`, "main", "", 1, 1)
	f(lineGET+` 0.003`, "combined_time", "", 1, 1)
	f(lineGET+" 0.003, 0.001\n"+lineGET+" 0.003\n", "combined_upstream", "", 2, 2)
	f(lineGET+` 0.003 0.002`, "combined_times", "", 1, 1)
	f(lineGET+` 1707246001.123`, "combined_msec", "", 1, 1)
	f(lineGET+` 1707246001.123 0.003`, "combined_msec_time", "", 1, 1)
	f(lineGET+` 0.003 1707246001.123`, "combined_time_msec", "", 1, 1)
	f(lineGET+` 0.003 - .`, "timed_combined", "", 1, 1)
	f(lineGET+` "-" 0.003`, "main_time", "", 1, 1)
	f(lineGET+` 1707246001.123 0.003 example.com 312`, "timed", "", 1, 1)
	f(`example.com:443 `+lineGET, "vhost_combined", "", 1, 1)
	f(`example.com `+lineGET, "host_combined", "", 1, 1)
	f(lineGET+` 0 0.004 [] [] - - - - 758ba8fb902cb11cd7abf831fe81499c`, "upstreaminfo", "", 1, 1)
	f(lineGET+` 312 0.004 [default-web-80] [] 10.0.0.1:80, 10.0.0.2:80 0, 12 0.001, 0.002 502, 200 758ba8fb902cb11cd7abf831fe81499c`, "upstreaminfo", "", 1, 1)
	f(lineGET+` 312 0.004 [default-web-80] 10.0.0.1:80 12 0.002 200 758ba8fb902cb11cd7abf831fe81499c`, "upstreaminfo_0.20", "", 1, 1)
	f(`[07/Feb/2024:00:00:01 +0500] - 200 200 - GET https example.com "/a?b" [Client 1.2.3.4] [Length 12] [Gzip -] [Sent-to 10.0.0.1] "curl" "-"`, "nginx_proxy_manager", "", 1, 1)

	// By keys.
	f(`{"time":"2019-01-22T03:56:14+03:30","remote_addr":"1.2.3.4","request":"GET / HTTP/1.1","status":200,"body_bytes_sent":1,"x":{}}`, "",
		`{"time":"$time_iso8601","remote_addr":"$remote_addr","request":"$request","status":$status,"body_bytes_sent":$body_bytes_sent}`, 1, 1)
	f(`{"@timestamp":"2019-01-22T03:56:14+03:30","Method":"GET","path":"/a","StatusCode":"200","size":"1","duration":0.1,"client-ip":"::1","User-Agent":"curl","X-Forwarded-For":"","vhost":"h"}`, "",
		`{"@timestamp":"$time_iso8601","Method":"$request_method","path":"$request_uri","size":"$body_bytes_sent","duration":$request_time,"client-ip":"$remote_addr","User-Agent":"$http_user_agent","X-Forwarded-For":"$http_x_forwarded_for","vhost":"$host"}`, 1, 1)
	f(`{"msec":1548116774.123,"request":"GET / HTTP/1.1","http_accept":"*/*"}`, "",
		`{"msec":$msec,"request":"$request","http_accept":"$http_accept"}`, 1, 1)
	f(`{"time":"2019-01-22T03:56:14+03:30","method":"GET","uri":"/a","args":"b=c"}`, "",
		`{"time":"$time_iso8601","method":"$request_method","uri":"$uri","args":"$args"}`, 1, 1)
	f(`{"time":"2019-01-22T03:56:14+03:30","method":"GET","request_uri":"/a?b=c","uri":"/index.php","args":"b=c"}`, "",
		`{"time":"$time_iso8601","method":"$request_method","request_uri":"$request_uri","uri":"$uri","args":"$args"}`, 1, 1)
	f(`{"time":"2019-01-22T03:56:14+03:30","request_method":"GET","request":"/a"}`, "",
		`{"time":"$time_iso8601","request_method":"$request_method","request":"$request_uri"}`, 1, 1)
	f(`{"t":"2019-01-22T03:56:14+03:30","m":"GET","u":"/a","p":"HTTP/1.1","x":"y"}`, "",
		`{"t":"$time_iso8601","m":"$request_method","u":"$request_uri","p":"$server_protocol"}`, 1, 1)
	f(`{"t":1548116774.123,"r":"GET / HTTP/1.1","body":12}`, "", `{"t":$msec,"r":"$request","body":$body_bytes_sent}`, 1, 1)
	f("time:2015-09-06T05:58:05+09:00\thost:1.2.3.4\tmethod:POST\turi:/foo\tstatus:200\tsize:12\tapptime:0.057\tua:UA1\tvhost:h\n", "",
		`time:$time_iso8601\thost:$remote_addr\tmethod:$request_method\turi:$request_uri\tstatus:$status\tsize:$body_bytes_sent\tapptime:$upstream_response_time\tua:$http_user_agent\tvhost:$host`, 1, 1)
	f("I0526 starting\n"+`{"ts":1548116774,"req":"GET / HTTP/1.1"}`+"\n", "", `{"ts":$msec,"req":"$request"}`, 1, 2)

	fine := f(`{"ts":"2019-01-22T03:56:14.123456Z","req":"GET / HTTP/1.1"}`, "", `{"ts":"$time_iso8601","req":"$request"}`, 1, 1)
	if fine.Precision() != time.Microsecond {
		t.Error(fine.Precision())
	}
	if e := f(`{"ts":"1","req":"GET / HTTP/1.1","ua":"\x22"}`, "", "", 1, 1).Escape(); e != EscapeDefault {
		t.Error(e)
	}
	if e := f(`{"ts":"1","req":"GET / HTTP/1.1","ua":"-","ref":"-"}`, "", "", 1, 1).Escape(); e != EscapeDefault {
		t.Error(e)
	}
	if e := f(`{"ts":"1","req":"GET / HTTP/1.1","ua":"-","ref":""}`, "", "", 1, 1).Escape(); e != EscapeJSON {
		t.Error(e)
	}
}

// Every known format is detected from a line of its own.
func TestDetectKnown(t *testing.T) {
	values := map[string]string{
		"remote_addr": "1.2.3.4", "the_real_ip": "1.2.3.4", "remote_user": "joe", "time_local": "07/Feb/2024:00:00:01 +0500", "msec": "1707246001.123",
		"request": "GET /a HTTP/1.1", "request_method": "GET", "request_uri": "/a", "status": "200", "body_bytes_sent": "12", "http_referer": "-",
		"http_user_agent": "curl", "http_x_forwarded_for": "5.6.7.8", "request_time": "0.123", "request_length": "312", "host": "example.com",
		"server_name": "example.com", "server_port": "443", "scheme": "https", "pipe": ".", "gzip_ratio": "2.5", "server": "10.0.0.1", "req_id": "758ba8fb902cb11c",
		"proxy_upstream_name": "default-web-80", "proxy_alternative_upstream_name": "", "upstream_addr": "10.0.0.1:80, 10.0.0.2:80", "upstream_cache_status": "HIT",
		"upstream_status": "502, 200", "upstream_response_length": "0, 12", "upstream_response_time": "0.001, 0.002", "upstream_connect_time": "0.001",
		"upstream_header_time": "0.001",
	}
	for _, f := range KnownFormats() {
		line := renderLine(f.text, f.escape, values)
		d, err := Detect(append(line, '\n'))
		if err != nil || d.Format != f {
			t.Errorf("%s: %s is detected as %+v, %v", f.Name(), line, d, err)
			continue
		}
		e, lineErr := entryOf(t, f, string(line))
		if lineErr != nil || string(e.Method) != "GET" || string(e.Target) != "/a" || e.Status != 200 || e.BodyBytes != 12 || string(e.Client) != "1.2.3.4" {
			t.Errorf("%s: got %+v, %v", f.Name(), e, lineErr)
		}
	}
}

func TestDetectUnknown(t *testing.T) {
	_, err := Detect(nil)
	if !errors.Is(err, ErrNoLines) {
		t.Error(err)
	}
	_, err = Detect([]byte("\n \r\n\x00\n"))
	if !errors.Is(err, ErrNoLines) {
		t.Error(err)
	}
	f := func(sample, name string, column int, want string) {
		t.Helper()
		_, err := Detect([]byte(sample))
		var unknown *UnknownFormatError
		if !errors.Is(err, ErrUnknownFormat) || !errors.As(err, &unknown) {
			t.Errorf("%s: got %v", sample, err)
			return
		}
		near := ""
		if unknown.Nearest != nil {
			near = unknown.Nearest.Name()
		}
		if near != name || unknown.Cause.Column != column || err.Error() != want {
			t.Errorf("%s:\n got %s %d %v\nwant %s", sample, near, unknown.Cause.Column, err, want)
		}
	}
	const noTime = `1.2.3.4 - - [yesterday] "GET / HTTP/1.1" 200 12 "-" "curl"`
	f("\n"+noTime+"\n", "combined", 40,
		"unknown log format: no known format fits; the nearest, combined, fails at column 40: expected \"] \\\"\"; give the log_format string of nginx.conf; line 2 is: "+noTime)
	f(`{"message":"hello"}`, "", 1,
		`unknown log format: no known format fits; none of its keys is known to hold a request; give the log_format string of nginx.conf; line 1 is: {"message":"hello"}`)
	f("\x1b[31m", "combined", 6,
		`unknown log format: no known format fits; the nearest, combined, fails at column 6: expected " - "; give the log_format string of nginx.conf; line 1 is: \x1b[31m`)
}

// FuzzDetect: whatever the bytes are, the answer holds good for them.
func FuzzDetect(f *testing.F) {
	f.Add([]byte(lineGET + "\n" + lineGET + ` "-"`))
	f.Add([]byte(`{"time":"2019-01-22T03:56:14+03:30","request":"GET / HTTP/1.1","status":,"a$b":"$request"}` + "\n"))
	f.Add([]byte("time:1\thost:1.2.3.4\treq:GET / HTTP/1.1\tsize:-\n"))
	f.Fuzz(func(t *testing.T, sample []byte) {
		d, err := Detect(sample)
		if err != nil {
			if d.Format != nil || err.Error() == "" {
				t.Fatal(d, err)
			}
			return
		}
		if d.Fit < 1 || d.Fit > d.Lines {
			t.Fatalf("%+v", d)
		}
		again, err := Compile("", d.Format.String(), d.Format.Escape())
		if err != nil || again.text != d.Format.text {
			t.Fatalf("%s: %v", d.Format, err)
		}
		r := NewReader(bytes.NewReader(sample), "sample", d.Format)
		n := 0
		for r.Scan() && n < d.Lines {
			if _, bad := r.Entry(); bad == nil {
				n++
			}
		}
		if n == 0 {
			t.Fatalf("%s: the reader finds no entry in %q", d.Format, sample)
		}
	})
}
