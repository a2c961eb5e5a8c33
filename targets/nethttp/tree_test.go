package nethttp

import (
	"net/http"
	"strings"
	"testing"

	"ngxreplay/targets/app"

	"github.com/julienschmidt/httprouter"
	"pgregory.net/rapid"
)

// TestTreeAgrees compares tree with httprouter itself, which panics at a conflict.
func TestTreeAgrees(t *testing.T) {
	segment := rapid.SampledFrom([]string{":x", "a", "ab", "abc", "b", "a.b", "~"})
	rapid.Check(t, func(t *rapid.T) {
		router, held, seen := httprouter.New(), tree{}, map[string]bool{}
		for range rapid.IntRange(1, 12).Draw(t, "routes") {
			name := "/" + strings.Join(rapid.SliceOfN(segment, 0, 4).Draw(t, "segments"), "/")
			if name != "/" && rapid.Bool().Draw(t, "slash") {
				name += "/"
			}
			p, ok := app.ParsePattern(name)
			if !ok {
				t.Fatalf("%s is a plain pattern", name)
			}
			path := p.Render(":", "")
			if seen[path] {
				continue
			}
			seen[path] = true
			want := !panics(func() { router.Handle("GET", path, func(http.ResponseWriter, *http.Request, httprouter.Params) {}) })
			if got := held.add("GET", p); got != want {
				t.Fatalf("add %s = %t, httprouter holds it: %t; before: %v", path, got, want, seen)
			}
		}
	})
}

func panics(f func()) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	f()
	return false
}
