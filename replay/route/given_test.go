package route

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func given(t *testing.T, lines ...string) *Table {
	t.Helper()
	patterns, err := ReadPatterns("routes.txt", strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	table, err := NewTable(patterns)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestSpellings(t *testing.T) {
	for text, want := range map[string]string{
		"/":                          "/",
		"/user/:id":                  "/user/:id",
		"/user/{id}/":                "/user/:id",
		"/user/<int:id>":             "/user/:id",
		"/user/<id>":                 "/user/:id",
		"/user/{id:[0-9]+}":          "/user/:id",
		"/user/{id:[0-9]{3}}":        "/user/:id",
		"GET   /user/:id":            "GET /user/:id",
		"M-SEARCH /x":                "M-SEARCH /x",
		"/static/*rest":              "/static/*rest",
		"/static/*":                  "/static/*rest",
		"/static/**":                 "/static/*rest",
		"/static/{path...}":          "/static/*path",
		"/static/{path:.*}":          "/static/*path",
		"/static/<path:p>":           "/static/*p",
		"/*":                         "/*rest",
		"/a+b/%C3%A9/c,d;e=f@g!h$i'": "/a+b/%C3%A9/c,d;e=f@g!h$i'",
	} {
		p, err := ParsePattern(text)
		if err != nil || p.Name() != want {
			t.Errorf("pattern %q: got %q, %v, want %q", text, p.Name(), err, want)
		}
		if again, err := ParsePattern(p.Name()); err != nil || again.Name() != want {
			t.Errorf("name %q is no pattern again: %q, %v", p.Name(), again.Name(), err)
		}
	}
	for _, text := range []string{"user", "get /x", "GET /x y", "/a//b", "/a/../b", "/.", "/:", "/{}", "/<>", "/:a.b", "/x:y", "/{a}.pdf", "/a*", "/*x/y",
		"/(a|b)", "/a?b", "/" + strings.Repeat("a/", 31), "/" + strings.Repeat("a", 501), "/a\x00b", "^/x$", "/x$|y", "/a\"b"} {
		if p, err := ParsePattern(text); err == nil {
			t.Errorf("pattern %q is taken for %q", text, p.Name())
		}
	}
}

func TestGivenNames(t *testing.T) {
	table := given(t, "\ufeff# the shop", "", "/user/:id # people\r", "/user/new", "GET /user/:id/orders", "/user/:key/orders",
		"/static/*rest", "/static/app.js", "/files/:dir/x", "/files/*path", "/:any")
	f := func(method, target, want string) {
		t.Helper()
		if got := table.Routes()[table.Lookup([]byte(method), []byte(target))].Name; got != want {
			t.Errorf("%s %s is %q, want %q", method, target, got, want)
		}
	}
	f("GET", "/user/17?x=1", "/user/:id")
	f("GET", "/user/17/", "/user/:id")
	f("GET", "/user/new", "/user/new")
	f("GET", "/user/17/orders", "GET /user/:id/orders")
	f("POST", "/user/17/orders", "/user/:key/orders")
	f("GET", "/user/17/nothing", Other)
	f("GET", "/static", "/static/*rest")
	f("GET", "/static/app.js", "/static/app.js")
	f("GET", "/static/app.js/x/y", "/static/*rest")
	f("GET", "/static/"+strings.Repeat("x/", 10_000), "/static/*rest")
	f("GET", "/static/../admin", Other)
	f("GET", "/files/a/x", "/files/:dir/x")
	f("GET", "/files/a/y", "/files/*path")
	f("GET", "http://h/unknown", "/:any")
	f("GET", "/", Other)
	f("GET", "", Other)
	f("OPTIONS", "*", Other)
}

func TestMethodOnlyPatternLeavesOthers(t *testing.T) {
	table := given(t, "POST /a/b", "/a/:x")
	if got := table.Routes()[table.Lookup([]byte("GET"), []byte("/a/b"))].Name; got != "/a/:x" {
		t.Errorf("GET /a/b is %q", got)
	}
}

func TestPatternErrors(t *testing.T) {
	_, err := ReadPatterns("r.txt", strings.NewReader("/a\nuser\n\n/b//c\n"))
	for _, want := range []string{`r.txt:2: pattern "user": `, `r.txt:4: pattern "/b//c": an empty segment`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for text, want := range map[string]string{
		"":                        "holds no pattern",
		"# nothing\n":             "holds no pattern",
		strings.Repeat("x", 1e4):  "r.txt:1: a line longer than",
		strings.Repeat("x\n", 50): "no more than 20 errors",
	} {
		if _, err := ReadPatterns("r.txt", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got %v, want %q", text, err, want)
		}
	}
	refuse := func(lines []string, wants ...string) {
		t.Helper()
		patterns, err := ReadPatterns("r.txt", strings.NewReader(strings.Join(lines, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		_, err = NewTable(patterns)
		for _, want := range wants {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%.60q: got %v, want %q", lines, err, want)
			}
		}
	}
	refuse([]string{"/a/:x", "", "/a/:y", "/a/{x}/"}, `r.txt:3: pattern "/a/:y" takes the same requests as "/a/:x" of r.txt:1`, `r.txt:4: pattern "/a/:x" takes`)
	refuse([]string{"GET /a", "GET /a"}, `r.txt:2: `)
	var many []string
	for i := range MaxPatterns + 1 {
		many = append(many, fmt.Sprintf("/r%d", i))
	}
	given(t, many[:MaxPatterns]...)
	refuse(many, "r.txt:1001: more than 1000 patterns")
}

// Counting gives every request to the route that Lookup gives it, whatever the patterns and the targets.
func TestGivenTableAccountsForEveryRequest(t *testing.T) {
	part := rapid.SampledFrom([]string{"a", "b", ":x", ":y", "17", "%zz", "*rest"})
	segment := rapid.OneOf(part, rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		var patterns []Pattern
		for _, text := range rapid.SliceOfN(rapid.SliceOfN(part, 0, 4), 1, 12).Draw(t, "patterns") {
			if p, err := ParsePattern("/" + strings.Join(text, "/")); err == nil {
				p.Where = "here"
				patterns = append(patterns, p)
			}
		}
		table, err := NewTable(patterns)
		if err != nil {
			return // two of one shape
		}
		l := NewCounter(table)
		l.Explain = rapid.Bool().Draw(t, "explain")
		counts := make([]int64, len(table.Routes()))
		targets := rapid.SliceOf(rapid.SliceOfN(segment, 0, 6)).Draw(t, "targets")
		var places []Place
		for _, target := range targets {
			places = append(places, l.Observe([]byte("GET"), []byte("/"+strings.Join(target, "/"))))
		}
		counted := l.Table(1)
		for i, target := range targets {
			route := counted.Lookup([]byte("GET"), []byte("/"+strings.Join(target, "/")))
			counts[route]++
			if got := counted.At(places[i], []byte("GET"), nil); got != route {
				t.Fatalf("route %d by its place, want %d", got, route)
			}
		}
		if len(counted.Routes()) != len(patterns)+1 {
			t.Fatalf("%d routes of %d patterns", len(counted.Routes()), len(patterns))
		}
		for i, r := range counted.Routes() {
			if r.Requests != counts[i] {
				t.Fatalf("route %s: counted %d, looked up %d", r.Name, r.Requests, counts[i])
			}
			if i > 0 && i < len(patterns) && r.Requests > counted.Routes()[i-1].Requests {
				t.Fatal("not the most requested first")
			}
		}
	})
}

func FuzzParsePattern(f *testing.F) {
	f.Add("GET /user/{id}/*rest")
	f.Add("/<path:x>")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePattern(text)
		if err != nil {
			return
		}
		again, err := ParsePattern(p.Name())
		if err != nil || again.Name() != p.Name() {
			t.Fatalf("%q is named %q, which is read as %q, %v", text, p.Name(), again.Name(), err)
		}
		p.Where = "here"
		if _, err := NewTable([]Pattern{p}); err != nil {
			t.Fatal(err)
		}
	})
}
