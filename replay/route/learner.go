package route

import (
	"bytes"
	"encoding/binary"
)

// Limits of a learner. They bound its memory whatever the paths are.
const (
	maxDepth      = 12     // segments of a path that are looked at; deeper paths are Other
	maxNodes      = 50_000 // nodes of the tree; then rare words are folded, and if that does not help, new ones are slugs
	maxWords      = 24     // different words in one place before the rarer ones count as slugs
	keepShare     = 50     // a word with at least 1/keepShare of its overfull place's requests stays a word
	keepRootShare = 500    // the same at the root, where the sections of a site stand among what scanners look for
	keepNumbered  = 20     // the same of a word with a digit
	keepRequests  = 10     // and at least that many
)

// A Learner finds the routes in the paths it observes. The zero value is not usable; see [NewLearner].
//
// The routes do not depend on the order of the traffic as long as its literal words, each counted once for every place
// it stands in, number less than 50,000. Beyond, rare words are forgotten as they come, and a word whose share is close
// to the bound may be kept in one order and not in another.
type Learner struct {
	// Explain makes the table say why its routes are named so, with examples. Set it before the first Observe.
	Explain bool

	root   *node
	nodes  int
	full   bool // of nodes, even after folding
	other  tally
	places []*node // by Place - 1; nil once the tree was folded, which changes where paths stand
	folded bool
	recent []recent
	shown  []example // the first target of each of recent; only to explain
	seen   int64     // requests observed

	given  *Table  // when set, nothing is learned
	counts []tally // by its routes
}

// A Place is where the path of an observed request stands: [Table.At] finds its route without a look at the path. 0 is not
// known.
type Place uint32

// recent is a path and method that were seen n times more than the tree knows. Traffic repeats itself: most requests only
// count up here, and the tree is walked once for the first of them and once for all others. Where a path stands is the
// same in every process, so that what is learned does not depend on chance.
type recent struct {
	hash  uint64 // of the path: most slots are told apart without a look at the path itself
	key   []byte // the path, then the method; nil is a free slot
	path  uint32 // its length
	place Place
	n     int64
}

const (
	recentSlots  = 1 << 16
	maxRecentKey = 256 // longer paths hardly repeat; they would only hold memory
	maxExample   = 200 // bytes of a target that is kept as an example
)

// NewLearner returns a learner that has seen nothing.
func NewLearner() *Learner {
	return &Learner{root: &node{}, recent: make([]recent, recentSlots)}
}

// NewCounter returns a learner that learns nothing: its table is t, with the requests that it observed.
func NewCounter(t *Table) *Learner {
	return &Learner{given: t, counts: make([]tally, len(t.routes))}
}

// Observe takes one request into account, and returns its place. It keeps no reference to its arguments.
func (l *Learner) Observe(method, target []byte) Place {
	l.seen++
	if l.given != nil {
		return l.observeGiven(method, target)
	}
	path := Path(target)
	if len(path) > maxRecentKey {
		return l.learn(method, path, 1, l.example(target))
	}
	hash := hashPath(path)
	slot := hash % recentSlots
	r, other := &l.recent[slot], &l.recent[slot^1]
	if r.is(hash, method, path) {
		r.n++
		return r.place
	}
	if other.is(hash, method, path) {
		other.n++
		return other.place
	}
	if other.n < r.n { // the more frequent one stays
		r, slot = other, slot^1
	}
	l.forget(int(slot))
	r.hash, r.path, r.n = hash, uint32(len(path)), 0
	r.key = append(append(r.key[:0], path...), method...)
	shown := l.example(target)
	r.place = l.learn(method, path, 1, shown)
	if l.Explain {
		if l.shown == nil {
			l.shown = make([]example, recentSlots)
		}
		l.shown[slot] = shown
	}
	return r.place
}

func (l *Learner) observeGiven(method, target []byte) Place {
	route := l.given.Lookup(method, target)
	t := &l.counts[route]
	t.count(method, 1)
	if l.Explain && len(t.examples) < maxExamples {
		t.show(l.example(target))
	}
	return Place(route) + 1
}

// example is the target seen just now, when examples are wanted.
func (l *Learner) example(target []byte) example {
	if !l.Explain {
		return example{}
	}
	return example{l.seen, string(target[:min(len(target), maxExample)])}
}

func (r *recent) is(hash uint64, method, path []byte) bool {
	return r.hash == hash && len(r.key) == len(path)+len(method) && int(r.path) == len(path) &&
		string(r.key[:len(path)]) == string(path) && string(r.key[len(path):]) == string(method)
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

// forget takes what the tree does not know of a recent target into it.
func (l *Learner) forget(slot int) {
	r := &l.recent[slot]
	if r.n == 0 {
		return
	}
	var shown example
	if l.shown != nil {
		shown = l.shown[slot]
	}
	l.learn(r.key[r.path:], r.key[:r.path], r.n, shown)
	r.n = 0
}

// learn takes n requests of one path into the tree.
func (l *Learner) learn(method, path []byte, n int64, shown example) Place {
	l.makeRoom()
	end, place := &l.other, Place(0)
	if at := l.walk(path, n); at != nil {
		end, place = &at.tally, l.number(at)
	}
	end.count(method, n)
	if l.Explain {
		end.show(shown)
	}
	return place
}

// number is the place of a node.
func (l *Learner) number(at *node) Place {
	if l.folded {
		return 0
	}
	if at.place == 0 {
		l.places = append(l.places, at)
		at.place = Place(len(l.places))
	}
	return at.place
}

// walk walks the tree to where a path ends; nil when it has no route.
func (l *Learner) walk(path []byte, n int64) *node {
	if !isNamable(path) || isTooDeep(path) {
		return nil
	}
	at := l.root
	at.through += n
	for {
		var segment []byte
		segment, path = next(path)
		if len(segment) == 0 && len(path) <= 1 {
			return at // the end, with or without a trailing slash
		}
		if at = l.child(at, segment, n); at == nil {
			return nil
		}
		at.through += n
	}
}

func isTooDeep(path []byte) bool {
	if bytes.HasSuffix(path, []byte("/")) {
		path = path[:len(path)-1]
	}
	return bytes.Count(path, []byte("/")) > maxDepth
}

// child is the place of a segment below n, made when it is new; nil when there is no room for it.
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
		c = textClass(segment)
	}
	if n.param == nil {
		if l.nodes >= 2*maxNodes {
			return nil
		}
		l.nodes++
		n.param = &node{}
	}
	n.classes[c] += requests
	if l.Explain {
		n.param.different.add(segment)
	}
	return n.param
}

// makeRoom folds the tree before it is full. It is done between two paths, never while one is walked.
func (l *Learner) makeRoom() {
	if l.full || l.nodes+maxDepth < maxNodes {
		return
	}
	l.root.fold(0)
	l.places, l.folded = nil, true
	l.nodes = l.root.size()
	l.full = l.nodes > maxNodes*3/4 // folding again and again would only cost time
}
