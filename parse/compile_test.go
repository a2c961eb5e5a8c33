package parse

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCompileRefuses(t *testing.T) {
	f := func(format, want string) {
		t.Helper()
		_, err := Compile("", format, EscapeDefault)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", format, err, want)
		}
	}
	f("", "holds no request")
	f("no variables", "holds no request")
	f("$remote_addr [$time_local] $status", "add $request, or $request_method and $request_uri")
	f("$request_method $status", "holds no request")
	f("$request_uri $status", "holds no request")
	f(`{"time":"$time_local","status":$status}`, "holds no request")
	f("time:$time_local\tstatus:$status", "holds no request")
	f(`"$request" $http_a$http_b`, "$http_a and $http_b stand side by side")
	f(`"$request" $remote_addr$status`, "$remote_addr and $status stand side by side")
	f(`"$request" $body_bytes_sent$request_time`, "$body_bytes_sent and $request_time stand side by side")
	f(`"$request" $body_bytes_sent$http_x`, "stand side by side")
	f(`"$request" ${body_bytes_sent}0`, `$body_bytes_sent is followed by "0"`)
	f(`{"a":"$request$status"}`, `key "a": $request and $status stand side by side`)
	f(`"$request" $`, "no variable name after")
	f(`"$request" $-x`, `no variable name after "$" before "-x"`)
	f(`"$request" ${`, `no "}"`)
	f(`"$request" ${}`, "no variable name")
	f(`"$request" ${a b}`, "no variable name")
	f(`log_format main`, "needs a name and a string")
	f(`log_format main '$request`, "no closing '")
	f(`log_format main '$request' oops;`, `"oops;" follows`)
	f(`log_format main escape=html '$request';`, "unknown escape")

	_, err := Compile("mine", "x", EscapeDefault)
	if err == nil || !strings.HasPrefix(err.Error(), `log format "mine": `) {
		t.Error(err)
	}
}

func TestCompileAccepts(t *testing.T) {
	f := func(format string, escape Escape, want shape) {
		t.Helper()
		got, err := Compile("", format, escape)
		if err != nil {
			t.Errorf("%s: %v", format, err)
			return
		}
		if got.shape != want {
			t.Errorf("%s: shape %d, want %d", format, got.shape, want)
		}
		again, err := Compile("", got.String(), escape)
		if err != nil || again.text != got.text || again.shape != got.shape {
			t.Errorf("%s: String gives %s, which compiles to %v, %v", format, got, again, err)
		}
	}
	f(`$request`, EscapeDefault, shapeText)
	f(`"${request}"$status`, EscapeDefault, shapeText)
	f(`"$request"`, EscapeNone, shapeText)
	// Grammar tells where the first ends.
	f(`$time_iso8601$status$request_time $request`, EscapeDefault, shapeText)
	f(`$request_method $scheme://$host$request_uri $server_protocol`, EscapeDefault, shapeText)
	f(`$request_method $scheme://$http_host$request_uri`, EscapeDefault, shapeText)
	f(`$request_method $host:$server_port$request_uri`, EscapeDefault, shapeText)
	f(`"$request_method $uri$is_args$args $server_protocol"`, EscapeDefault, shapeText)
	f(`$status$request_method $request_uri`, EscapeDefault, shapeText)

	f(`{"r":"$request"}`, EscapeJSON, shapeJSON)
	f(`{ "r" : "$request" , "s" : $status }`, EscapeDefault, shapeJSON)
	f(`{"r":"$request","s":${status},"app":"shop",}`, EscapeDefault, shapeJSON)
	f(`{"r":"$request_method $request_uri"},`, EscapeJSON, shapeJSON)
	f(`{"r":"$request"}`, EscapeNone, shapeText)
	f(`{"http":{"r":"$request"}}`, EscapeJSON, shapeText)
	f(`{"r":["$request"]}`, EscapeJSON, shapeText)
	f(`{$request}`, EscapeDefault, shapeText)

	f("t:$time_local\tr:$request", EscapeDefault, shapeLTSV)
	f(`t:$time_local\tr:$request`, EscapeDefault, shapeLTSV)
	f("$time_local\t$request", EscapeDefault, shapeText)
	f(`a\\b $request`, EscapeDefault, shapeText)
}

func TestCompilePasted(t *testing.T) {
	f := func(pasted, want string, escape Escape) {
		t.Helper()
		got, err := Compile("", pasted, EscapeDefault)
		if err != nil {
			t.Errorf("%s: %v", pasted, err)
			return
		}
		if got.text != want || got.Escape() != escape {
			t.Errorf("%s: got %q, %s", pasted, got.text, got.Escape())
		}
	}
	f(`'$remote_addr - "$request" '  '$status'`, `$remote_addr - "$request" $status`, EscapeDefault)
	f("'$remote_addr \"$request\" '\n\t'$status';", `$remote_addr "$request" $status`, EscapeDefault)
	f(`log_format  main  '$remote_addr "$request" ' '$status';`, `$remote_addr "$request" $status`, EscapeDefault)
	f(`log_format main escape=json '{"r":"$request"}';`, `{"r":"$request"}`, EscapeJSON)
	f(`log_format main "$remote_addr \"$request\"";`, `$remote_addr "$request"`, EscapeDefault)
	f(`"$request" "$status"`, `"$request" "$status"`, EscapeDefault) // not joined: it is a format of two quoted fields
	f(`'$request' - $status`, `'$request' - $status`, EscapeDefault)
}

func TestFormatHas(t *testing.T) {
	f, _ := Lookup("timed")
	if !f.HasTime() || !f.HasRequestTime() || !f.HasHost() || f.HasBody() || !f.HasStatus() || !f.HasClient() || !f.HasProtocol() || !f.ExactTarget() || f.HasUpstreamTime() {
		t.Error("timed")
	}
	if f.Precision() != time.Millisecond || f.Name() != "timed" {
		t.Error(f.Precision(), f.Name())
	}
	f, _ = Lookup("combined")
	if f.HasRequestTime() || f.HasHost() || f.Precision() != time.Second {
		t.Error("combined")
	}
	f = mustCompile("", `$request_method $host $uri?$args $request_body`, EscapeDefault)
	if f.ExactTarget() || f.HasTime() || f.Precision() != 0 || !f.HasBody() || f.HasProtocol() || f.HasClient() {
		t.Error("parts")
	}
	f = mustCompile("", `$request_method $uri$is_args$args x$status`, EscapeDefault)
	if want := []string{"request_method", "uri", "is_args", "args", "status"}; !slices.Equal(f.Variables(), want) {
		t.Error(f.Variables())
	}
}

func TestKnownFormats(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range KnownFormats() {
		if seen[f.Name()] || f.Name() == "" {
			t.Errorf("name %q", f.Name())
		}
		seen[f.Name()] = true
		got, ok := Lookup(f.Name())
		if !ok || got != f {
			t.Errorf("Lookup(%q): %v", f.Name(), got)
		}
		if !f.HasTime() {
			t.Errorf("%s holds no time", f.Name())
		}
	}
	if _, ok := Lookup("no such"); ok {
		t.Error("a format of no such name was found")
	}
}

// FuzzCompile: any text compiles or is refused, and what compiles reads its own String.
func FuzzCompile(f *testing.F) {
	for _, d := range definitions {
		f.Add(d.format, uint8(d.escape))
	}
	f.Add(`log_format x escape=json '{"a":"$request"}' "b";`, uint8(0))
	f.Add(`'$request' '\t$x'`, uint8(2))
	f.Fuzz(func(t *testing.T, text string, e uint8) {
		escape := Escape(e % 3)
		got, err := Compile("", text, escape)
		if err != nil {
			return
		}
		var entry Entry
		_ = got.Parse([]byte(text), &entry)
		if strings.HasPrefix(strings.TrimSpace(got.text), "log_format") || strings.HasPrefix(strings.TrimSpace(got.text), "'") {
			return // read as quoted once more
		}
		again, err := Compile("", got.String(), got.Escape())
		if err != nil || again.text != got.text || again.spans != got.spans || again.shape != got.shape {
			t.Fatalf("%q: String gives %q, which compiles to %+v, %v", text, got.String(), again, err)
		}
	})
}
