package replay

import (
	"maps"
	"slices"

	"ngxreplay/replay/route"
	"ngxreplay/replay/trace"
)

// otherName is where methods and routes are counted that the trace does not announce.
const otherName = route.Other

// names numbers the routes and methods of a trace, so that samples are small. It does not change after newNames.
type names struct {
	routes, methods         []string
	routeIndex, methodIndex map[string]int32
}

func newNames(info *trace.Info) *names {
	n := &names{routeIndex: map[string]int32{}, methodIndex: map[string]int32{}}
	for _, r := range info.Routes {
		if _, ok := n.routeIndex[r.Name]; !ok && r.Name != otherName {
			n.routeIndex[r.Name] = int32(len(n.routes))
			n.routes = append(n.routes, r.Name)
		}
	}
	n.routes = append(n.routes, otherName)
	for _, m := range slices.Sorted(maps.Keys(info.Methods)) {
		if m != otherName {
			n.methodIndex[m] = int32(len(n.methods))
			n.methods = append(n.methods, m)
		}
	}
	n.methods = append(n.methods, otherName)
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
