package route

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
)

// Limits of a learner. They bound its memory whatever the paths are.
const (
	maxDepth  = 12     // segments of a path that are looked at; deeper paths are Other
	maxNodes  = 50_000 // nodes of the tree; then new words count as slugs
	maxWords  = 24     // different words in one place before the rarer ones count as slugs
	keepShare = 50     // a word with at least 1/keepShare of its place's requests stays a word
)

// A Learner finds the routes in the paths it observes. The zero value is not usable; see [NewLearner].
type Learner struct {
	root   *node
	nodes  int
	other  node
	recent []recent
}

// recent is a path and method that were seen n times and are not in the tree yet. Traffic repeats itself: most requests
// only count up here, and the tree is walked once for many of them. Where a path stands is the same in every process,
// so that what is learned does not depend on chance.
type recent struct {
	hash         uint64 // of the path: most places are told apart without a look at the path itself
	path, method []byte
	n            int64
}

const (
	recentSlots  = 1 << 16
	maxRecentKey = 256 // longer paths hardly repeat; they would only hold memory
)

// node is a place in the tree of segments. Every parameter of a place shares one child, because a router cannot
// tell /user/:id from /user/:slug either; it is named after the class seen most.
type node struct {
	words    map[string]*node
	param    *node
	classes  [classes]int64
	through  int64 // requests whose path goes through or ends here
	requests int64 // requests whose path ends here
	methods  []string
	route    int32 // in the table; set by Table
}

// NewLearner returns a learner that has seen nothing.
func NewLearner() *Learner {
	return &Learner{root: &node{}, recent: make([]recent, recentSlots)}
}

// Observe takes one request into account. It keeps no reference to its arguments.
func (l *Learner) Observe(method, target []byte) {
	path := Path(target)
	if len(path) > maxRecentKey {
		l.learn(method, path, 1)
		return
	}
	hash := hashPath(path)
	r, other := &l.recent[hash%recentSlots], &l.recent[hash%recentSlots^1]
	if r.is(hash, method, path) {
		r.n++
		return
	}
	if other.is(hash, method, path) {
		other.n++
		return
	}
	if other.n < r.n { // the more frequent one stays
		r = other
	}
	l.forget(r)
	r.hash = hash
	r.path, r.method, r.n = append(r.path[:0], path...), append(r.method[:0], method...), 1
}

func (r *recent) is(hash uint64, method, path []byte) bool {
	return r.hash == hash && bytes.Equal(r.path, path) && bytes.Equal(r.method, method)
}

// hashPath is a hash of eight bytes at a time. Paths that collide on purpose only make a log slower to read.
func hashPath(path []byte) uint64 {
	const odd = 0x9e3779b97f4a7c15
	hash := uint64(len(path)) * odd
	for len(path) >= 8 {
		hash = (hash ^ binary.LittleEndian.Uint64(path)) * odd
		hash ^= hash >> 32
		path = path[8:]
	}
	for _, b := range path {
		hash = (hash ^ uint64(b)) * odd
	}
	return hash ^ hash>>32
}

// forget takes a recent target into the tree.
func (l *Learner) forget(r *recent) {
	if r.n > 0 {
		l.learn(r.method, r.path, r.n)
		r.n = 0
	}
}

// learn takes n requests of one path into the tree.
func (l *Learner) learn(method, path []byte, n int64) {
	if len(path) == 0 || path[0] != '/' {
		l.other.end(method, n)
		return
	}
	at := l.root
	at.through += n
	for depth := 0; ; depth++ {
		var segment []byte
		segment, path = next(path)
		if len(segment) == 0 && len(path) <= 1 {
			break // the end, with or without a trailing slash
		}
		if depth == maxDepth {
			l.other.end(method, n)
			return
		}
		at = l.child(at, segment, n)
		at.through += n
		if len(path) == 0 {
			break
		}
	}
	at.end(method, n)
}

func (l *Learner) child(n *node, segment []byte, requests int64) *node {
	c := classify(segment)
	if c == literal {
		if child, ok := n.words[string(segment)]; ok {
			return child
		}
		if l.nodes < maxNodes {
			l.nodes++
			if n.words == nil {
				n.words = make(map[string]*node)
			}
			child := &node{}
			n.words[string(segment)] = child
			return child
		}
		c = slug
	}
	n.classes[c] += requests
	if n.param == nil {
		n.param = &node{}
	}
	return n.param
}

// end counts requests that end at n. Methods are kept up to a handful of plain words: the rest is noise.
func (n *node) end(method []byte, requests int64) {
	n.requests += requests
	if len(n.methods) >= 16 || slices.Contains(n.methods, string(method)) {
		return
	}
	for _, c := range method {
		if c < 'A' || c > 'Z' {
			return
		}
	}
	if len(method) > 0 && len(method) <= 20 {
		n.methods = append(n.methods, string(method))
	}
}

// fold merges the rarer words of an overfull place into its parameter.
func (n *node) fold() {
	if len(n.words) > maxWords {
		for _, word := range sortedWords(n.words) {
			child := n.words[word]
			if child.through*keepShare >= n.through {
				continue
			}
			n.classes[slug] += child.through
			if n.param == nil {
				n.param = &node{}
			}
			n.param.merge(child)
			delete(n.words, word)
		}
	}
	for _, child := range n.words {
		child.fold()
	}
	if n.param != nil {
		n.param.fold()
	}
}

// merge adds everything below from to n.
func (n *node) merge(from *node) {
	n.through += from.through
	n.requests += from.requests
	for _, m := range from.methods {
		if !slices.Contains(n.methods, m) {
			n.methods = append(n.methods, m)
		}
	}
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

func (n *node) paramName() string {
	best := slug
	for c := id; c < classes; c++ {
		if n.classes[c] > n.classes[best] {
			best = c
		}
	}
	return classNames[best]
}

func sortedWords(words map[string]*node) []string {
	sorted := make([]string, 0, len(words))
	for word := range words {
		sorted = append(sorted, word)
	}
	slices.SortFunc(sorted, strings.Compare)
	return sorted
}
