package report

import (
	"strings"
	"testing"
	"time"

	"ngxreplay/replay"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire"
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
		"/a?token=abc&b=1":                                      "/a?token=***&b=1",
		"/a?b=1&access_token=abc HTTP/1.1":                      "/a?b=1&access_token=*** HTTP/1.1",
		"/login?user=x&password=p%20q;sig=1":                    "/login?user=x&password=***;sig=***",
		"/a?API-KEY=k&apikey=k&api_key=k":                       "/a?API-KEY=***&apikey=***&api_key=***",
		"/a?key=k&code=c&monkey=m":                              "/a?key=***&code=***&monkey=m",
		`x "Authorization: Bearer abc" y`:                       `x "Authorization: ***" y`,
		"Cookie: a=b; c=d":                                      "Cookie: ***",
		"svc=http://127.0.0.1:1,metrics=http://u:p@h/m?token=t": "svc=http://127.0.0.1:1,metrics=http://***@h/m?token=***",
		"/plain?page=2":                                         "/plain?page=2",
		`"GET /?jwt=a.b.c HTTP/1.1" 200 5 "-"`:                  `"GET /?jwt=*** HTTP/1.1" 200 5 "-"`,
	} {
		if got := Mask(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestMaskHeader(t *testing.T) {
	f := func(name, value, want string) {
		t.Helper()
		if got := MaskHeader(wire.Header{Name: name, Value: value}); got != (wire.Header{Name: name, Value: want}) {
			t.Errorf("%s: %s: got %+v", name, value, got)
		}
	}
	f("Accept-Language", "fa", "fa")
	f("X-Forwarded-For", "192.0.2.1", "192.0.2.1")
	f("Authorization", "Bearer abc", "Bearer ***")
	f("authorization", "secret abc", "***")
	f("X-Auth", "abc", "***")
	f("X-Anything-Else", "abc", "***")
}

func TestVerdict(t *testing.T) {
	good := Target{Overall: Statistics{Count: 5}, Ledger: replay.Ledger{Scheduled: 5}, Fidelity: Fidelity{Verdict: replay.Faithful}}
	f := func(want Verdict, change func(t *Target)) {
		t.Helper()
		changed := good
		change(&changed)
		run := Run{Targets: []Target{good, changed}}
		run.Judge()
		if run.Verdict != want || (want == Pass) != (len(run.Reasons) == 0) {
			t.Errorf("%+v: got %s %v, want %s", changed, run.Verdict, run.Reasons, want)
		}
	}
	f(Pass, func(*Target) {})
	f(Pass, func(t *Target) { t.Fidelity.Verdict = replay.Degraded })
	f(NoData, func(t *Target) { t.Fidelity.Verdict = replay.Unfaithful })
	f(NoData, func(t *Target) { t.Ledger.Abandoned = 1 })
	f(NoData, func(t *Target) { t.Overall.Count = 0 })
	f(NoData, func(t *Target) { t.Trouble = "died" })
	var empty Run
	if empty.Judge(); empty.Verdict != NoData {
		t.Errorf("no targets: %s", empty.Verdict)
	}
	failed := Run{Targets: []Target{good}, Assertions: []Assertion{{Verdict: NoData}, {Verdict: Fail}, {Verdict: Pass}}}
	if failed.Judge(); failed.Verdict != Fail {
		t.Errorf("a failed assertion: %s", failed.Verdict)
	}
}

func TestStoppedAnswering(t *testing.T) {
	f := func(want string, refused bool, windows ...Window) {
		t.Helper()
		errors := Errors{}
		if refused {
			errors[wire.Refused] = &replay.Failures{Count: 1}
		}
		if got := StoppedAnswering(windows, errors); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%+v: got %q, want %q", windows, got, want)
		}
	}
	f("", false, Window{Responses: 10}, Window{Responses: 10})
	f("", false, Window{Responses: 10}, Window{Failed: 20}) // may be chance
	f("answered nothing from second 1 to the end (21", false, Window{Responses: 10}, Window{Failed: 21}, Window{})
	f("answered nothing from second 1 to the end (3", true, Window{Responses: 10, Failed: 1}, Window{Failed: 3})
	f("", true, Window{Failed: 50}, Window{Responses: 1})
	f("answered none of 3", false, Window{Failed: 3})
}
