package nethttp

import "ngxreplay/targets/app"

// tree knows which patterns httprouter can hold together: at one place of one
// method there may be a parameter or literals, not both ("/user/:id" beside
// "/user/new"). httprouter panics at such a pair and may leave its own tree half
// changed, so it is asked only when this tree agrees.
type tree map[string]*node

// node is the place after a path segment.
type node struct {
	literals map[string]*node
	param    *node
}

// add takes a pattern in, or reports that httprouter has no room for it.
func (t tree) add(method string, p app.Pattern) bool {
	root := t[method]
	if root == nil {
		root = &node{}
		t[method] = root
	}
	if !root.holds(p.Segments) {
		return false
	}
	for _, s := range p.Segments {
		root = root.child(s)
	}
	return true
}

func (n *node) holds(segments []app.Segment) bool {
	for _, s := range segments {
		if s.Param() && len(n.literals) > 0 || !s.Param() && n.param != nil {
			return false
		}
		next := n.param
		if !s.Param() {
			next = n.literals[s.Literal]
		}
		if next == nil {
			return true // new ground
		}
		n = next
	}
	return true
}

// child returns the place after s, made when it is new.
func (n *node) child(s app.Segment) *node {
	if s.Param() {
		if n.param == nil {
			n.param = &node{}
		}
		return n.param
	}
	if n.literals == nil {
		n.literals = map[string]*node{}
	}
	if n.literals[s.Literal] == nil {
		n.literals[s.Literal] = &node{}
	}
	return n.literals[s.Literal]
}
