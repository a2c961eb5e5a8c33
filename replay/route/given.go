package route

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxPatternLine bounds a line of a file of patterns, in bytes.
const maxPatternLine = 4096

// shownErrors is how many lines that are wrong are told of.
const shownErrors = 20

// ReadPatterns reads a file of patterns, one a line; "#" begins a comment. What is wrong is joined, each with
// "name:line: ".
func ReadPatterns(name string, r io.Reader) ([]Pattern, error) {
	var patterns []Pattern
	var errs []error
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxPatternLine)
	number := 1
	for ; lines.Scan() && len(errs) < shownErrors; number++ {
		text := strings.TrimPrefix(lines.Text(), "\ufeff")
		text, _, _ = strings.Cut(text, "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		p, err := ParsePattern(text)
		p.Where = fmt.Sprintf("%s:%d", name, number)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", p.Where, err))
			continue
		}
		if len(patterns) > MaxPatterns {
			break // which NewTable refuses
		}
		patterns = append(patterns, p)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		errs = append(errs, fmt.Errorf("%s:%d: a line longer than %d bytes: is it a file of patterns?", name, number, maxPatternLine))
	case err != nil:
		errs = append(errs, fmt.Errorf("%s: %w", name, err))
	case len(errs) == shownErrors:
		errs = append(errs, fmt.Errorf("%s: no more than %d errors are shown", name, shownErrors))
	case len(patterns)+len(errs) == 0:
		errs = append(errs, fmt.Errorf("%s: holds no pattern: want one a line, as /user/:id", name))
	}
	return patterns, errors.Join(errs...)
}

// NewTable makes a table of patterns. What fits none of them is [Other]. Patterns that take the same requests are
// refused, with where both were given.
//
// Among patterns that fit, a word goes before a parameter, a parameter before the rest, and one for the request's
// method before one for any.
func NewTable(patterns []Pattern) (*Table, error) {
	if len(patterns) > MaxPatterns {
		return nil, fmt.Errorf("%s: more than %d patterns: name the families that matter, the rest is %s", patterns[MaxPatterns].Where, MaxPatterns, Other)
	}
	t := &Table{root: &node{route: -1}}
	first := make(map[string]*Pattern, len(patterns))
	var errs []error
	for i := range patterns {
		p := &patterns[i]
		if err := p.check(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", p.Where, err))
			continue
		}
		if known := first[p.Shape()]; known != nil {
			errs = append(errs, fmt.Errorf("%s: pattern %q takes the same requests as %q of %s: keep one of them", p.Where, p.Name(), known.Name(), known.Where))
			continue
		}
		first[p.Shape()] = p
		t.root.insert(p, int32(len(t.routes)))
		t.routes = append(t.routes, Route{Name: p.Name(), Why: "given by " + p.Where})
	}
	t.routes = append(t.routes, Route{Name: Other})
	return t, errors.Join(errs...)
}

// insert puts a pattern into the tree.
func (n *node) insert(p *Pattern, route int32) {
	for _, s := range p.Segments {
		n = n.next(s)
	}
	if p.Method == "" {
		n.route = route
	} else {
		n.verbs = append(n.verbs, verb{p.Method, route})
	}
}

// next is the place after a segment, made when it is new.
func (n *node) next(s Segment) *node {
	at := &n.param
	switch s.Kind {
	case Rest:
		at = &n.rest
	case Literal:
		if n.words == nil {
			n.words = map[string]*node{}
		}
		if n.words[s.Text] == nil {
			n.words[s.Text] = &node{route: -1}
		}
		return n.words[s.Text]
	}
	if *at == nil {
		*at = &node{route: -1}
	}
	return *at
}
