package body

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ngxreplay/replay/trace"

	"pgregory.net/rapid"
)

// load writes a file of rules beside the others and loads it.
func load(t *testing.T, source string, files map[string]string) (*Rules, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "bodies.yml")
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	rules, err := Load(path)
	if err != nil {
		return nil, errorText(strings.ReplaceAll(err.Error(), dir+"/", ""))
	}
	return rules, nil
}

type errorText string

func (e errorText) Error() string { return string(e) }

func post(target, route string) *trace.Request {
	return &trace.Request{Method: []byte("POST"), Target: []byte(target), Route: route}
}

const example = `
- route: /order
  method: POST
  json: |
    {"item": {{int 1 100}}, "note": {{json (sentence 8)}}, "path": {{json .Path}}}
- path: /upload/**
  multipart:
    - {name: title, value: "{{word}} for {{.Client}}"}
    - {name: file, file: logo.png}
    - {name: raw, file: logo.png, filename: a "b", type: text/plain}
- method: DELETE
  text: "{{.N}} {{.Method}} {{.Query}} {{.Route}}"
  type: text/csv
- path: /form
  form:
    z: "{{email}}"
    a b: 5
    "": "&=\r\n"
- file: data.json
`

func TestRender(t *testing.T) {
	rules, err := load(t, example, map[string]string{"logo.png": "PNG\r\n\x00", "data.json": `{"a":1}`})
	if err != nil {
		t.Fatal(err)
	}
	render := func(r *trace.Request) Body {
		t.Helper()
		b, ok, err := rules.Render(r, 1, 7, 0xc0ffee)
		if err != nil || !ok {
			t.Fatalf("%s: %v, %v", r.Target, ok, err)
		}
		return b
	}

	b := render(post(`/order"x?y`, "/order"))
	var order struct {
		Item       int
		Note, Path string
	}
	if err := json.Unmarshal(b.Bytes, &order); err != nil || b.Type != "application/json" || order.Path != `/order"x` ||
		order.Item < 1 || order.Item > 100 || len(strings.Fields(order.Note)) != 8 {
		t.Errorf("%s: %q, %v", b.Type, b.Bytes, err)
	}

	b = render(post("/upload/x/y", ""))
	kind, params, err := mime.ParseMediaType(b.Type)
	if err != nil || kind != "multipart/form-data" {
		t.Fatal(b.Type, err)
	}
	parts := multipart.NewReader(bytes.NewReader(b.Bytes), params["boundary"])
	for _, want := range [][4]string{{"title", "", "", " for c0ffee"}, {"file", "logo.png", "image/png", "PNG\r\n\x00"}, {"raw", `a "b"`, "text/plain", "PNG\r\n\x00"}} {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(p)
		if err != nil || p.FormName() != want[0] || p.FileName() != want[1] || p.Header.Get("Content-Type") != want[2] || !strings.HasSuffix(string(text), want[3]) {
			t.Errorf("%q, %v, %q, %v", p.Header, p.FormName(), text, err)
		}
	}

	b = render(&trace.Request{Method: []byte("DELETE"), Target: []byte("/x?q=1"), Route: "/:id"})
	if string(b.Bytes) != "7 DELETE q=1 /:id" || b.Type != "text/csv" {
		t.Errorf("%s: %q", b.Type, b.Bytes)
	}

	b = render(post("/form", ""))
	fields, err := url.ParseQuery(string(b.Bytes))
	if err != nil || b.Type != "application/x-www-form-urlencoded" || fields.Get("a b") != "5" || fields.Get("") != "&=\r\n" ||
		!strings.Contains(fields.Get("z"), "@") || !strings.HasPrefix(string(b.Bytes), "z=") {
		t.Errorf("%s: %q, %v", b.Type, b.Bytes, err)
	}

	b = render(post("/other", "/other"))
	if string(b.Bytes) != `{"a":1}` || b.Type != "application/json" {
		t.Errorf("%s: %q", b.Type, b.Bytes)
	}
	for _, method := range []string{"GET", "HEAD", "OPTIONS", ""} {
		if _, ok, _ := rules.Render(&trace.Request{Method: []byte(method), Target: []byte("/order"), Route: "/order"}, 1, 7, 1); ok {
			t.Errorf("%s has a body", method)
		}
	}
}

// The example of the guide works.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("../../../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(guide), "```yaml\n- route: /order")
	source, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the guide has no example of rules")
	}
	rules, err := load(t, "- route: /order"+source, map[string]string{"logo.png": "", "payload.bin": ""})
	if err != nil || len(rules.rules) != 5 {
		t.Error(err)
	}
}

func TestNoRules(t *testing.T) {
	var rules *Rules
	if _, ok, err := rules.Render(post("/", "/"), 1, 1, 1); ok || err != nil {
		t.Error(ok, err)
	}
}

func TestLoadRefuses(t *testing.T) {
	f := func(source string, wants ...string) {
		t.Helper()
		_, err := load(t, source, map[string]string{"large": strings.Repeat("x", Largest+1)})
		for _, want := range wants {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s\n%v\nwant %q", source, err, want)
			}
		}
	}
	f("", "bodies.yml:1: ")
	f("method: POST", "bodies.yml:1: want a list")
	f("- method: [", "bodies.yml:1: ")
	f("- text: a\n- method: POST\n  jsn: x", `bodies.yml:3: unknown field "jsn"`)
	f("- method: POST", "bodies.yml:1: rule: want one of json, text, form, multipart and file, not none")
	f("- text: a\n  file: b", "not text and file")
	f("- method: POST\n  text: '{{nmae}}'", "bodies.yml:2: text: text:1: function \"nmae\" not defined")
	f("- method: POST\n  text: '{{.Pth}}'", "bodies.yml:2: text: text:1:2: ", "Pth")
	f("- text: '{{int 9 1}}'", "the smaller number first")
	f("- json: '{\"a\": {{word}}}'", "bodies.yml:1: json: is no valid JSON")
	f("- file: nosuch", "bodies.yml:1: file: stat nosuch: no such file")
	f("- file: large", "large: has 1048577 bytes")
	f("- file: .", "not a regular file")
	f("- text: '{{range 200}}{{sentence 10000}}{{end}}'", "larger than 1 MiB")
	f("- {text: a, type: plain text}", "bodies.yml:1: type: ")
	f("- {form: {a: b}, type: text/plain}", "has a type of its own")
	f("- form: {a: [b]}", "a: want one value")
	f("- multipart: [{value: a}]", "has no name")
	f("- multipart: [{name: a}]", "a: want either a value or a file")
	f("- multipart: [{name: a, value: b, type: \"x\\r\\ny\"}]", "media type")
	f("- {text: a, method: post}", "bodies.yml:1: text: method \"post\": want one method in capitals")
	f("- {text: a, path: '['}", "not a valid pattern")
	f("- {text: a, path: '['}\n- {text: a, method: post}", "bodies.yml:1", "bodies.yml:2") // all at once
	if _, err := Load("nosuch.yml"); err == nil || !strings.Contains(err.Error(), "nosuch.yml") {
		t.Error(err)
	}
}

// Two replays make the same bodies, in whatever order requests come; another seed makes others.
func TestReproducible(t *testing.T) {
	const every = `- text: "{{name}} {{firstname}} {{lastname}} {{username}} {{email}} {{phone}} {{street}} {{city}} {{zip}} {{country}} {{company}} {{product}} {{word}} {{sentence 3}} {{uuid}} {{bool}} {{ip}} {{int 1 9}} {{float 1 2.5}} {{date}} {{time}} {{hex 8}} {{pick 1 2 3}}"`
	first, err := load(t, every, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := load(t, every, nil)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		seed, n := rapid.Uint64().Draw(t, "seed"), rapid.Uint64().Draw(t, "n")
		text := func(rules *Rules, seed, n uint64) string {
			b, _, err := rules.Render(post("/", "/"), seed, n, 1)
			if err != nil {
				t.Fatal(err)
			}
			return string(b.Bytes)
		}
		got := text(first, seed, n)
		if other := text(second, seed, n); other != got {
			t.Fatalf("%q and %q", got, other)
		}
		if text(second, seed+1, n) == got || text(second, seed, n+1) == got {
			t.Fatalf("not drawn: %q", got)
		}
	})
}

func TestFiller(t *testing.T) {
	for _, n := range []int64{-1, 0, 1, 63, 64, 65, 1000, Largest, Largest + 1} {
		if got := AppendFiller([]byte("x"), n); int64(len(got)) != 1+max(0, min(n, Largest)) {
			t.Errorf("%d: %d", n, len(got))
		}
	}
	if len(filler) != 64 {
		t.Error(len(filler))
	}
}
