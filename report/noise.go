package report

import (
	"fmt"
	"slices"
	"strings"
)

// near is how close two numbers may be before one round cannot tell them apart. It is a rule of thumb, not a
// measurement: only repeated rounds show how much the numbers of a target move by themselves.
const near = 0.10

// fewest is how many answers a 99th percentile needs before it is more than the name of the largest one.
const fewest = 100

// noise says which differences between the targets are none.
func noise(run *Run) []string {
	if len(run.Targets) < 2 {
		return nil
	}
	metrics := []struct {
		name string
		of   func(*Target) float64
	}{
		{"response p50", func(t *Target) float64 { return t.ifData(float64(t.Overall.Response.P50)) }},
		{"response p99", func(t *Target) float64 { return t.ifData(float64(t.Overall.Response.P99)) }},
		{"CPU per request", func(t *Target) float64 { cpu, _, _ := t.usage(); return cpu }},
	}
	lines := []string{"One round does not rank targets whose numbers are close: repeat the run before believing a small difference."}
	for _, m := range metrics {
		for _, group := range alike(run.Targets, m.of) {
			lines = append(lines, fmt.Sprintf("%s: %s are within %.0f %% of each other, which one round cannot tell from noise.",
				m.name, enumerate(group), 100*near))
		}
	}
	return lines
}

// alike returns the groups of targets whose values lie within near of the smallest one of the group.
func alike(targets []Target, of func(*Target) float64) [][]string {
	type point struct {
		name  string
		value float64
	}
	var points []point
	for i := range targets {
		if v := of(&targets[i]); v > 0 { // false for none
			points = append(points, point{excerpt(targets[i].Name, longestLabel), v})
		}
	}
	slices.SortStableFunc(points, func(a, b point) int {
		switch {
		case a.value < b.value:
			return -1
		case a.value > b.value:
			return 1
		}
		return 0
	})
	var groups [][]string
	for start := 0; start < len(points); {
		var group []string
		for _, p := range points[start:] {
			if p.value > points[start].value*(1+near) {
				break
			}
			group = append(group, p.name)
		}
		start += len(group)
		if len(group) > 1 {
			groups = append(groups, group)
		}
	}
	return groups
}

// enumerate joins names as a sentence does.
func enumerate(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
