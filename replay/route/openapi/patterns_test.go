package openapi

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ngxreplay/replay/route"
)

// write makes a directory with these files and returns the name of the first.
func write(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		name := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, files[0])
}

const shop = `openapi: 3.0.3
info: {title: shop, version: "1"}
servers:
  - url: https://{env}.shop.example/{version}/
    variables:
      env: {default: api}
      version: {default: v1}
  - url: /
paths:
  /user/{id}:
    get: {responses: {"200": {description: ok}}}
    parameters: [{$ref: "parts/id.yaml"}]
  /user/new:
    post: {responses: {"200": {description: ok}}}
  /files/{name}.{ext}:
    servers: [{url: "http://files.example"}]
    get: {responses: {"200": {description: ok}}}
  /files/{id}:
    servers: [{url: "http://files.example"}]
    get: {responses: {"200": {description: ok}}}
  /things:batch:
    post: {responses: {"200": {description: ok}}}
    servers: [{url: "https://h:8443/x?y"}]
  /café/{proxy+}:
    servers: [{url: "v2"}]
    get: {responses: {"200": {description: ok}}}
    post:
      servers: [{url: "//other.example/v3"}]
      responses: {"200": {description: ok}}
`

const id = `{name: id, in: path, required: true, schema: {type: string}}`

func names(patterns []route.Pattern) (names []string) {
	for _, p := range patterns {
		names = append(names, p.Name())
	}
	slices.Sort(names)
	return names
}

func TestPatterns(t *testing.T) {
	name := write(t, "shop.yaml", shop, "parts/id.yaml", id)
	patterns, err := Patterns(name)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"/files/:id", "/user/:id", "/user/new", "/v1/user/:id", "/v1/user/new",
		"/v2/caf%C3%A9/*proxy", "/v3/caf%C3%A9/*proxy", "/x/things:batch"}
	if got := names(patterns); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, p := range patterns {
		if p.Name() == "/user/new" && p.Where != name+":13" {
			t.Errorf("/user/new was given at %s", p.Where)
		}
	}
	if _, err := route.NewTable(patterns); err != nil {
		t.Error(err)
	}
}

func TestJSON(t *testing.T) {
	name := write(t, "a.json", `{"openapi":"3.1.0","info":{"title":"x","version":"1"},"paths":{"/a/{b}":{"get":{"responses":{}}},"/":{}}}`)
	patterns, err := Patterns(name)
	if got := names(patterns); err != nil || !slices.Equal(got, []string{"/", "/a/:b"}) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestRefusals(t *testing.T) {
	const head = "openapi: 3.0.0\ninfo: {title: x, version: '1'}\n"
	f := func(want string, files ...string) {
		t.Helper()
		name := write(t, files...)
		if patterns, err := Patterns(name); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), filepath.Base(name)) {
			t.Errorf("got %q, %v, want %q", names(patterns), err, want)
		}
	}
	f("Swagger 2.0: want OpenAPI 3", "s.yaml", "swagger: '2.0'\npaths: {/a: {get: {}}}\n")
	f("Swagger 2.0: want OpenAPI 3", "s.json", `{"swagger": "2.0", "paths": {"/a": {"get": {"parameters": [{"$ref": "#/parameters/x"}]}}}}`)
	f("nothing is fetched", "n.yaml", head+"paths: {/a: {$ref: 'http://127.0.0.1:1/x.yaml'}}\n")
	f("nothing is fetched", "n.yaml", head+"paths: {/a: {$ref: '//127.0.0.1/x.yaml'}}\n")
	f("only files beside", "o.yaml", head+"paths: {/a: {$ref: '../x.yaml'}}\n")
	f("only files beside", "o.yaml", head+"paths: {/a: {$ref: '/etc/hostname'}}\n")
	f("only files beside", "o.yaml", head+"paths: {/a: {$ref: 'file:///etc/hostname'}}\n")
	f("only files beside", "o.yaml", head+"paths: {/a: {$ref: 'nosuch.yaml'}}\n")
	f("holds no paths", "e.yaml", head+"paths: {}\n")
	f(`openapi version "4.0"`, "v.yaml", "openapi: '4.0'\ninfo: {title: x, version: '1'}\npaths: {/a: {}}\n")
	f(`openapi version ""`, "v.yaml", "a: 1\n")
	f("not an OpenAPI 3 description", "x.yaml", "\x00\x01{{{")
	f("not an OpenAPI 3 description", "x.yaml", "- a\n- b\n")
	f(`path "a"`, "p.yaml", head+"paths: {a: {get: {responses: {}}}}\n")
	if _, err := Patterns(filepath.Join(t.TempDir(), "nosuch.yaml")); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Error(err)
	}
}

func TestAmbiguousPathsAreRefused(t *testing.T) {
	name := write(t, "a.yaml", "openapi: 3.0.0\ninfo: {title: x, version: '1'}\npaths:\n  /a/{x}: {}\n  /a/{y}: {}\n")
	patterns, err := Patterns(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := route.NewTable(patterns); err == nil || !strings.Contains(err.Error(), name+":5") || !strings.Contains(err.Error(), name+":4") {
		t.Errorf("got %v", err)
	}
}

func FuzzPatterns(f *testing.F) {
	f.Add(shop)
	f.Add(`{"openapi":"3.1.0","paths":{"/a/{b}":null}}`)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		name := filepath.Join(dir, "a.yaml")
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		patterns, err := Patterns(name)
		if err == nil {
			_, _ = route.NewTable(patterns) // may refuse, not panic
		}
	})
}
