package replay

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"ngxreplay/replay/wire"
)

// A target that has much to say of its failures takes no memory with it.
func TestTextsOfFailuresAreBounded(t *testing.T) {
	for _, text := range []string{"", "short", strings.Repeat("x", longestFailure), strings.Repeat("é", 50_000), "x" + strings.Repeat("é", 50_000)} {
		got := (&conn{}).failure(wire.TLS, errors.New(text)).text
		if len(got) > longestFailure || len(got) < min(len(text), longestFailure-1) || !strings.HasPrefix(text, got) || !utf8.ValidString(got) {
			t.Errorf("%d bytes of %d: %.20q", len(got), len(text), got)
		}
	}
}
