package main

import (
	"slices"
	"strings"
	"testing"
)

// Several threads send what one sends: every logged request once, on connections that they share, with their clients on
// connections of their own when that is asked for.
func TestThreadsSendTheLog(t *testing.T) {
	var want []string
	for _, l := range readTimedLog(t) {
		want = append(want, l.line)
	}
	slices.Sort(want)
	for _, flags := range []string{"--pace max --threads 2", "--pace max --threads 3 --connections 4", "--speed 40 --threads 2 --connections 8", "--speed 40 --threads 3 --connections per-client"} {
		server := startRecording(t, nil)
		args := append([]string{"run", "../../testdata/timed.log", "--target", server.url, "--json"}, strings.Fields(flags)...)
		code, stdout, stderr := ngxreplay(t.Context(), args...)
		if !isMeasured(code, stderr) {
			t.Fatalf("%s: exit code %d: %s", flags, code, stderr)
		}
		run := readRun(t, stdout)
		target := run.Targets[0]
		var got []string
		for _, r := range server.seen() {
			got = append(got, r.line)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) || target.Ledger.Responses != int64(len(want)) {
			t.Errorf("%s: %d logged, %d received, ledger %+v, %v", flags, len(want), len(got), target.Ledger, target.Errors)
		}
		if n := target.OpenAtOnce; n < 1 || n > run.Config.Connections || !strings.Contains(flags, "threads "+string(rune('0'+run.Config.Threads))) {
			t.Errorf("%s: %d connections at once, config %+v", flags, n, run.Config)
		}
	}
}
