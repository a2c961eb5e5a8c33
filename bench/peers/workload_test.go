//go:build linux

package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestInputsOfOtherTools(t *testing.T) {
	w := &workload{due: []int64{5, 1 << 32}, paths: []string{"/a?_s=0", "/b?_s=1"}, dir: t.TempDir()}
	in, err := w.writeInputs("http://127.0.0.1:8080")
	require.NoError(t, err)
	for path, want := range map[string]string{
		in.targets:  "/a?_s=0\n/b?_s=1\n",
		in.schedule: "\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00",
		in.wlog:     "/a?_s=0\x00/b?_s=1\x00",
		in.vegeta:   "GET http://127.0.0.1:8080/a?_s=0\nGET http://127.0.0.1:8080/b?_s=1\n",
		in.gor: "1 000000000000000000000000 1770000000000000005 0\nGET /a?_s=0 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n\n🐵🙈🙉\n" +
			"1 000000000000000000000001 1770000004294967296 0\nGET /b?_s=1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n\n🐵🙈🙉\n",
	} {
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}

func TestToolsHaveNamesOfTheirOwn(t *testing.T) {
	j := job{url: "http://127.0.0.1:8080", connections: 64, seconds: 2, rate: 1000, work: &workload{trace: "a.trace", paths: make([]string, 640)}}
	for _, tools := range [][]tool{flatOut(j, "ngxreplay"), timed(j, "ngxreplay", []time.Duration{0, time.Millisecond})} {
		seen := map[string]bool{}
		for _, each := range tools {
			require.False(t, seen[each.name], each.name)
			seen[each.name] = true
			require.Equal(t, each.program == "ngxreplay", each.ours)
		}
	}
	slacked := timed(j, "ngxreplay", []time.Duration{time.Millisecond})
	require.Equal(t, "ngxreplay, slack 1ms", slacked[0].name)
	require.Contains(t, strings.Join(slacked[0].args, " "), "--slack 1ms")
	require.Equal(t, "1000000", slacked[1].args[len(slacked[1].args)-1])
	plain := timed(j, "ngxreplay", []time.Duration{noSlack})
	require.Equal(t, "ngxreplay", plain[0].name)
	require.NotContains(t, plain[0].args, "--slack")
	require.Len(t, plain[1].args, 4)
}
