package route

import (
	"cmp"
	"slices"
	"strings"
)

// node is a place in the tree of segments. Every parameter of a place shares one child, because a router cannot
// tell /user/:id from /user/:slug either; a learned one is named after the class seen most.
type node struct {
	words     map[string]*node
	param     *node
	rest      *node // ends here, and takes everything that nothing else takes; given tables only
	overfull  bool  // had more than maxWords words once
	classes   [classes]int64
	different distinct // values of the parameter that leads here; kept for explanations only
	through   int64    // requests whose path goes through or ends here
	tally              // of the requests whose path ends here
	route     int32    // in the table, for any method; -1 is none
	place     Place    // while learning
	into      *node    // what it was merged into
	verbs     []verb   // given tables only
}

// A verb is a route for one method.
type verb struct {
	method string
	route  int32
}

// tally is what is known of the requests of one route.
type tally struct {
	requests int64
	methods  []string
	examples []example // the first seen, at most maxExamples
}

type example struct {
	seen   int64 // when, counted in requests
	target string
}

// Limits of a tally.
const (
	maxMethods  = 16
	maxExamples = 3
)

// count takes n requests into account.
func (t *tally) count(method []byte, n int64) {
	t.requests += n
	if len(method) == 0 || len(method) > 20 {
		return
	}
	for i, known := range t.methods {
		if known == string(method) {
			if i > 0 { // the frequent ones come first
				t.methods[i], t.methods[i-1] = t.methods[i-1], t.methods[i]
			}
			return
		}
	}
	for _, c := range method {
		if c < 'A' || c > 'Z' {
			return
		}
	}
	t.methods = append(t.methods, string(method))
	if len(t.methods) > maxMethods {
		t.trimMethods()
	}
}

// trimMethods keeps a handful of methods: those of HTTP, then the first by name. Which these are does not depend on the
// order of the traffic; the rest is noise.
func (t *tally) trimMethods() {
	slices.SortFunc(t.methods, func(a, b string) int {
		return cmp.Or(cmp.Compare(methodRank(a), methodRank(b)), strings.Compare(a, b))
	})
	t.methods = t.methods[:maxMethods]
}

func methodRank(method string) int {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return 0
	}
	return 1
}

// show keeps a target as an example, when it is among the first.
func (t *tally) show(e example) {
	if len(t.examples) == maxExamples && e.seen > t.examples[maxExamples-1].seen {
		return
	}
	for i, known := range t.examples {
		if known.target == e.target {
			t.examples[i].seen = min(known.seen, e.seen)
			t.sortExamples()
			return
		}
	}
	t.examples = append(t.examples, e)
	t.sortExamples()
	t.examples = t.examples[:min(len(t.examples), maxExamples)]
}

func (t *tally) sortExamples() {
	slices.SortFunc(t.examples, func(a, b example) int { return cmp.Compare(a.seen, b.seen) })
}

// add adds the requests of from.
func (t *tally) add(from *tally) {
	t.requests += from.requests
	for _, m := range from.methods {
		if !slices.Contains(t.methods, m) {
			t.methods = append(t.methods, m)
		}
	}
	if len(t.methods) > maxMethods {
		t.trimMethods()
	}
	for _, e := range from.examples {
		t.show(e)
	}
}

// named is the route of these requests.
func (t *tally) named(name, why string) Route {
	slices.Sort(t.methods)
	r := Route{Name: name, Methods: t.methods, Requests: t.requests, Why: why}
	for _, e := range t.examples {
		r.Examples = append(r.Examples, e.target)
	}
	return r
}

// fold merges the rarer words of an overfull place into its parameter.
func (n *node) fold(depth int) {
	if n.overfull || len(n.words) > maxWords {
		n.overfull = true
		for _, word := range sortedWords(n.words) {
			if child := n.words[word]; !n.keeps(word, child, depth) {
				n.takeWord(word, child)
			}
		}
	}
	for _, child := range n.words {
		child.fold(depth + 1)
	}
	if n.param != nil {
		n.param.fold(depth + 1)
	}
}

// keeps reports whether a word of an overfull place stays one: by its share of the place's requests, which must be
// larger when it looks like one of many numbered things.
func (n *node) keeps(word string, child *node, depth int) bool {
	share := int64(keepShare)
	switch {
	case word == ".well-known":
		return true // RFC 8615
	case hasDigit(word) && !isVersion([]byte(word)):
		share = keepNumbered
	case depth == 0:
		share = keepRootShare
	}
	return child.through >= keepRequests && child.through*share >= n.through
}

// takeWord makes a word a value of the parameter.
func (n *node) takeWord(word string, child *node) {
	if n.param == nil {
		n.param = &node{}
	}
	n.classes[textClass([]byte(word))] += child.through
	n.param.different.add([]byte(word))
	n.param.merge(child)
	delete(n.words, word)
}

// merge adds everything below from to n.
func (n *node) merge(from *node) {
	from.into = n
	n.through += from.through
	n.overfull = n.overfull || from.overfull
	n.tally.add(&from.tally)
	n.different.merge(&from.different)
	for c := range from.classes {
		n.classes[c] += from.classes[c]
	}
	for _, word := range sortedWords(from.words) {
		if n.words == nil {
			n.words = make(map[string]*node)
		}
		if n.words[word] == nil {
			n.words[word] = &node{}
		}
		n.words[word].merge(from.words[word])
	}
	if from.param != nil {
		if n.param == nil {
			n.param = &node{}
		}
		n.param.merge(from.param)
	}
}

// size is the number of places at and below n.
func (n *node) size() int {
	size := 1
	for _, child := range n.words {
		size += child.size()
	}
	if n.param != nil {
		size += n.param.size()
	}
	return size
}

// paramClass is the class that the place's parameter is named after.
func (n *node) paramClass() class {
	best := slug
	for c := id; c < classes; c++ {
		if n.classes[c] > n.classes[best] {
			best = c
		}
	}
	return best
}

// lookup prefers words to parameters and these to the rest, as routers do, and comes back when one leads nowhere.
func (n *node) lookup(method, path []byte) int32 {
	segment, rest := next(path)
	if len(segment) == 0 && len(rest) <= 1 {
		return n.end(method)
	}
	for _, child := range [2]*node{n.words[string(segment)], n.param} {
		r := int32(-1)
		switch {
		case child == nil:
		case len(rest) == 0:
			r = child.end(method)
		default:
			r = child.lookup(method, rest)
		}
		if r >= 0 {
			return r
		}
	}
	if n.rest != nil {
		return n.rest.at(method)
	}
	return -1
}

// end is the route of a path that ends here.
func (n *node) end(method []byte) int32 {
	r := n.at(method)
	if r < 0 && n.rest != nil {
		return n.rest.at(method)
	}
	return r
}

// at is the route that ends here for a method.
func (n *node) at(method []byte) int32 {
	for i := range n.verbs {
		if n.verbs[i].method == string(method) {
			return n.verbs[i].route
		}
	}
	return n.route
}

func sortedWords(words map[string]*node) []string {
	sorted := make([]string, 0, len(words))
	for word := range words {
		sorted = append(sorted, word)
	}
	slices.SortFunc(sorted, strings.Compare)
	return sorted
}
