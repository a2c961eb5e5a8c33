package report

import (
	"fmt"
	"strings"

	"ngxreplay/replay/route"
	"ngxreplay/replay/trace"
)

// A RouteShare is a route of an inspection. Share, Why and Examples are there when the routes were asked for.
type RouteShare struct {
	route.Route
	Share float64 `json:"share,omitempty"` // of the requests, 0 to 1
}

// routeShares are the routes of a survey, secrets masked in their examples.
func routeShares(s *trace.Survey) []RouteShare {
	shares := make([]RouteShare, 0, len(s.Routes))
	for _, r := range s.Routes {
		share := RouteShare{Route: r}
		if r.Why != "" && s.Ledger.Requests > 0 {
			share.Share = float64(r.Requests) / float64(s.Ledger.Requests)
		}
		share.Examples = nil
		for _, target := range r.Examples {
			share.Examples = append(share.Examples, Mask(target))
		}
		shares = append(shares, share)
	}
	return shares
}

// explained reports whether the routes were asked for.
func (in *Inspection) explained() bool { return len(in.Routes) > 0 && in.Routes[0].Why != "" }

// shownRoutes is how many routes people are shown unless they ask for all; JSON has them all.
const shownRoutes = 20

// longestExample is how much of an example people are shown, in characters.
const longestExample = 100

func (in *Inspection) writeRoutes(b *strings.Builder) {
	all := in.explained()
	for i := range in.Routes {
		r := &in.Routes[i]
		name := ""
		if i == 0 {
			name = "routes"
		}
		if i == shownRoutes && !all {
			fmt.Fprintf(b, "%-13s ... and %d more (--routes has all)\n", name, len(in.Routes)-i)
			return
		}
		fmt.Fprintf(b, "%-13s %8d  %5.1f %%  %s\n", name, r.Requests, 100*float64(r.Requests)/float64(max(in.Requests, 1)), printable(r.Name))
		if all {
			r.explain(b)
		}
	}
}

// explain writes what stands below a route.
func (r *RouteShare) explain(b *strings.Builder) {
	line := func(what, text string) {
		if text != "" {
			fmt.Fprintf(b, "%-34s%-9s%s\n", "", what, text)
		}
	}
	line("methods", strings.Join(r.Methods, ", "))
	line("why", printable(r.Why))
	for _, example := range r.Examples {
		line("example", excerpt(example, longestExample))
	}
}
