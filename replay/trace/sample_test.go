package trace

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A sample keeps its share of the clients, whatever the seed, and another seed keeps others.
func TestSampleKeepsItsShareOfTheClients(t *testing.T) {
	const clients = 20_000
	var r Request
	kept := func(share float64, seed uint64, shard Shard) (n int, first []int) {
		sample := newClientShare(share, seed)
		for i := range clients {
			r.Client = fmt.Appendf(r.Client[:0], "10.0.%d.%d", i/256, i%256)
			if client := DefaultIdentity.Client(&r); sample.has(client) && shard.has(client) {
				n++
				if len(first) < 20 {
					first = append(first, i)
				}
			}
		}
		return n, first
	}
	for _, share := range []float64{0.001, 0.1, 0.5, 0.9} {
		got, one := kept(share, 1, Shard{})
		if off := math.Abs(float64(got)-share*clients) / math.Sqrt(share*(1-share)*clients); off > 4 {
			t.Errorf("%g of %d clients: %d, %.1f standard deviations off", share, clients, got, off)
		}
		if _, other := kept(share, 2, Shard{}); share < 0.9 && cmp.Equal(one, other) {
			t.Errorf("%g: another seed keeps the same clients", share)
		}
	}
	if got, _ := kept(1, 1, Shard{}); got != clients {
		t.Errorf("all of %d clients: %d", clients, got)
	}
	// A sample of a shard is as large as one of the whole: the two draws are independent.
	if got, _ := kept(0.5, 1, Shard{1, 2}); math.Abs(float64(got)-clients/4) > 4*math.Sqrt(clients*3./16) {
		t.Errorf("half of a half of %d clients: %d", clients, got)
	}
}

func TestParseShard(t *testing.T) {
	if got, err := ParseShard("2/5"); err != nil || got != (Shard{2, 5}) || got.String() != "2/5" {
		t.Errorf("%v %v", got, err)
	}
	for _, bad := range []string{"", "1", "0/2", "3/2", "a/b", "1/0", "-1/2", "1/2/3"} {
		if got, err := ParseShard(bad); err == nil {
			t.Errorf("%q is taken for %v", bad, got)
		}
	}
}

func TestWhere(t *testing.T) {
	request := Request{
		Method: []byte("GET"), Target: []byte("/api/x?page=2"), Status: 503, Host: []byte("shop.example"), UserAgent: []byte("curl/8"),
		Client: []byte("192.0.2.1"), BodyBytes: 10, RequestTime: int64(1500 * time.Millisecond),
	}
	f := func(text string, want Rule) {
		t.Helper()
		s, err := newSieve(Filter{Where: text})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		if got := s.exclude(&request, 0); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	f("status >= 500", "")
	f("status < 500", ByWhere)
	f(`path == "/api/x" and query == "page=2" and target == "/api/x?page=2"`, "")
	f(`method in ["GET", "HEAD"] && host endsWith ".example" && user_agent matches "^curl/"`, "")
	f("request_time > 1.4 and body_bytes == 10", "")
	f(`user == "" and referer == ""`, "")
	f(`client startsWith "10."`, ByWhere)
	f("1 % (status - 503) == 0", ByWhereError) // no division by zero ends the reading
	f("len(map(1..100000, # * 2)) > 0", ByWhereError)
}

func TestWhereIsCheckedBeforeAnythingIsRead(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		err := (&Filter{Where: text}).Validate()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "request_time (seconds") {
			t.Errorf("%s: %v, want %q and the fields", text, err, want)
		}
	}
	f("status >", "unexpected token EOF")
	f("stauts == 200", " | stauts == 200\n | ^")
	f("status", "expected bool, but got int")
	f(`status == "200"`, "mismatched types int and string")
	f("now().Year() > 2000", "now")
	f("status in ["+strings.Repeat("1,", maxWhereNodes)+"1]", "maximum")
}

func TestSinceAndUntilAreByLoggedTime(t *testing.T) {
	log := writeLog(t, "a.log", timedLine(1000, 900, "/a"), timedLine(2000, 1500, "/b"), timedLine(3000, 0, "/c"), timedLine(4000, 3900, "/d"))
	filter := Filter{Since: epoch.Add(2 * time.Second), Until: epoch.Add(4 * time.Second)}
	built, requests := buildTrace(t, Selection{Inputs: []string{log}, Filter: filter}, BuildOptions{})
	if targets(requests) != "/b /c" || built.Info.Ledger.Filtered[BySince] != 1 || built.Info.Ledger.Filtered[ByUntil] != 1 {
		t.Errorf("%s, %+v", targets(requests), built.Info.Ledger)
	}
	// Of a trace, the arrival counts: it holds no other time.
	path := t.TempDir() + "/a.trace"
	if _, err := Build(t.Context(), Selection{Inputs: []string{log}}, BuildOptions{}, path); err != nil {
		t.Fatal(err)
	}
	if _, requests := buildTrace(t, Selection{Inputs: []string{path}, Filter: filter}, BuildOptions{}); targets(requests) != "/c" {
		t.Errorf("of a trace: %s", targets(requests))
	}
}

// An entry that is no request has a time all the same: outside the bounds it is neither counted as one nor shown.
func TestSinceAndUntilHoldForWhatIsNoRequest(t *testing.T) {
	dash := func(second int) string { return strings.Replace(combinedLine(second, "/"), "GET / HTTP/1.1", "-", 1) }
	log := writeLog(t, "a.log", dash(0), combinedLine(5, "/a"), dash(6), dash(60))
	filter := Filter{Since: epoch.Add(2 * time.Second), Until: epoch.Add(20 * time.Second)}
	survey, err := Inspect(t.Context(), Selection{Inputs: []string{log}, Filter: filter}, Routing{})
	if err != nil {
		t.Fatal(err)
	}
	l := survey.Ledger
	if l.Filtered[BySince] != 1 || l.Filtered[ByUntil] != 1 || Total(l.Unreplayable) != 1 || l.Requests != 1 {
		t.Errorf("%+v", l)
	}
	if survey.First.Before(filter.Since) || !survey.Last.Before(filter.Until) {
		t.Errorf("shows %v to %v", survey.First, survey.Last)
	}
}

// A trace says what was kept of its sources; an anonymized one not whom it was about.
func TestATraceSaysItsFilter(t *testing.T) {
	log := writeLog(t, "a.log", combinedLine(0, "/a/alice"), combinedLine(1, "/b"))
	filter := Filter{Methods: []string{"GET"}, Paths: []string{"/a/alice"}, Where: `path == "/a/alice"`, Shard: Shard{1, 1}}
	for _, anonymous := range []bool{false, true} {
		opts := BuildOptions{Limit: 7}
		want := filter
		if anonymous {
			opts.Anonymize = func(*Request) {}
			want.Paths, want.Where = nil, ""
		}
		path := t.TempDir() + "/a.trace"
		if _, err := Build(t.Context(), Selection{Inputs: []string{log}, Filter: filter}, opts, path); err != nil {
			t.Fatal(err)
		}
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, r.Info().Filter, cmp.AllowUnexported(Identity{})); diff != "" || r.Info().Limit != 7 {
			t.Errorf("limit %d, filter %s", r.Info().Limit, diff)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFilterAsJSON(t *testing.T) {
	identity, err := ParseIdentity("cookie:Session")
	if err != nil {
		t.Fatal(err)
	}
	filter := Filter{Since: epoch, Until: epoch.Add(time.Hour), Sample: 0.1, Shard: Shard{1, 2}, Identity: identity, Seed: 7, Where: "status == 200"}
	text, err := json.Marshal(filter)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"client":"cookie:Session"`, `"shard":{"number":1,"of":2}`, `"since":"2026-02-07T10:00:00Z"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %s", text, want)
		}
	}
	var again Filter
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(filter, again, cmp.AllowUnexported(Identity{})); diff != "" {
		t.Error(diff)
	}
	if text, _ := json.Marshal(Filter{}); string(text) != "{}" {
		t.Errorf("the zero filter is %s", text)
	}
}

func TestFilterOfNonsense(t *testing.T) {
	f := func(filter Filter, want string) {
		t.Helper()
		if err := filter.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	f(Filter{Since: epoch, Until: epoch}, "is not before")
	f(Filter{Sample: -1}, "sample -1")
	f(Filter{Sample: math.NaN()}, "sample NaN")
	f(Filter{Shard: Shard{3, 2}}, "shard 3/2")
}
