package route

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The routes are the same for every order of the same traffic, and so are the reasons; there are never more than asked
// for, and every path that was learned has one.
func TestRoutesDoNotDependOnTheOrder(t *testing.T) {
	words := rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "user", "17", "v1", "3f2a1c9b", "x.js", "..", "", "2024-05-06", "app.3f2a1c9b.js"}), rapid.StringMatching(`[a-z]{1,3}`))
	request := rapid.Custom(func(t *rapid.T) [2]string {
		path := "/" + strings.Join(rapid.SliceOfN(words, 0, 4).Draw(t, "segments"), "/")
		return [2]string{rapid.OneOf(rapid.Just("GET"), rapid.StringMatching(`[A-Z]{1,2}`)).Draw(t, "method"), path}
	})
	rapid.Check(t, func(t *rapid.T) {
		traffic := rapid.SliceOfN(request, 0, 300).Draw(t, "traffic")
		limit := rapid.IntRange(1, 20).Draw(t, "limit")
		build := func() *Table {
			l := NewLearner()
			l.Explain = true
			for _, r := range traffic {
				l.Observe([]byte(r[0]), []byte(r[1]))
			}
			return l.Table(limit)
		}
		first := build()
		if n := len(first.Routes()); n > limit+1 {
			t.Fatalf("%d routes with limit %d", n, limit)
		}
		for _, r := range traffic {
			if i := first.Lookup([]byte(r[0]), []byte(r[1])); first.Routes()[i].Requests == 0 {
				t.Fatalf("%s is of a route without requests", r[1])
			}
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		rng.Shuffle(len(traffic), func(i, j int) { traffic[i], traffic[j] = traffic[j], traffic[i] })
		second := build()
		for i, r := range second.Routes() {
			r.Examples = first.Routes()[i].Examples // which are the first seen
			if a, b := fmt.Sprint(first.Routes()[i]), fmt.Sprint(r); a != b {
				t.Fatalf("order matters:\n%s\n%s", a, b)
			}
		}
	})
}

// Traffic that is meant to fill the memory fills a bounded tree, and leaves the real routes what they are.
func TestHostilePathsAreBounded(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		b := make([]byte, 6)
		for i := range b {
			b[i] = "bcdfghjklmnpqrstvwxz"[rng.IntN(20)]
		}
		return string(b)
	}
	var targets []string
	for i := range 8_000 {
		depth := 1 + i%14
		parts := make([]string, depth)
		for j := range parts {
			parts[j] = word()
		}
		targets = append(targets, "/"+strings.Join(parts, "/"))
		if i%10 == 0 {
			targets = append(targets, "/login", "/api/order/"+fmt.Sprint(i))
		}
	}
	targets = append(targets, "/"+strings.Repeat("y", 1<<20), strings.Repeat("/", 1<<16), strings.Repeat("/z", 1<<16), strings.Repeat("/..", 1<<10))
	for _, reverse := range []bool{false, true} {
		if reverse {
			slices.Reverse(targets)
		}
		l := NewLearner()
		for _, target := range targets {
			l.Observe([]byte("GET"), []byte(target))
		}
		if size := l.root.size(); size > 2*maxNodes+maxDepth {
			t.Errorf("%d nodes", size)
		}
		table := l.Table(60)
		if n := len(table.Routes()); n > 61 {
			t.Errorf("%d routes", n)
		}
		for target, want := range map[string]string{"/login": "/login", "/api/order/5": "/api/order/:id"} {
			if got := table.name(target); got != want {
				t.Errorf("reverse %t: %s is %q", reverse, target, got)
			}
		}
		for _, target := range targets {
			table.Lookup([]byte("GET"), []byte(target))
		}
	}
}

func TestMethodsOfARouteAreBounded(t *testing.T) {
	l := NewLearner()
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			l.Observe([]byte{byte(a), byte(b)}, []byte("/"))
		}
	}
	l.Observe([]byte("POST"), []byte("/"))
	if methods := l.Table(1).Routes()[0].Methods; len(methods) != maxMethods || !slices.Contains(methods, "POST") {
		t.Errorf("methods %v", methods)
	}
}

func TestReasons(t *testing.T) {
	l := NewLearner()
	l.Explain = true
	observe := func(format string, n int) {
		for i := range n {
			l.Observe([]byte("GET"), fmt.Appendf(nil, format, i))
		}
	}
	observe("/user/%d?token=x", 40)
	observe("/item/%d", 5000)
	observe("/ping?%d", 3)
	observe("/a/../%d", 2)
	for a := 'a'; a <= 'z'; a++ {
		observe("/wiki/"+string(a)+"%.0d", 1)
	}
	f := func(target, why string, examples ...string) {
		t.Helper()
		table := l.Table(4)
		r := table.Routes()[table.Lookup([]byte("GET"), []byte(target))]
		if !strings.HasPrefix(r.Why, why) || len(examples) > 0 && !slices.Equal(r.Examples, examples) {
			t.Errorf("route %s: why %q, examples %q", r.Name, r.Why, r.Examples)
		}
	}
	f("/user/1", ":id number (40 different)", "/user/0?token=x", "/user/1?token=x", "/user/2?token=x")
	f("/item/1", ":id number (about ")
	f("/ping", "literal", "/ping?0")
	f("/wiki/z", ":slug text (")
	f("/a/../1", "2 requests whose target is no path")
	n, exact := l.root.words["item"].param.different.count()
	if exact || n < 4000 || n > 6000 {
		t.Errorf("5000 different items are %d", n)
	}
}

func TestNamesOfFilesAndVersions(t *testing.T) {
	f := func(segment string, want class) {
		t.Helper()
		if got := classify([]byte(segment)); got != want {
			t.Errorf("%q is %q, want %q", segment, classNames[got], classNames[want])
		}
	}
	for _, s := range []string{"v1", "v12", "V2", "v2.1", "1.0", "2.10.3", "5xx", "2fa", "sha256", "base64", "customSelect.js", "getUserByIdAndKey",
		"Roboto-Regular.woff2", "jordan-80.png", "main-logo.png", "www.example.com", "oauth2", "style2.css", "HelveticaNeueLTStd.woff", ".well-known", "index.php"} {
		f(s, literal)
	}
	for _, s := range []string{"4JaxbevwwPjzvh2vPtN8.png", "SzAZcwpZJfgNcMRUivOm.png", "WDmrjvomuYRD5goGDJdm.jpg", "TCoxiekWpLedESarPUHF.png", "2.webp", "16x16.png",
		"app.3f2a1b9c.js", "app-3f2a1b9c.js", "index-BkT3x9Zq.js", "main_3f2a1b9c.css"} {
		f(s, file)
	}
	f("192.168.10.1", slug)
	f("2024-05", date)
	f("2024-05-06", date)
	f("507f1f77bcf86cd799439011", hash)
	f("01HZX3V5K8Q2M4N6P7R9S0T1W2", slug)
	f("%E6%97%A5", slug)
	f("2024", id)
}
