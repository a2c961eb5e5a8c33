package genlog

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumberedRequestsAreDifferentAndInTime(t *testing.T) {
	var first, again bytes.Buffer
	log := Numbered{Lines: 5000, Rate: 1000, Seed: 3}
	require.NoError(t, log.Write(&first))
	require.NoError(t, log.Write(&again))
	require.Equal(t, first.String(), again.String())

	line := regexp.MustCompile(`^\S+ - - \[02/Feb/2026:\S+ \+0000\] "GET /\S*[?&]_s=(\d+) HTTP/1\.1" \d+ \d+ "[^"]*" "[^"]+"$`)
	seconds := map[string]int{}
	lines := strings.Split(strings.TrimSuffix(first.String(), "\n"), "\n")
	require.Len(t, lines, log.Lines)
	for i, text := range lines {
		match := line.FindStringSubmatch(text)
		require.NotNil(t, match, text)
		require.Equal(t, fmt.Sprint(i), match[1])
		seconds[strings.SplitN(text, "[", 2)[1][:20]]++
	}
	require.InDelta(t, 5, len(seconds), 1, "seconds of 5000 arrivals at 1000 a second")
}
