package report

import (
	"strings"
	"testing"

	"ngxreplay/replay/wire"
)

func TestSentAgain(t *testing.T) {
	run := &Run{Targets: []Target{
		{Name: "quiet"},
		{Name: "flaky", Reconnected: 3, Retried: 1206, RetriedAfter: map[wire.Class]int64{wire.Reset: 6, wire.Refused: 1200}, AnsweredAfterRetry: 1},
	}}
	var text strings.Builder
	if err := WriteText(&text, run, TextOptions{Width: 160}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\nSent again\n  flaky  reconnected 3: the target had closed",
		"\n         retried 1,206 (1,200 refused, 6 reset); 1 request was answered only after that\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in:\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "quiet  re") {
		t.Errorf("a target to which nothing was sent again is told of:\n%s", text.String())
	}
	if notes := RetryNotes(&run.Targets[0]); notes != nil {
		t.Errorf("%q", notes)
	}
}

// Over HTTP/2 a connection that goes on with what it carries may take no more.
func TestSentAgainOverHTTP2(t *testing.T) {
	facts := sentAgain(&Target{Client: ClientHTTP2, Reconnected: 3})
	if len(facts) != 1 || facts[0].Value != "3: the target had ended the connection, or took no more on it, before it took the request" {
		t.Errorf("%+v", facts)
	}
}
