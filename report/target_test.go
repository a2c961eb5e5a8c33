package report

import (
	"strings"
	"testing"

	"ngxreplay/replay"
	"ngxreplay/replay/wire"
)

// The text of a failure may hold the request, and a report no secret of it. What was measured stays as it was.
func TestFailuresHoldNoSecrets(t *testing.T) {
	const text = `cannot be sent over HTTP/2: invalid request :path "x?token=s3cret&q=1"`
	measured := map[wire.Class]*replay.Failures{wire.Local: {Count: 7, Examples: []string{text}}}
	got := maskErrors(measured)[wire.Local]
	if got.Count != 7 || len(got.Examples) != 1 || strings.Contains(got.Examples[0], "s3cret") || !strings.Contains(got.Examples[0], "q=1") {
		t.Errorf("%+v", got)
	}
	if measured[wire.Local].Examples[0] != text {
		t.Error("the measured text has changed")
	}
}
