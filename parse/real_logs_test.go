//go:build reallogs

package parse

// These tests read a folder of real logs, which is not part of the repository: NGXREPLAY_LOGS names it, and facts.json
// in it says what is in each of them.
//
//	NGXREPLAY_LOGS=... go test -tags reallogs ./parse

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// logFacts are what an independent script counted in a log.
type logFacts struct {
	Format                     string
	Lines, Matched, Unmatched  int
	EmptyLines                 int     `json:"empty_lines"`
	FirstUnmatched             []int64 `json:"first_unmatched"`
	Status, Methods, Protocols map[string]int
	Classes                    map[string]int `json:"request_classes"`
	MinEpoch                   int64          `json:"min_epoch"`
	MaxEpoch                   int64          `json:"max_epoch"`
	DistinctAddr               int            `json:"distinct_addr"`
	DistinctSeconds            int            `json:"distinct_seconds"`
	SameSecond                 int            `json:"same_second_as_previous"`
	Users                      int            `json:"lines_with_user"`
	BodyBytes                  int64          `json:"body_bytes_total"`
}

// TestRealLogs reads every log of a folder that holds a facts.json, without being told the format.
func TestRealLogs(t *testing.T) {
	dir := realLogs(t)
	data, err := os.ReadFile(filepath.Join(dir, "facts.json"))
	if err != nil {
		t.Fatal(err)
	}
	facts := map[string]logFacts{}
	if err := json.Unmarshal(data, &facts); err != nil {
		t.Fatal(err)
	}
	for name, want := range facts {
		path := filepath.Join(dir, name)
		t.Run(name+"/detected", func(t *testing.T) {
			src := mustOpen(t, path)
			d, err := Detect(src.Sample())
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s %s, %d of %d, guessed %v", d.Format.Name(), d.Format, d.Fit, d.Lines, d.Guessed)
			if len(d.Formats) != 1 || d.Envelope != EnvelopeNone {
				t.Errorf("formats %v, envelope %v", d.Formats, d.Envelope)
			}
			compareFacts(t, NewReader(src, name, d.Formats...), want)
		})
		t.Run(name+"/parallel", func(t *testing.T) {
			d, err := Detect(mustOpen(t, path).Sample())
			if err != nil {
				t.Fatal(err)
			}
			sameStory(t, func() io.Reader { return mustOpen(t, path) }, blockSize, 2, d.Formats...)
		})
		t.Run(name+"/told", func(t *testing.T) {
			escape := EscapeDefault
			text, ok := strings.CutPrefix(want.Format, "escape=json ")
			if ok {
				escape = EscapeJSON
			}
			compareFacts(t, NewReader(mustOpen(t, path), name, mustCompile("", text, escape)), want)
		})
	}
}

// TestRealTwins: a log in JSON that was derived from one in text gives the same requests.
func TestRealTwins(t *testing.T) {
	dir := realLogs(t)
	read := func(name string) []string {
		src := mustOpen(t, filepath.Join(dir, name))
		d, err := Detect(src.Sample())
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for r := NewReader(src, name, d.Formats...); r.Scan(); {
			e, bad := r.Entry()
			if bad != nil {
				t.Fatal(bad)
			}
			out = append(out, brief(e)+string(e.Referer))
		}
		return out
	}
	if diff := cmp.Diff(read("nginx_main_shop_1k.log"), read("json_derived_shop_1k.log")); diff != "" {
		t.Error(diff)
	}
}

// realLogs is the folder. That it is not named is an error, so that nobody takes a test that did nothing for one that
// passed.
func realLogs(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("NGXREPLAY_LOGS")
	if dir == "" {
		t.Fatal("NGXREPLAY_LOGS names no folder of logs")
	}
	return dir
}

func compareFacts(t *testing.T, r *Reader, want logFacts) {
	status, methods, protocols := map[string]int{}, map[string]int{}, map[string]int{}
	clients, seconds := map[string]bool{}, map[int64]bool{}
	reasons := map[Reason]int{}
	var bodyBytes, users, same int64
	var minTime, maxTime, last int64
	var bad []int64
	for r.Scan() {
		e, lineErr := r.Entry()
		if lineErr != nil {
			bad = append(bad, lineErr.Line)
			if len(bad) < 5 {
				t.Log(lineErr, lineErr.Text)
			}
			continue
		}
		status[strconv.Itoa(e.Status)]++
		if e.Unreplayable == "" || e.Unreplayable == Preface {
			methods[string(e.Method)]++
			if e.Protocol != nil {
				protocols[string(e.Protocol)]++
			}
		}
		reasons[e.Unreplayable]++
		clients[string(e.Client)] = true
		second := e.Time / 1e9
		seconds[second] = true
		if second == last {
			same++
		}
		if minTime == 0 || second < minTime {
			minTime = second
		}
		maxTime, last = max(maxTime, second), second
		if e.BodyBytes > 0 {
			bodyBytes += e.BodyBytes
		}
		if e.User != nil {
			users++
		}
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	c := r.Counts()
	t.Logf("%+v %v", c, reasons)
	equal := func(what string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %d, want %d", what, got, want)
		}
	}
	equal("lines", int(c.Lines), want.Lines)
	equal("entries", int(c.Entries), want.Matched)
	equal("malformed and blank", int(c.Malformed+c.Blank), want.Unmatched)
	equal("blank", int(c.Blank), want.EmptyLines)
	equal("clients", len(clients), want.DistinctAddr)
	equal("seconds", len(seconds), want.DistinctSeconds)
	equal("same second", int(same), want.SameSecond)
	equal("first", int(minTime), int(want.MinEpoch))
	equal("last", int(maxTime), int(want.MaxEpoch))
	equal("users", int(users), want.Users)
	equal("body bytes", int(bodyBytes), int(want.BodyBytes))
	equal("binary", reasons[TLS]+reasons[Binary], want.Classes["binary"])
	equal("empty", reasons[Empty], want.Classes["empty"])
	equal("no protocol", reasons[HTTP09], want.Classes["no_protocol"])
	equal("other", reasons[BadLine], want.Classes["other"])
	if !r.Format().HasProtocol() {
		protocols = want.Protocols
	}
	for _, m := range []struct{ got, want map[string]int }{{status, want.Status}, {methods, want.Methods}, {protocols, want.Protocols}} {
		if diff := cmp.Diff(m.want, m.got); diff != "" {
			t.Error(diff)
		}
	}
}
