package main

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestLogs checks the committed logs, so that a regeneration that lost something is noticed.
func TestLogs(t *testing.T) {
	found, err := surveyFolder("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, missing := range shortcomings(found) {
		t.Error(missing)
	}
}

// TestReadmeCounts checks that the README describes the logs beside it.
func TestReadmeCounts(t *testing.T) {
	found, err := surveyFolder("..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	updated, err := withCounts(string(text), found.counts())
	if err != nil {
		t.Fatal(err)
	}
	if updated != string(text) {
		t.Errorf("README.md describes other logs; the counts are now:\n%s", found.counts())
	}
}

// TestShortcomings spoils the committed logs in one way at a time: each must be noticed, else TestLogs means nothing.
func TestShortcomings(t *testing.T) {
	for name, spoil := range map[string]struct {
		logs func(map[string][]byte)
		want string
	}{
		"first half only": {func(logs map[string][]byte) {
			for name, data := range logs {
				logs[name] = firstLines(data, bytes.Count(data, []byte("\n"))/2)
			}
		}, "want 6000"},
		"a line less in one log": {func(logs map[string][]byte) {
			logs["json.log"] = firstLines(logs["json.log"], bytes.Count(logs["json.log"], []byte("\n"))-1)
		}, "json.log has"},
		"no 416":         {without(`" 416 `), "status 416 occurs 0 times"},
		"no 499":         {without(`" 499 `), "status 499 occurs 0 times"},
		"no PATCH":       {without(`"PATCH `), "method PATCH occurs 0 times"},
		"no TLS":         {without(`"\x16\x03`), `kind "TLS"`},
		"no HTTP/1.0":    {without(` HTTP/1.0" `), "HTTP/1.0 occurs 0 times"},
		"few families":   {without(`"GET /`), "route families"},
		"few clients":    {without("\n192.0.2."), "clients, want"},
		"one host":       {with("json.log", `"host":"api.`, `"host":"www.`), "host api.shop.example"},
		"no burst":       {without("utm_source=push"), "the busiest second"},
		"bad escape":     {with("combined.log", `"GET /cart HTTP`, `"GET /%zz HTTP`), "would not read"},
		"sorted timed":   {sortedByTime, "out of order"},
		"too large":      {with("combined.log", "Mozilla/5.0", strings.Repeat("Mozilla/5.0", 30)), "less than 1.6 MB"},
		"no lull":        {evenly, "seconds without a line"},
		"nothing at all": {func(logs map[string][]byte) { clear(logs) }, "0 lines"},
	} {
		t.Run(name, func(t *testing.T) {
			logs := readLogs(t)
			spoil.logs(logs)
			found, err := surveyLogs(logs)
			if err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			for _, missing := range shortcomings(found) {
				said.WriteString(missing.Error() + "\n")
			}
			if !strings.Contains(said.String(), spoil.want) {
				t.Errorf("spoiled logs pass; want a complaint about %q, got:\n%s", spoil.want, said.String())
			}
		})
	}
}

// readLogs reads the committed logs.
func readLogs(t *testing.T) map[string][]byte {
	logs := map[string][]byte{}
	for _, name := range logNames() {
		data, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		logs[name] = data
	}
	return logs
}

// firstLines returns the first n lines of data.
func firstLines(data []byte, n int) []byte {
	return bytes.Join(bytes.SplitAfter(data, []byte("\n"))[:n], nil)
}

// without removes the lines of combined.log that contain text; a leading newline in it means the beginning of the line.
func without(text string) func(map[string][]byte) {
	return func(logs map[string][]byte) {
		lines := bytes.SplitAfter(logs["combined.log"], []byte("\n"))
		lines = slices.DeleteFunc(lines, func(line []byte) bool { return strings.Contains("\n"+string(line), text) })
		logs["combined.log"] = bytes.Join(lines, nil)
	}
}

// with replaces text in one of the logs.
func with(name, old, new string) func(map[string][]byte) {
	return func(logs map[string][]byte) {
		logs[name] = bytes.ReplaceAll(logs[name], []byte(old), []byte(new))
	}
}

// sortedByTime gives every line of timed.log the same time, in which none is late.
func sortedByTime(logs map[string][]byte) {
	lines := strings.Split(strings.TrimSuffix(string(logs["timed.log"]), "\n"), "\n")
	for i, line := range lines {
		fields := strings.Fields(line)
		fields[len(fields)-4] = "1700000000.000"
		lines[i] = strings.Join(fields, " ")
	}
	logs["timed.log"] = []byte(strings.Join(lines, "\n") + "\n")
}

// evenly moves the lines of combined.log to one second after the other, as if nobody ever paused.
func evenly(logs map[string][]byte) {
	lines := strings.SplitAfter(strings.TrimSuffix(string(logs["combined.log"]), "\n"), "\n")
	for i, line := range lines {
		before, rest, _ := strings.Cut(line, "[")
		_, after, _ := strings.Cut(rest, "]")
		at := time.Date(2024, 5, 1, 0, 0, i%130, 0, time.UTC)
		lines[i] = before + "[" + at.Format("02/Jan/2006:15:04:05 -0700") + "]" + after
	}
	logs["combined.log"] = []byte(strings.Join(lines, "") + "\n")
}

// TestPlanIsSeeded checks that only the TLS handshake, which draws its own random numbers, differs between two plans.
func TestPlanIsSeeded(t *testing.T) {
	plan := func(seed uint64) []request { return newPlan(rand.New(rand.NewPCG(seed, 2024))) }
	same := func(a, b request) bool {
		return a.at == b.at && a.source == b.source && a.patience == b.patience &&
			(bytes.Equal(a.wire, b.wire) || bytes.HasPrefix(a.wire, []byte("\x16\x03\x01")))
	}
	if !slices.EqualFunc(plan(1), plan(1), same) {
		t.Error("two plans of the same seed differ")
	}
	if slices.EqualFunc(plan(1), plan(2), same) {
		t.Error("the seed changes nothing")
	}
}

func TestWithLulls(t *testing.T) {
	pauses := []lull{{10 * time.Second, 5 * time.Second}, {20 * time.Second, time.Second}}
	for active, want := range map[time.Duration]time.Duration{0: 0, 9: 9, 10: 15, 19: 24, 20: 26, 30: 36} {
		if got := withLulls(active*time.Second, pauses); got != want*time.Second {
			t.Errorf("withLulls(%d s) = %v, want %d s", active, got, want)
		}
	}
}

func TestUnescape(t *testing.T) {
	for text, want := range map[string]string{
		`plain`: "plain", `\x22a\x5C\xC3\xA9`: "\"a\\é", `cut \x4`: `cut \x4`, `\x`: `\x`, `no \xzz byte`: `no \xzz byte`,
	} {
		if got := unescape(text); got != want {
			t.Errorf("unescape(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestFamily(t *testing.T) {
	for target, want := range map[string]string{
		"/":                            "/",
		"/user/17/orders?page=2":       "/user/:id/orders",
		"/blog/2024/05/red-shoes-care": "/blog/:id/:id/:slug",
		"/api/v1/items":                "/api/v1/items",
		"/stores/s%C3%A3o-paulo":       "/stores/:id",
	} {
		if got := family(target); got != want {
			t.Errorf("family(%q) = %q, want %q", target, got, want)
		}
	}
}

func TestFillConf(t *testing.T) {
	conf, err := os.ReadFile("../nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	filled, err := fillConf(string(conf), "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(filled, ":8080") || !strings.Contains(filled, "listen       127.0.0.1:1;") {
		t.Error("the address is not replaced everywhere")
	}
	if _, err := fillConf("events {}", "a", "b", "c"); err == nil {
		t.Error("a configuration without our addresses is accepted")
	}
}

// TestClientsDiffer checks that no two clients share an address, neither of the connection nor in the log.
func TestClientsDiffer(t *testing.T) {
	sources, addresses := map[string]bool{}, map[string]bool{}
	for _, c := range clients(rand.New(rand.NewPCG(1, 2)), population) {
		sources[c.source.String()], addresses[c.address] = true, true
	}
	if len(sources) != population || len(addresses) != population {
		t.Errorf("%d clients have %d sources and %d addresses", population, len(sources), len(addresses))
	}
}

// TestAnswers checks that the application can give every status it is there for.
func TestAnswers(t *testing.T) {
	got := map[int]bool{}
	for luck := range uint64(2000) {
		for _, call := range [][2]string{
			{"GET", "/"}, {"POST", "/api/order"}, {"POST", "/api/job"}, {"DELETE", "/api/cart/1"}, {"GET", "/old/x.html"},
			{"POST", "/login"}, {"GET", "/api/private/1"}, {"GET", "/product/0a"}, {"GET", "/api/v1/recommend/1"}, {"GET", "/api/v1/stock/1"},
		} {
			got[answer(call[0], call[1], luck).status] = true
		}
	}
	want := []int{200, 201, 202, 204, 301, 302, 401, 404, 500, 503}
	if statuses := slices.Sorted(maps.Keys(got)); !slices.Equal(statuses, want) {
		t.Errorf("statuses %v, want %v", statuses, want)
	}
}
