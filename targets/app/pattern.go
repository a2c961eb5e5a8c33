package app

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// maxSegments bounds a pattern. fiber holds at most 30 parameters, and no real
// path family is deeper; a hostile one stays out of every router.
const maxSegments = 30

// Segment is one part of a pattern between slashes.
type Segment struct {
	Literal string // empty for a parameter
}

// Param reports whether the segment stands for any one path segment.
func (s Segment) Param() bool { return s.Literal == "" }

// Pattern is a route of the table in no framework's syntax. Parameters have no
// names of their own: Render names them p1, p2, ... from the left, because routers
// demand equal names at equal positions.
type Pattern struct {
	Segments []Segment
	Slash    bool // ends in a slash, "/" itself excepted
}

// maxRest is how many segments of a "*rest" routers hold.
const maxRest = 4

// ParsePatterns reads a route name such as "/static/*rest". Routers differ in what
// may stand beside a catch-all, and two of the six panic; parameters are the same
// for all of them. So the rest becomes none to maxRest parameters, and what is
// deeper is left to the not-found fallback. Other names are one pattern.
func ParsePatterns(name string) ([]Pattern, bool) {
	cut := strings.LastIndexByte(name, '/')
	if cut < 0 || !strings.HasPrefix(name[cut+1:], "*") {
		p, ok := ParsePattern(name)
		return []Pattern{p}, ok
	}
	p, ok := ParsePattern(cmp.Or(name[:cut], "/"))
	if !ok || cut == 1 || p.Slash || len(p.Segments)+maxRest > maxSegments {
		return nil, false
	}
	patterns := []Pattern{p}
	for range maxRest {
		p.Segments = append(slices.Clip(p.Segments), Segment{})
		patterns = append(patterns, p)
	}
	return patterns, true
}

// ParsePattern reads a route name such as "/user/:id/". Only [A-Za-z0-9._~-] is a
// plain literal: a segment that holds anything else might be syntax to a router, and
// becomes a parameter. It refuses "." and "..", because some routers clean them
// away, and empty segments.
func ParsePattern(name string) (Pattern, bool) {
	rest, rooted := strings.CutPrefix(name, "/")
	if !rooted {
		return Pattern{}, false
	}
	if rest == "" {
		return Pattern{}, true
	}
	var p Pattern
	rest, p.Slash = strings.CutSuffix(rest, "/")
	if strings.Count(rest, "/") >= maxSegments {
		return Pattern{}, false
	}
	for part := range strings.SplitSeq(rest, "/") {
		switch {
		case part == "" || part == "." || part == "..":
			return Pattern{}, false
		case plain(part):
			p.Segments = append(p.Segments, Segment{Literal: part})
		default:
			p.Segments = append(p.Segments, Segment{})
		}
	}
	return p, true
}

// Render writes the pattern in a framework's syntax: before and after surround
// the name of a parameter, ":" and "" for gin, "{" and "}" for chi.
func (p Pattern) Render(before, after string) string {
	if len(p.Segments) == 0 {
		return "/"
	}
	var b strings.Builder
	params := 0
	for _, s := range p.Segments {
		b.WriteByte('/')
		if !s.Param() {
			b.WriteString(s.Literal)
			continue
		}
		params++
		b.WriteString(before + "p" + strconv.Itoa(params) + after)
	}
	if p.Slash {
		b.WriteByte('/')
	}
	return b.String()
}

// covers reports whether every path of q is a path of p.
func (p Pattern) covers(q Pattern) bool {
	if len(p.Segments) != len(q.Segments) || p.Slash != q.Slash {
		return false
	}
	for i, s := range p.Segments {
		if !s.Param() && s != q.Segments[i] {
			return false
		}
	}
	return true
}

func plain(segment string) bool {
	for i := range len(segment) {
		c := segment[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && !(c >= '0' && c <= '9') && strings.IndexByte("._~-", c) < 0 {
			return false
		}
	}
	return true
}
