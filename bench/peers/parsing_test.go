//go:build linux

package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func captured(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return data
}

func TestParseServed(t *testing.T) {
	n, err := parseServed(captured(t, "stub_status"))
	require.NoError(t, err)
	require.EqualValues(t, 1_200_345, n)
	for _, page := range []string{"", "\n\n", "<html>\n<head>\n<title>404 Not Found</title>", "a\nb\n1 2 x\n"} {
		_, err := parseServed([]byte(page))
		require.Error(t, err, page)
	}
}

func TestParseOwn(t *testing.T) {
	o, err := parseOwn(captured(t, "run.json"))
	require.NoError(t, err)
	require.EqualValues(t, 5000, o.Targets[0].Ledger.Responses)
	require.InDelta(t, 37060.607-0.128, o.lagP99(), 1e-9)
	require.NoError(t, agrees(captured(t, "run.json"), 5000))
	require.EqualError(t, agrees(captured(t, "run.json"), 5001), "ngxreplay counts 5000 responses, the server answered 5001")
	for _, run := range []string{"", "{}", "[]", `{"targets":[{},{}]}`} {
		_, err := parseOwn([]byte(run))
		require.ErrorContains(t, err, "run.json", run)
	}
}

func TestNumberInARequestLine(t *testing.T) {
	for head, want := range map[string]int64{
		"GET /a?_s=12 HTTP/1.1\r\nHost: x":          12,
		"GET /a?q=1&_s=0&b HTTP/1.1":                0,
		"/bare?_s=77":                               77,
		"GET / HTTP/1.1\r\nReferer: /a?_s=5":        -1,
		"GET /a?_s= HTTP/1.1":                       -1,
		"GET /a?_s=99999999999999999999 HTTP/1.1":   999_999_999_999_999_999,
		"GET /?other_s=3 HTTP/1.1\r\nX: /?_s=4\r\n": 3,
	} {
		require.Equal(t, want, number([]byte(head)), head)
	}
}

func TestSlacksFollowTheHelp(t *testing.T) {
	require.Equal(t, []time.Duration{noSlack}, slacks([]byte("      --seed seed   seed of everything\n")))
	require.Equal(t, []time.Duration{0, 500 * time.Microsecond, time.Millisecond}, slacks([]byte("      --slack time   wake up less often\n")))
}

func TestCPUModel(t *testing.T) {
	require.Equal(t, "Some CPU @ 2.0GHz", cpuModel([]byte("processor\t: 0\nmodel name\t: Some CPU @ 2.0GHz\nmodel name : other\n"), "none"))
	require.Equal(t, "none", cpuModel([]byte("processor: 0\n"), "none"))
}

func TestLimitedKeepsTheEnd(t *testing.T) {
	l := limited{limit: 4}
	for range 100 {
		n, err := l.Write([]byte("abc"))
		require.NoError(t, err)
		require.Equal(t, 3, n)
		require.LessOrEqual(t, l.Len(), 8)
	}
	_, err := l.Write([]byte("0123456789"))
	require.NoError(t, err)
	require.Equal(t, "6789", l.String())
}
