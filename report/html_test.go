package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// malformed lists what is wrong with a page: unbalanced elements, what refers outside, what could run, and tables
// that a screen reader cannot read out.
func malformed(page string) []string {
	void := []string{"meta", "br", "img", "link", "input", "hr"}
	var wrong, open []string
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := z.Next()
		token := z.Token()
		switch kind {
		case html.ErrorToken:
			if err := z.Err(); err != io.EOF {
				complain("%v", err)
			}
			if len(open) > 0 {
				complain("not closed: %v", open)
			}
			return wrong
		case html.StartTagToken, html.SelfClosingTagToken:
			checkElement(token, complain)
			if kind == html.StartTagToken && !slices.Contains(void, token.Data) {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				complain("</%s> closes %v", token.Data, open)
				return wrong
			}
			open = open[:len(open)-1]
		case html.TextToken:
			if len(open) > 0 && open[len(open)-1] == "style" && (strings.Contains(token.Data, "url(") || strings.Contains(token.Data, "@import")) {
				complain("style refers outside")
			}
		}
	}
}

func checkElement(token html.Token, complain func(string, ...any)) {
	if slices.Contains([]string{"script", "link", "iframe", "object", "embed", "img", "base", "form", "a", "image", "use"}, token.Data) {
		complain("<%s>", token.Data)
	}
	scope := false
	for _, a := range token.Attr {
		scope = scope || a.Key == "scope"
		if strings.HasPrefix(a.Key, "on") || slices.Contains([]string{"src", "srcset", "href", "xlink:href", "action", "data", "poster", "style", "background", "ping"}, a.Key) {
			complain("<%s %s>", token.Data, a.Key)
		}
		if a.Key == "http-equiv" && a.Val != "Content-Security-Policy" {
			complain("<meta http-equiv=%s>", a.Val)
		}
	}
	if token.Data == "th" && !scope {
		complain("<th> without scope")
	}
}

func TestHTML(t *testing.T) {
	for name, run := range map[string]*Run{"sample": sampleRun(), "hostile": hostileRun(), "empty": {}, "one": oneTarget(), "silent": {Targets: make([]Target, 2)}} {
		t.Run(name, func(t *testing.T) {
			got := htmlOf(t, run)
			for _, complaint := range malformed(got) {
				t.Error(complaint)
			}
			if found := hidden(got); len(found) > 0 {
				t.Errorf("invisible characters: %q", found)
			}
			if tables, captions := strings.Count(got, "<table"), strings.Count(got, "<caption>"); tables != captions {
				t.Errorf("%d tables, but %d captions", tables, captions)
			}
			for _, bad := range []string{"ZgotmplZ", "NaN", "Inf", "<no value>", "%!"} {
				if strings.Contains(got, bad) {
					t.Errorf("%s in the page", bad)
				}
			}
			for _, want := range []string{`<html lang="en">`, "<title>", `content="default-src 'none'; style-src 'unsafe-inline'"`, "prefers-color-scheme: dark", "@media print"} {
				if !strings.Contains(got, want) {
					t.Errorf("no %s", want)
				}
			}
		})
	}
}

// TestMalformed checks the checker.
func TestMalformed(t *testing.T) {
	for _, page := range []string{
		"<p>", "</p>", "<p><b></p></b>", "<script></script>", `<p onclick="x"></p>`, `<svg><a href="#"></a></svg>`, "<style>@import 'x'</style>",
		"<style>p{background:url(x)}</style>", "<th></th>", `<meta http-equiv="refresh">`, `<img src="http://example.org/x">`,
	} {
		if len(malformed(page)) == 0 {
			t.Errorf("no complaint about %s", page)
		}
	}
	if wrong := malformed(`<!DOCTYPE html><html><head><meta charset="utf-8"></head><svg><path d="M0 0"/></svg></html>`); len(wrong) > 0 {
		t.Errorf("complaints about a good page: %v", wrong)
	}
}

func TestHTMLEscapes(t *testing.T) {
	got := htmlOf(t, sampleRun())
	for _, want := range []string{"&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;img src=x onerror=alert(1)&gt;", `\u202e`, `\x1b[31mred`, "&lt;b&gt;1&lt;/b&gt;"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
}

// TestHTMLFolds checks that a long list of routes is folded, and still complete.
func TestHTMLFolds(t *testing.T) {
	run := oneTarget()
	if strings.Contains(htmlOf(t, run), "<details>") {
		t.Error("a single route is folded")
	}
	for i := range 50 {
		run.Targets[0].Routes = append(run.Targets[0].Routes, Part{Name: fmt.Sprintf("/r/%d", i)})
	}
	got := htmlOf(t, run)
	if !strings.Contains(got, "<summary>All 51 routes</summary>") || !strings.Contains(got, ">/r/49<") {
		t.Error("no complete fold")
	}
}
