package replay

import (
	"maps"
	"slices"

	"ngxreplay/replay/route"
	"ngxreplay/replay/trace"
)

// names numbers the routes and methods of a trace, so that samples are small; those that the trace does not announce are
// route.Other. It does not change after newNames.
type names struct {
	routes, methods         []string
	routeIndex, methodIndex map[string]int32
}

func newNames(info *trace.Info) *names {
	n := &names{routeIndex: map[string]int32{}, methodIndex: map[string]int32{}}
	for _, r := range info.Routes {
		if _, ok := n.routeIndex[r.Name]; !ok && r.Name != route.Other {
			n.routeIndex[r.Name] = int32(len(n.routes))
			n.routes = append(n.routes, r.Name)
		}
	}
	n.routes = append(n.routes, route.Other)
	for _, m := range slices.Sorted(maps.Keys(info.Methods)) {
		if m != route.Other {
			n.methodIndex[m] = int32(len(n.methods))
			n.methods = append(n.methods, m)
		}
	}
	n.methods = append(n.methods, route.Other)
	return n
}

func (n *names) route(name string) int32 {
	if i, ok := n.routeIndex[name]; ok {
		return i
	}
	return int32(len(n.routes) - 1)
}

func (n *names) method(name []byte) int32 {
	if i, ok := n.methodIndex[string(name)]; ok {
		return i
	}
	return int32(len(n.methods) - 1)
}
