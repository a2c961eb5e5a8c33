package app

import (
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

// ParsePattern reads a route name such as "/user/:id/". It refuses whatever a
// router might take for syntax: only [A-Za-z0-9._~-] is a plain literal, and "."
// and ".." are not, because some routers clean them away.
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
		case len(part) > 1 && part[0] == ':':
			p.Segments = append(p.Segments, Segment{})
		case plain(part):
			p.Segments = append(p.Segments, Segment{Literal: part})
		default:
			return Pattern{}, false
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
	if segment == "" || segment == "." || segment == ".." {
		return false
	}
	for i := range len(segment) {
		c := segment[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && !(c >= '0' && c <= '9') && strings.IndexByte("._~-", c) < 0 {
			return false
		}
	}
	return true
}
