//go:build linux

package main

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// schedule is due times a gap apart.
func schedule(n int, gap time.Duration) []int64 {
	due := make([]int64, n)
	for i := range due {
		due[i] = int64(i) * int64(gap)
	}
	return due
}

// arrive stamps each request so late, from a start that nobody knows.
func arrive(due []int64, late func(i int) time.Duration) []stamp {
	const start = 123_456_789_000
	stamps := make([]stamp, len(due))
	for i, d := range due {
		stamps[i] = stamp{Number: int64(i), At: start + d + int64(late(i)), Connection: int64(i % 3)}
	}
	slices.SortStableFunc(stamps, func(a, b stamp) int { return int(a.At - b.At) })
	return stamps
}

func TestCompareRemovesTheStartOnly(t *testing.T) {
	due := schedule(1000, time.Millisecond)
	got := compare(due, arrive(due, func(i int) time.Duration { return time.Duration(i%100) * time.Microsecond }))
	require.Equal(t, timing{
		LateP50: 50 * time.Microsecond, LateP99: 99 * time.Microsecond,
		OffP50: 25 * time.Microsecond, OffP99: 50 * time.Microsecond, Connections: 3,
	}, got)
}

func TestCompareDoesNotTrustOneEarlyArrival(t *testing.T) {
	due := schedule(1000, time.Millisecond)
	got := compare(due, arrive(due, func(i int) time.Duration {
		if i == 500 {
			return -400 * time.Microsecond
		}
		return 0
	}))
	require.Zero(t, got.LateP50)
	require.Zero(t, got.LateP99)
}

func TestCompareCountsWhatIsWrong(t *testing.T) {
	due := schedule(10, time.Millisecond)
	stamps := arrive(due, func(i int) time.Duration {
		if i == 4 {
			return 1500 * time.Microsecond // behind 5
		}
		return 0
	})
	stamps = append(stamps[:8], stamps[9], stamps[9], stamp{Number: -1}, stamp{Number: 10}) // 8 is missing, 9 came twice
	got := compare(due, stamps)
	require.Equal(t, 1, got.Missing)
	require.Equal(t, 1, got.Repeated)
	require.InDelta(t, 0.1, got.OutOfOrder, 1e-9)
}

// What the server's system saw is known for all arrivals or not looked at.
func TestCameLeavesOutTheRecordersOwnDelay(t *testing.T) {
	due := schedule(100, time.Millisecond)
	stamps := arrive(due, func(i int) time.Duration { return time.Duration(i) * time.Microsecond })
	for i := range stamps {
		stamps[i].Came = due[stamps[i].Number] + 1
	}
	require.Equal(t, 99*time.Microsecond, compare(due, stamps).LateP99)
	require.Zero(t, compare(due, came(stamps)).LateP99)
	stamps[50].Came = 0
	require.Nil(t, came(stamps))
}

func TestCompareOfNothing(t *testing.T) {
	require.Equal(t, timing{Missing: 5}, compare(schedule(5, time.Millisecond), nil))
}

func TestCompareSeesDrift(t *testing.T) {
	due := schedule(1000, time.Millisecond)
	got := compare(due, arrive(due, func(i int) time.Duration { return time.Duration(i) * time.Microsecond }))
	require.Equal(t, 900*time.Microsecond, got.Drift)
}

// When a tool starts changes nothing, whatever else it does.
func TestCompareDoesNotDependOnTheStart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		due := schedule(rapid.IntRange(1, 200).Draw(t, "n"), time.Millisecond)
		late := rapid.SliceOfN(rapid.Int64Range(0, int64(5*time.Millisecond)), len(due), len(due)).Draw(t, "late")
		stamps := arrive(due, func(i int) time.Duration { return time.Duration(late[i]) })
		later := slices.Clone(stamps)
		by := rapid.Int64Range(-1e9, 1e12).Draw(t, "by")
		for i := range later {
			later[i].At += by
		}
		require.Equal(t, compare(due, stamps), compare(due, later))
	})
}

func TestBeatFitsTheRateThatWasKept(t *testing.T) {
	sent := arrive(schedule(1000, 1100*time.Microsecond), func(int) time.Duration { return 0 })
	due, numbered := beat(900, sent)
	require.Len(t, numbered, 900)
	got := compare(due, numbered)
	require.Zero(t, got.LateP99)
	require.Zero(t, got.Missing)

	due, numbered = beat(1005, sent)
	require.Equal(t, 5, compare(due, numbered).Missing)
}

func TestBeatSeesBursts(t *testing.T) {
	bursts := arrive(schedule(1000, 200*time.Microsecond), func(i int) time.Duration { return -time.Duration(i%50) * 200 * time.Microsecond })
	got := compare(beat(1000, bursts))
	require.Greater(t, got.OffP50, 2*time.Millisecond)
}

func TestBeatOfFewArrivals(t *testing.T) {
	for n := range 3 {
		due, numbered := beat(5, make([]stamp, n))
		require.Len(t, due, 5)
		require.Len(t, numbered, n)
		require.Equal(t, 5-n, compare(due, numbered).Missing)
	}
}
