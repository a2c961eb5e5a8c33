//go:build linux

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFigures(t *testing.T) {
	require.Equal(t, figure{Median: 4, Min: 2, Max: 8, Spread: 1.5}, series{8, 2, 4}.figure())
	require.Equal(t, figure{Median: 3, Min: 2, Max: 4, Spread: 2.0 / 3}, series{4, 2}.figure())
	require.Equal(t, figure{}, series(nil).figure())
}

// Rounds that were slow for everybody do not change a ratio.
func TestRatiosAreWithinARound(t *testing.T) {
	require.InDelta(t, 2, series{20, 200, 22}.ratio(series{10, 100, 11}), 1e-9)
	require.InDelta(t, 2, series{20, 40}.ratio(series{10, 0, 7}), 1e-9)
	require.Zero(t, series{20}.ratio(nil))
}

func TestNumbersOfAList(t *testing.T) {
	parse := func(s string) (int, error) { return len(s), nil }
	got, err := numbers("a,bb,,ccc", parse)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, got)
	_, err = numbers("5", func(string) (int, error) { return 0, nil })
	require.EqualError(t, err, "0: not above 0")
}
