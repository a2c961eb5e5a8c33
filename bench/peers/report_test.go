//go:build linux

package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReportAsText(t *testing.T) {
	r := report{
		Machine: machine{CPU: "A CPU", CPUs: 2, Kernel: "6.1", Go: "go1.26"}, Connections: 64, Rounds: 2,
		Flat: []*flatRow{
			{Tool: "ngxreplay", CPU: series{8, 9}, Rate: series{90_000, 80_000}, PeakRSS: series{40, 41}, Ratio: 1.0625},
			{Tool: wrkName, CPU: series{8, 8}, Rate: series{100_000, 100_000}, PeakRSS: series{11, 11}, Ratio: 1},
		},
		Timed: []*timedTable{{Rate: 5000, Requests: 15_000, Rows: []*timedRow{
			{Tool: "ngxreplay, slack 0s", Exact: true, CPU: series{40}, LateP50: series{30}, LateP99: series{200, 180, 400}, OffP50: series{10}, OffP99: series{150},
				Drift: series{-2}, OutOfOrder: series{0.004}, Missing: series{0}, Connections: series{64}, PeakRSS: series{35}, OwnLag: series{180}, CameP99: series{190}, Ratio: 1},
			{Tool: "fortio", CPU: series{24}, LateP50: series{6000}, LateP99: series{12_000}, OffP50: series{3000}, OffP99: series{6000},
				Drift: series{0}, OutOfOrder: series{0}, Missing: series{1}, Connections: series{64}, PeakRSS: series{20}, Ratio: 0.6},
		}}},
		Start:   []*startRow{{Requests: 1_000_000, First: series{30, 40}, CPU: series{80, 82}, PeakRSS: series{40, 42}}},
		Missing: []string{"wrk2"}, Failures: []string{"hey: exit code 1"},
	}
	var out strings.Builder
	r.write(&out)
	require.Equal(t, string(captured(t, "report.txt")), out.String())
}

func TestOneLineAFailure(t *testing.T) {
	var r report
	r.fail("hey", false, errors.New("exit code 1: Usage:\n   hey "+strings.Repeat("x", 1000)))
	require.False(t, r.broken)
	require.Len(t, r.Failures[0], 300)
	require.True(t, strings.HasPrefix(r.Failures[0], "hey: exit code 1: Usage: hey xxx"))
	r.fail("ngxreplay", true, errors.New("exit code 1"))
	require.True(t, r.broken)
}

func TestMissingToolsAreNamedOnce(t *testing.T) {
	var r report
	r.miss("k6")
	r.miss("k6")
	require.Equal(t, []string{"k6"}, r.Missing)
}
