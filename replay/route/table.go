package route

import (
	"cmp"
	"slices"
)

// A Route is a family of paths.
type Route struct {
	Name     string   `json:"name"`    // "/user/:id", or [Other]
	Methods  []string `json:"methods"` // seen with it, sorted
	Requests int64    `json:"requests"`
}

// A Table names paths. It is immutable, and safe for concurrent use.
type Table struct {
	routes []Route
	root   *node
}

// Table ends the learning: it names at most limit routes, the most requested first (the name decides between
// equals), and [Other] for the rest. The learner must not be used afterwards.
func (l *Learner) Table(limit int) *Table {
	for i := range l.recent {
		l.forget(&l.recent[i])
	}
	l.root.fold()
	var found []candidate
	l.root.collect("", &found)
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.node.requests, a.node.requests), cmp.Compare(a.name, b.name))
	})
	named := found[:min(max(limit, 0), len(found))]
	for _, c := range found[len(named):] {
		l.other.merge(&node{requests: c.node.requests, methods: c.node.methods})
		c.node.route = int32(len(named))
	}
	t := &Table{root: l.root}
	for i, c := range named {
		c.node.route = int32(i)
		t.routes = append(t.routes, Route{Name: c.name, Methods: c.node.methods, Requests: c.node.requests})
	}
	// Other is there even when nothing fell to it, so that Lookup always has an answer.
	t.routes = append(t.routes, Route{Name: Other, Methods: l.other.methods, Requests: l.other.requests})
	for i := range t.routes {
		slices.Sort(t.routes[i].Methods)
	}
	return t
}

type candidate struct {
	name string
	node *node
}

func (n *node) collect(name string, found *[]candidate) {
	n.route = -1
	if n.requests > 0 {
		*found = append(*found, candidate{cmp.Or(name, "/"), n})
	}
	for _, word := range sortedWords(n.words) {
		n.words[word].collect(name+"/"+word, found)
	}
	if n.param != nil {
		n.param.collect(name+"/"+n.paramName(), found)
	}
}

// Routes are the routes of the table, the most requested first and [Other] last. The caller must not change them.
func (t *Table) Routes() []Route { return t.routes }

// Lookup returns the index in [Table.Routes] of the route of a request target.
func (t *Table) Lookup(target []byte) int {
	path := Path(target)
	if len(path) > 0 && path[0] == '/' {
		if r := t.root.lookup(path, 0); r >= 0 {
			return int(r)
		}
	}
	return len(t.routes) - 1
}

// lookup prefers words to parameters, as routers do, and comes back for the parameter when the word leads nowhere.
func (n *node) lookup(path []byte, depth int) int32 {
	segment, rest := next(path)
	if len(segment) == 0 && len(rest) <= 1 {
		return n.route
	}
	if depth == maxDepth {
		return -1
	}
	for _, child := range [2]*node{n.words[string(segment)], n.param} {
		if child == nil {
			continue
		}
		if len(rest) == 0 {
			if child.route >= 0 {
				return child.route
			}
		} else if r := child.lookup(rest, depth+1); r >= 0 {
			return r
		}
	}
	return -1
}
