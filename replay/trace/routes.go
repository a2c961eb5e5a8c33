package trace

import (
	"cmp"

	"ngxreplay/replay/route"
)

// Routing says how an inspection names routes. The zero value learns at most DefaultRoutes of them.
type Routing struct {
	Table   *route.Table // given; nil learns them
	Max     int          // most routes that are learned; default DefaultRoutes
	Explain bool         // say why, with examples; given routes without requests are listed too
}

func newLearner(given *route.Table) *route.Learner {
	if given != nil {
		return route.NewCounter(given)
	}
	return route.NewLearner()
}

// of are the routes that l found, the most requested first.
func (o Routing) of(l *route.Learner) []route.Route {
	var routes []route.Route
	for _, r := range l.Table(cmp.Or(o.Max, DefaultRoutes)).Routes() {
		if r.Requests > 0 || o.Explain && o.Table != nil && r.Name != route.Other {
			routes = append(routes, r)
		}
	}
	return routes
}
