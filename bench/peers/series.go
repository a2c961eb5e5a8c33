//go:build linux

package main

import "slices"

// A series holds one figure of one tool, round by round.
type series []float64

// A figure is a series in short. Spread is the distance from the least to the most, as a share of the median.
type figure struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Spread float64 `json:"spread"`
}

func (s series) figure() figure {
	if len(s) == 0 {
		return figure{}
	}
	f := figure{Median: s.median(), Min: slices.Min(s), Max: slices.Max(s)}
	if f.Median != 0 {
		f.Spread = (f.Max - f.Min) / f.Median
	}
	return f
}

// median is the middle one, or the mean of the two in the middle; 0 of none.
func (s series) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// ratio is the median of the ratios to another series, each within its round: noise that lasts longer than a round hits
// both alike. 0: they have no round in common.
func (s series) ratio(base series) float64 {
	var ratios series
	for i := range min(len(s), len(base)) {
		if base[i] != 0 {
			ratios = append(ratios, s[i]/base[i])
		}
	}
	return ratios.median()
}
