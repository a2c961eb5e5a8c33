package route

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func learn(targets ...string) *Table {
	l := NewLearner()
	for _, target := range targets {
		l.Observe([]byte("GET"), []byte(target))
	}
	return l.Table(200)
}

func (t *Table) name(target string) string {
	return t.Routes()[t.Lookup([]byte("GET"), []byte(target))].Name
}

func TestRouteNames(t *testing.T) {
	f := func(target, want string) {
		t.Helper()
		if got := learn(target).name(target); got != want {
			t.Errorf("route of %q = %q, want %q", target, got, want)
		}
	}
	f("/", "/")
	f("/?a=1", "/")
	f("//", "/")
	f("/ping", "/ping")
	f("/ping/", "/ping")
	f("/user/17", "/user/:id")
	f("/user/17/orders?page=2", "/user/:id/orders")
	f("/u/8c7f1f60-6a0b-4f1e-9d7e-3b9f1a2b3c4d", "/u/:uuid")
	f("/commit/3f2a1c9b", "/commit/:hash")
	f("/commit/deadbeef", "/commit/deadbeef") // no digit: may be a word
	f("/blog/2024-05-06/x", "/blog/:date/x")
	f("/static/app.3f2a1c.js", "/static/:file")
	f("/static/app.js", "/static/app.js")
	f("/img/1002-400.jpg", "/img/:file")
	f("/icons/16x16.png", "/icons/:file")
	f("/v2/items", "/v2/items")
	f("/2fa", "/2fa")
	f("/search/%E6%97%A5", "/search/:slug")
	f("/a:b/c", "/:slug/c")
	f("/{x}/*", "/:slug/:slug")
	f("http://other.example/user/17?x", "/user/:id")
	f("http://other.example", "/")
	f("*", Other)
	f("", Other)
	f("/a"+strings.Repeat("/b", maxDepth), Other)
	f("/a"+strings.Repeat("/b", maxDepth-1), "/a"+strings.Repeat("/b", maxDepth-1))
}

func TestManyWordsInOnePlaceAreSlugs(t *testing.T) {
	var targets []string
	for i := range maxWords + 1 {
		targets = append(targets, "/wiki/"+strings.Repeat("x", i+1)+"/edit")
	}
	for range 60 {
		targets = append(targets, "/wiki/main/edit") // popular enough to stay a word
	}
	table := learn(targets...)
	if got := table.name("/wiki/xxx/edit"); got != "/wiki/:slug/edit" {
		t.Errorf("rare word: got %q", got)
	}
	if got := table.name("/wiki/main/edit"); got != "/wiki/main/edit" {
		t.Errorf("popular word: got %q", got)
	}
}

func TestWordThatLeadsNowhereFallsBackToParameter(t *testing.T) {
	table := learn("/user/new", "/user/17/orders")
	if got := table.name("/user/new/orders"); got != "/user/:id/orders" {
		t.Errorf("got %q", got)
	}
}

func TestLimitFoldsTheRestIntoOther(t *testing.T) {
	l := NewLearner()
	for i := range 10 {
		for range 10 - i {
			l.Observe([]byte("GET"), fmt.Appendf(nil, "/r%c", 'a'+i))
		}
	}
	table := l.Table(3)
	if n := len(table.Routes()); n != 4 {
		t.Fatalf("%d routes, want 4", n)
	}
	if got := table.name("/ra"); got != "/ra" {
		t.Errorf("most requested route is %q", got)
	}
	if other := table.Routes()[3]; other.Name != Other || other.Requests != 55-10-9-8 {
		t.Errorf("other = %+v", other)
	}
}

// The table names every path, counts every request once, and does not depend on the order of the traffic.
func TestTableAccountsForEveryRequest(t *testing.T) {
	segment := rapid.SampledFrom([]string{"a", "b", "user", "17", "%zz", "", "3f2a1c9b", "new", "x.js"})
	path := rapid.Custom(func(t *rapid.T) string {
		return "/" + strings.Join(rapid.SliceOfN(segment, 0, 5).Draw(t, "segments"), "/")
	})
	rapid.Check(t, func(t *rapid.T) {
		targets := rapid.SliceOf(path).Draw(t, "targets")
		limit := rapid.IntRange(1, 20).Draw(t, "limit")
		build := func(targets []string) *Table {
			l := NewLearner()
			for _, target := range targets {
				l.Observe([]byte("GET"), []byte(target))
			}
			return l.Table(limit)
		}
		table := build(targets)
		counts := make([]int64, len(table.Routes()))
		for _, target := range targets {
			counts[table.Lookup([]byte("GET"), []byte(target))]++
		}
		for i, r := range table.Routes() {
			if counts[i] != r.Requests {
				t.Fatalf("route %s: %d requests looked up, %d learned", r.Name, counts[i], r.Requests)
			}
		}
		if len(table.Routes()) > limit+1 {
			t.Fatalf("%d routes with limit %d", len(table.Routes()), limit)
		}
		reversed := slices.Clone(targets)
		slices.Reverse(reversed)
		if a, b := fmt.Sprint(table.Routes()), fmt.Sprint(build(reversed).Routes()); a != b {
			t.Fatalf("order matters:\n%s\n%s", a, b)
		}
	})
}

// The place of an observed request has the route that a look at its path finds, whatever was folded since.
func TestPlacesHaveTheRoutesOfTheirPaths(t *testing.T) {
	var crowd [][]string // more words than one place keeps
	for i := range 2 * maxWords {
		crowd = append(crowd, []string{"crowd", fmt.Sprintf("w%c%c", 'a'+i%26, 'a'+i/26), "x"})
	}
	segment := rapid.SampledFrom([]string{"crowd", "waa", "wba", "wzz", "x", "y", "17", "", "..", "3f2a1c9b", strings.Repeat("long", 80)})
	rapid.Check(t, func(t *rapid.T) {
		paths := append(rapid.SliceOf(rapid.SliceOfN(segment, 0, maxDepth+2)).Draw(t, "paths"), crowd...)
		l := NewLearner()
		places := make([]Place, len(paths))
		target := func(i int) []byte { return []byte("/" + strings.Join(paths[i], "/")) }
		for i := range paths {
			places[i] = l.Observe([]byte("GET"), target(i))
		}
		table := l.Table(rapid.IntRange(1, 20).Draw(t, "limit"))
		for i, place := range places {
			if path := Path(target(i)); (place == 0) != (!isNamable(path) || isTooDeep(path)) {
				t.Fatalf("%s has place %d", target(i), place)
			}
			if got, want := table.At(place, []byte("GET"), nil), table.Lookup([]byte("GET"), target(i)); got != want {
				t.Fatalf("%s has route %s by its place, want %s", target(i), table.Routes()[got].Name, table.Routes()[want].Name)
			}
		}
	})
}

// A tree that was folded before its end knows no places; the paths tell.
func TestPlacesOfATreeThatWasFull(t *testing.T) {
	l := NewLearner()
	target := func(i int) []byte {
		return fmt.Appendf(nil, "/word%c%c%c%c/x", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26, 'a'+i/17576)
	}
	const n = maxNodes
	places := make([]Place, n)
	for i := range places {
		places[i] = l.Observe([]byte("GET"), target(i))
	}
	table := l.Table(10)
	if places[0] == 0 || places[n-1] != 0 {
		t.Fatal("the tree was not full")
	}
	for i, place := range places {
		if got, want := table.At(place, []byte("GET"), target(i)), table.Lookup([]byte("GET"), target(i)); got != want {
			t.Fatalf("%s has route %d by its place, want %d", target(i), got, want)
		}
	}
}

func FuzzLookup(f *testing.F) {
	f.Add("/user/17", "/user/x")
	f.Add("http://h/%2F//..", "*")
	f.Fuzz(func(t *testing.T, a, b string) {
		table := learn(a, b)
		if n := table.Lookup([]byte("GET"), []byte(a)); n < 0 || n >= len(table.Routes()) || table.Routes()[n].Requests == 0 {
			t.Fatalf("%q has no route", a)
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	table := learn("/user/17/orders", "/user/new", "/static/app.js", "/api/v1/items")
	method, target := []byte("GET"), []byte("/user/4711/orders?page=2")
	b.SetBytes(int64(len(target)))
	b.ReportAllocs()
	for b.Loop() {
		if table.Lookup(method, target) < 0 {
			b.Fatal("no route")
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	for name, different := range map[string]int{"repeated": 100, "different": 100_000} {
		b.Run(name, func(b *testing.B) {
			targets := make([][]byte, different)
			for i := range targets {
				targets[i] = fmt.Appendf(nil, "/product/%d/reviews?page=%d", i, i%7)
			}
			l := NewLearner()
			method := []byte("GET")
			b.SetBytes(int64(len(targets[0])))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				l.Observe(method, targets[i%different])
			}
			if routes := l.Table(10).Routes(); routes[0].Name != "/product/:id/reviews" {
				b.Fatal(routes)
			}
		})
	}
}
