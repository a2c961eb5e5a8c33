package nginxconf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ngxreplay/parse"
)

// writeConf writes files into a folder of their own and returns the path of nginx.conf.
func writeConf(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "nginx.conf")
}

// The configuration that wrote the logs in testdata tells their formats.
func TestLoadReal(t *testing.T) {
	c, err := Load("../../testdata/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	f := func(path, name string, escape parse.Escape) {
		t.Helper()
		got, err := c.FormatFor(path)
		if err != nil || got.Name() != name || got.Escape() != escape {
			t.Errorf("%s: got %v, %v, want %s", path, got, err, name)
		}
	}
	f("../../testdata/combined.log", "combined", parse.EscapeDefault)
	f("../../testdata/timed.log", "timed", parse.EscapeDefault)
	f("elsewhere/json.log.3.gz", "json", parse.EscapeJSON)
	if _, err := c.FormatFor("other.log"); err == nil || !strings.Contains(err.Error(), "the format of other.log is not clear") {
		t.Error(err)
	}
	if got := c.Logs[1]; got.Path != "timed.log" || got.Format != "timed" || got.Where.String() != "../../testdata/nginx.conf:46" {
		t.Errorf("%+v", got)
	}
	timed, err := c.Format("timed")
	if known, _ := parse.Lookup("timed"); err != nil || timed.String() != known.String() {
		t.Errorf("%s, %v", timed, err)
	}
}

func TestLoadIncludes(t *testing.T) {
	path := writeConf(t, map[string]string{
		"nginx.conf": `
user www-data; # a comment with a ; and a {
events { worker_connections 768; }
http {
	include mime.types;
	include formats/*.conf;
	include none/*.conf;
	map $http_upgrade $connection_upgrade { default upgrade; '' close; }
	access_log /var/log/nginx/access.log main if=$loggable;
	server {
		listen 80;
		include "site.inc";
		location ~ "^/(a|b){1,2}" { access_log off; }
	}
}
stream { log_format basic '$remote_addr [$time_local] $protocol $status'; }
`,
		"mime.types":         `types { text/html html htm; application/json json; }`,
		"formats/main.conf":  "log_format main '$remote_addr \"$request\" '\n\t'$status';",
		"formats/json.conf":  `log_format json escape=json '{"r":"$request",' '"t":$msec}';`,
		"formats/.bad.conf":  `}`,
		"formats/ignored.md": `}`,
		"site.inc":           "access_log logs/site.log json buffer=32k;\naccess_log syslog:server=10.0.0.1 bare;\nlog_format bare $request;",
	})
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	f := func(path, want string) {
		t.Helper()
		got, err := c.FormatFor(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		} else if got.String() != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	f("/var/log/nginx/access.log", `$remote_addr "$request" $status`)
	f("/var/log/nginx/access.log.12.gz", `$remote_addr "$request" $status`)
	f("/mnt/copy/access.log-20240102.zst", `$remote_addr "$request" $status`)
	f(filepath.Join(filepath.Dir(path), "logs/site.log"), `{"r":"$request","t":$msec}`)
	if f, err := c.Format("bare"); err != nil || f.String() != "$request" {
		t.Error(f, err)
	}
	// What is not for HTTP is in the way only of those who ask for it.
	if _, err := c.Format("basic"); err == nil || !strings.Contains(err.Error(), "nginx.conf:16: log format \"basic\": this format holds no request") || c.Err() == nil {
		t.Error(err)
	}
	if _, err := c.Format("nope"); err == nil || !strings.HasSuffix(err.Error(), `no log_format "nope": it defines basic, bare, main, json, combined`) {
		t.Error(err)
	}
	if f, err := c.Format("combined"); err != nil || f.Name() != "combined" {
		t.Error(f, err)
	}
}

func TestFormatForAlone(t *testing.T) {
	f := func(conf, path, want string) {
		t.Helper()
		c, err := Load(writeConf(t, map[string]string{"nginx.conf": conf}))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.FormatFor(path); err != nil || got.Name() != want {
			t.Errorf("%s: got %v, %v, want %s", conf, got, err, want)
		}
	}
	f("", "x.log", "combined")
	f("log_format a '$request $status';", "x.log", "a")
	f("log_format a '$request'; log_format b '$request $msec'; access_log /a.log b;", "x.log", "b")
	f("log_format a '$request'; log_format a '$request $msec'; access_log /a.log a;", "a.log", "a")
	f("http { access_log logs/access.log; }", "access.log.1", "combined")
}

func TestLoadErrors(t *testing.T) {
	f := func(files map[string]string, want string) {
		t.Helper()
		path := writeConf(t, files)
		_, err := Load(path)
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), filepath.Dir(path)+"/", ""), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	f(nil, "nginx configuration: stat nginx.conf: no such file or directory")
	f(map[string]string{"nginx.conf": "http {\n"}, "nginx.conf: unexpected eof in block")
	f(map[string]string{"nginx.conf": "a\n'b"}, "nginx.conf: unexpected end of file while scanning quoted string starting at line 2")
	f(map[string]string{"nginx.conf": "http {\ninclude missing.conf;\n}"}, "nginx.conf:2: include: stat missing.conf: no such file")
	f(map[string]string{"nginx.conf": "include a.conf;", "a.conf": "\ninclude b.conf;", "b.conf": "x {"}, "a.conf:2: include: b.conf: unexpected eof in block")
	f(map[string]string{"nginx.conf": "include a.conf;", "a.conf": "include nginx.conf;"}, "a.conf:1: include: nginx.conf includes itself, by way of nginx.conf, a.conf")
	f(map[string]string{"nginx.conf": "include *.conf;"}, "includes itself")
	f(map[string]string{"nginx.conf": "include a b;"}, "nginx.conf: include directive requires exactly 1 parameter, got 2")
	f(map[string]string{"nginx.conf": "include x;", "x/y": ""}, "x is no regular file")
	f(map[string]string{"nginx.conf": strings.Repeat("a {", 200)}, "blocks more than 100 deep")
	f(map[string]string{"nginx.conf": "a\x00b;"}, "a NUL byte at offset 1")
	f(map[string]string{"nginx.conf": strings.Repeat("#", maxSize+1)}, "too large")
	// Each file includes the next one twice: two to the twentieth files.
	bomb := map[string]string{"nginx.conf": "include a0;"}
	for c := 'a'; c < 'u'; c++ {
		bomb[string(c)+"0"] = "include " + string(c+1) + "0; include " + string(c+1) + "0;"
	}
	bomb["u0"] = ""
	f(bomb, "more than 1000 files")
}

// FuzzLoad: no configuration hangs or panics.
func FuzzLoad(f *testing.F) {
	for _, conf := range []string{
		"log_format a '$request'; access_log /a.log a;", "http { server { access_log off; } }", "include x*;", "a {b}", "'", "\\", "${", "}", "location / {}",
		"a_by_lua_block { x = '}' }", "upstream a { server b c=d; }",
	} {
		f.Add(conf)
	}
	f.Fuzz(func(t *testing.T, conf string) {
		c, err := Load(writeConf(t, map[string]string{"nginx.conf": conf}))
		if err != nil {
			return
		}
		for _, format := range c.Formats {
			if (format.Format == nil) == (format.Err == nil) {
				t.Fatalf("%+v", format)
			}
		}
		if got, err := c.FormatFor("access.log"); (got == nil) == (err == nil) {
			t.Fatal(got, err)
		}
	})
}
