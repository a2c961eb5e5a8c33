package app

import (
	"errors"
	"fmt"

	"ngxreplay/targets/contract"
)

// Coverage says how much of the route table a framework's router holds.
type Coverage struct {
	Routed   int // routes the router holds, for one of their methods or more
	Unrouted int // routes it cannot hold: the not-found fallback answers them
}

// ErrUnroutable is what an adapter returns for a method or a pattern its router
// has no place for.
var ErrUnroutable = errors.New("the router cannot hold this route")

// Register offers the route table to a router, the most requested route first.
// add registers one method of one pattern, or says why it cannot. A route counts
// as routed when the router holds it for at least one method: a scanner that sends
// "FOO /" must not take "/" away from everybody else's GET.
//
// Routes that a fixed route serves already, and routes that differ from an earlier
// one only by the names of their parameters, are not offered again; they count as
// routed. Names that are no paths ("other") count as neither.
func (s *Service) Register(add func(method string, p Pattern) error) Coverage {
	var c Coverage
	held := fixedPatterns()
	for _, route := range sortedRoutes(s.table) {
		if route.Name == "" || route.Name[0] != '/' {
			continue
		}
		if s.registerRoute(route, held, add) {
			c.Routed++
		} else {
			c.Unrouted++
		}
	}
	return c
}

// registered remembers what a router holds: patterns by method. Patterns of fixed
// routes have wider reach than equality, and there are few; those of the table
// can be many, and are looked up by their rendering.
type registered struct {
	fixed map[string][]Pattern
	table map[string]bool
}

func fixedPatterns() registered {
	r := registered{fixed: map[string][]Pattern{}, table: map[string]bool{}}
	for _, f := range FixedRoutes() {
		if p, ok := ParsePattern(f.Path); ok {
			r.fixed[f.Method] = append(r.fixed[f.Method], p)
		}
	}
	return r
}

func (r registered) has(method string, p Pattern) bool {
	for _, f := range r.fixed[method] {
		if f.covers(p) {
			return true
		}
	}
	return r.table[method+p.Render(":", "")]
}

func (s *Service) registerRoute(route contract.Route, held registered, add func(string, Pattern) error) bool {
	patterns, ok := ParsePatterns(route.Name)
	if !ok {
		return false
	}
	routed := false
	for _, p := range patterns {
		for _, method := range route.Methods {
			switch {
			case !ValidMethod(method):
			case held.has(method, p):
				routed = true
			case offer(add, method, p) == nil:
				held.table[method+p.Render(":", "")] = true
				routed = true
			}
		}
	}
	return routed
}

// offer turns a router's panic into an error. Adapters refuse what they know
// their router refuses; this is for what nobody knew: the table comes from a log,
// and a log must cost at most one route, never the target.
func offer(add func(string, Pattern) error, method string, p Pattern) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v", ErrUnroutable, v)
		}
	}()
	return add(method, p)
}
