package report

import (
	"cmp"
	"fmt"
	"slices"
)

// busiest is how many routes the short table shows.
const busiest = 8

// A grid is a table with a name per row: routes down, targets across.
type grid struct {
	Title string
	Names []string
	Block block
	Note  string
}

// busyRoutes compares the 99th percentile of the response time of the busiest routes; nil for a single route.
func busyRoutes(run *Run) *grid {
	names, requests := routeNames(run)
	if len(names) < 2 {
		return nil
	}
	title := "Routes"
	if len(names) > busiest {
		title = fmt.Sprintf("The %d busiest of %s routes", busiest, count(int64(len(names))))
		names = names[:busiest]
	}
	sent := column{Name: "requests"}
	values := make([][]float64, len(run.Targets))
	var all []float64
	few := false
	for _, name := range names {
		sent.Cells = append(sent.Cells, cell{Text: count(requests[name])})
		for i := range run.Targets {
			v, answers := run.Targets[i].routeP99(name)
			few = few || answers > 0 && answers < fewest
			values[i], all = append(values[i], v), append(all, v)
		}
	}
	u := unitFor(timeUnits, all...)
	columns := block{sent}
	for i := range run.Targets {
		of := column{Group: "response p99 " + u.name, Name: excerpt(run.Targets[i].Name, longestLabel)}
		for _, v := range values[i] {
			of.Cells = append(of.Cells, number(v, u))
		}
		columns = append(columns, of)
	}
	g := &grid{Title: title, Names: names, Block: columns}
	if few {
		g.Note = fmt.Sprintf("A p99 of fewer than %d answers is their slowest.", fewest)
	}
	return g
}

// routeNames returns the routes of all targets, the busiest first, with the most requests that any target got.
func routeNames(run *Run) (names []string, requests map[string]int64) {
	requests = make(map[string]int64)
	for i := range run.Targets {
		for _, part := range run.Targets[i].Routes {
			if _, seen := requests[part.Name]; !seen {
				names = append(names, part.Name)
			}
			requests[part.Name] = max(requests[part.Name], part.Count+part.Failed)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(requests[b], requests[a]), cmp.Compare(a, b))
	})
	return names, requests
}

func (t *Target) routeP99(name string) (p99 float64, answers int64) {
	for i := range t.Routes {
		if part := &t.Routes[i]; part.Name == name && part.Count > 0 && t.HasData() {
			return float64(part.Response.P99), part.Count
		}
	}
	return none, 0
}
