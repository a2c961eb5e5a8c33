package route

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Route is a family of paths.
type Route struct {
	Name     string   `json:"name"`    // "/user/:id", "GET /user/:id" when given so, or [Other]
	Methods  []string `json:"methods"` // seen with it, sorted
	Requests int64    `json:"requests"`
	// Why says what the name rests on, Examples are the first seen targets of different paths. Both only when asked for.
	Why      string   `json:"why,omitempty"`
	Examples []string `json:"examples,omitempty"`
}

// A Table names paths. It is immutable, and safe for concurrent use.
type Table struct {
	routes []Route
	root   *node
	order  []int32 // where the routes of the tree stand in routes; nil when they stand as they are
	places []int32 // the routes of places, by Place - 1; nil when they are not known
}

// Table ends the learning: it names at most limit routes, the most requested first (the name decides between
// equals), and [Other] for the rest. A table that was given keeps all of its routes. The learner must not be used
// afterwards.
func (l *Learner) Table(limit int) *Table {
	if l.given != nil {
		return l.given.counted(l.counts, l.Explain)
	}
	for i := range l.recent {
		l.forget(i)
	}
	l.root.fold(0)
	var found []candidate
	l.root.collect("", nil, &found)
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.node.requests, a.node.requests), cmp.Compare(a.name, b.name))
	})
	named := found[:min(max(limit, 0), len(found))]
	unnamed := l.other.requests
	for _, c := range found[len(named):] {
		l.other.add(&c.node.tally)
		c.node.route = int32(len(named))
	}
	t := &Table{root: l.root}
	for i, c := range named {
		c.node.route = int32(i)
		t.routes = append(t.routes, c.node.named(c.name, l.explain(c.why)))
	}
	// Other is there even when nothing fell to it, so that Lookup always has an answer.
	why := ""
	if l.Explain {
		why = explainOther(len(found)-len(named), len(named), unnamed)
	}
	t.routes = append(t.routes, l.other.named(Other, why))
	for _, n := range l.places {
		for n.into != nil {
			n = n.into
		}
		t.places = append(t.places, n.route)
	}
	l.places = nil // which hold what was merged
	return t
}

func (l *Learner) explain(params []string) string {
	switch {
	case !l.Explain:
		return ""
	case len(params) == 0:
		return "literal"
	}
	return strings.Join(params, ", ")
}

func explainOther(beyond, named int, unnamed int64) string {
	var parts []string
	if beyond > 0 {
		parts = append(parts, fmt.Sprintf("%d routes beyond the %d with most requests", beyond, named))
	}
	if unnamed > 0 {
		parts = append(parts, fmt.Sprintf("%d requests whose target is no path, deeper than %d segments, or holds . or ..", unnamed, maxDepth))
	}
	return strings.Join(parts, "; ")
}

// counted is t with what was counted, the most requested route first.
func (t *Table) counted(counts []tally, explain bool) *Table {
	other := len(t.routes) - 1
	from := make([]int, len(t.routes))
	for i := range from {
		from[i] = i
	}
	slices.SortStableFunc(from[:other], func(a, b int) int { return cmp.Compare(counts[b].requests, counts[a].requests) })
	c := &Table{root: t.root, order: make([]int32, len(t.routes))}
	c.places = c.order
	for to, i := range from {
		c.order[i] = int32(to)
		why := ""
		switch {
		case explain && i < other:
			why = t.routes[i].Why
		case explain && counts[i].requests > 0:
			why = "fits none of the patterns"
		}
		c.routes = append(c.routes, counts[i].named(t.routes[i].Name, why))
	}
	return c
}

type candidate struct {
	name string
	why  []string
	node *node
}

func (n *node) collect(name string, why []string, found *[]candidate) {
	n.route = -1
	if n.requests > 0 {
		*found = append(*found, candidate{cmp.Or(name, "/"), why, n})
	}
	for _, word := range sortedWords(n.words) {
		n.words[word].collect(name+"/"+word, why, found)
	}
	if n.param != nil {
		n.param.collect(name+"/"+classNames[n.paramClass()], append(slices.Clip(why), n.whyParam()), found)
	}
}

// whyParam says why the place below n is a parameter.
func (n *node) whyParam() string {
	c := n.paramClass()
	count, exact := n.param.different.count()
	about := ""
	if !exact {
		about = "about "
	}
	because := ""
	if n.overfull {
		because = fmt.Sprintf(": more than %d words here", maxWords)
	}
	return fmt.Sprintf("%s %s (%s%d different%s)", classNames[c], classTexts[c], about, count, because)
}

// Routes are the routes of the table, the most requested first and [Other] last. The caller must not change them.
func (t *Table) Routes() []Route { return t.routes }

// At is Lookup for a request that the table's learner observed, and gave that place.
func (t *Table) At(place Place, method, target []byte) int {
	if place == 0 || int(place) > len(t.places) {
		return t.Lookup(method, target)
	}
	return int(t.places[place-1])
}

// Lookup returns the index in [Table.Routes] of the route of a request.
func (t *Table) Lookup(method, target []byte) int {
	i := int32(len(t.routes) - 1)
	if path := Path(target); isNamable(path) {
		if r := t.root.lookup(method, path); r >= 0 {
			i = r
		}
	}
	if t.order != nil {
		i = t.order[i]
	}
	return int(i)
}
