package report

import (
	"strings"
	"testing"
	"time"

	"ngxreplay/replay/trace"
)

func TestSparkline(t *testing.T) {
	curve := func(entries ...int64) (buckets []trace.Bucket) {
		for _, n := range entries {
			buckets = append(buckets, trace.Bucket{Entries: n})
		}
		return buckets
	}
	f := func(want string, buckets []trace.Bucket) {
		t.Helper()
		if got := sparkline(buckets); got != want {
			t.Errorf("%v: got %q, want %q", buckets, got, want)
		}
	}
	f("█", curve(5))
	f(" █", curve(0, 1))
	f("▁▁▄█ ▁", curve(1, 100, 500, 1000, 0, 2))
	f(" ▂▃▄▅▆▇█", curve(0, 1, 2, 3, 4, 5, 6, 7))
}

func TestInspectionWarnsOfWhatMattersForAReplay(t *testing.T) {
	survey := trace.Survey{
		Sources:   []trace.Source{{Name: "a.log", FormatName: "combined"}},
		Ledger:    trace.Ledger{Lines: 10, Entries: 6, Malformed: 4, Requests: 6},
		Methods:   map[string]int64{"POST": 2, "GET": 4},
		Status:    map[string]int64{"304": 3, "200": 3},
		Clients:   1,
		Precision: time.Second,
	}
	got := strings.Join(NewInspection(&survey).Warnings, "\n")
	for _, want := range []string{"whole seconds", "no $request_time", "no host", "2 POST", "3 answers were 304", "one address", "4 of 10 lines"} {
		if !strings.Contains(got, want) {
			t.Errorf("no word about %q in:\n%s", want, got)
		}
	}
}

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		"/a?token=abc&b=1":                     "/a?token=***&b=1",
		"/a?b=1&access_token=abc HTTP/1.1":     "/a?b=1&access_token=*** HTTP/1.1",
		"/login?user=x&password=p%20q;sig=1":   "/login?user=x&password=***;sig=1",
		"/a?API-KEY=k&apikey=k&api_key=k":      "/a?API-KEY=***&apikey=***&api_key=***",
		"/plain?page=2":                        "/plain?page=2",
		`"GET /?jwt=a.b.c HTTP/1.1" 200 5 "-"`: `"GET /?jwt=*** HTTP/1.1" 200 5 "-"`,
	} {
		if got := Mask(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}
