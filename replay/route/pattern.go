package route

import (
	"errors"
	"fmt"
	"strings"
)

// Limits of patterns that are given.
const (
	MaxPatterns = 1000
	maxSegments = 30  // what every built-in target's router holds
	maxPattern  = 500 // bytes of a name: it stands in every row of a trace
)

// A Pattern is a route that somebody gave: by hand, or in a description of the interface.
type Pattern struct {
	Method   string // "" is any
	Segments []Segment
	Where    string // where it was given, as "routes.txt:3"
}

// A Segment is one part of a pattern between slashes.
type Segment struct {
	Kind Kind
	Text string // the literal as it stands in a logged target, or the name of the parameter
}

// Kind is what a segment takes.
type Kind uint8

const (
	Literal Kind = iota // itself
	Param               // any one segment
	Rest                // any number of segments, none included; the last of a pattern only
)

// Name is the name of the pattern's route: "/user/:id", "GET /static/*rest".
func (p *Pattern) Name() string {
	var b strings.Builder
	if p.Method != "" {
		b.WriteString(p.Method + " ")
	}
	if len(p.Segments) == 0 {
		b.WriteByte('/')
	}
	for _, s := range p.Segments {
		b.WriteString("/" + [...]string{Literal: "", Param: ":", Rest: "*"}[s.Kind] + s.Text)
	}
	return b.String()
}

// ParsePattern reads a pattern as people write it: "/user/:id", "GET /user/{id}", "/static/*rest". Common spellings of
// other tools are understood: "<int:id>", "{id:[0-9]+}" (whose expression is not looked at), "{rest...}", "<path:rest>".
func ParsePattern(text string) (Pattern, error) {
	var p Pattern
	fields := strings.Fields(text)
	switch len(fields) {
	case 1:
	case 2:
		if p.Method = fields[0]; strings.Trim(p.Method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") != "" {
			return p, fmt.Errorf("method %q: want capital letters, as GET /user/:id", p.Method)
		}
	default:
		return p, fmt.Errorf("pattern %q: want a path, or a method and a path", text)
	}
	path := fields[len(fields)-1]
	if path[0] != '/' {
		return p, fmt.Errorf("pattern %q: want a path that begins with a slash, as /user/:id", path)
	}
	for _, part := range split(path) {
		s, err := parseSegment(part)
		if err != nil {
			return p, fmt.Errorf("pattern %q: %w", path, err)
		}
		p.Segments = append(p.Segments, s)
	}
	return p, p.check()
}

// split cuts a path into its segments; a trailing slash makes no segment of its own.
func split(path string) []string {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

func parseSegment(part string) (Segment, error) {
	switch {
	case part == "":
		return Segment{}, errors.New("an empty segment")
	case part[0] == ':':
		return named(Param, part[1:], part)
	case part == "*" || part == "**":
		return Segment{Rest, "rest"}, nil
	case part[0] == '*':
		return named(Rest, part[1:], part)
	case part[0] == '{' && part[len(part)-1] == '}':
		inner := part[1 : len(part)-1]
		if name, more := strings.CutSuffix(inner, "..."); more {
			return named(Rest, name, part)
		}
		name, expression, _ := strings.Cut(inner, ":")
		if expression == ".*" || expression == ".+" {
			return named(Rest, name, part)
		}
		return named(Param, name, part)
	case part[0] == '<' && part[len(part)-1] == '>':
		inner := part[1 : len(part)-1]
		if name, isPath := strings.CutPrefix(inner, "path:"); isPath {
			return named(Rest, name, part)
		}
		_, name, typed := strings.Cut(inner, ":")
		if !typed {
			name = inner
		}
		return named(Param, name, part)
	}
	i := strings.IndexAny(part, `:*{}<>()[]\^|`)
	if strings.HasSuffix(part, "$") {
		i = len(part) - 1
	}
	if i >= 0 {
		return Segment{}, fmt.Errorf("segment %q holds %q: a parameter is a whole segment, as :id or {id}, and *rest takes what follows", part, part[i])
	}
	return Segment{Literal, part}, nil
}

// named is a segment whose name is a plain one.
func named(kind Kind, name, part string) (Segment, error) {
	for _, c := range []byte(name) {
		if !isDigit(c) && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && c != '-' {
			return Segment{}, fmt.Errorf("segment %q: the name of a parameter has letters, digits, - and _ only", part)
		}
	}
	if name == "" {
		return Segment{}, fmt.Errorf("segment %q: the parameter has no name", part)
	}
	return Segment{kind, name}, nil
}

// check refuses what no request could match, and what could not be told from something else by its name.
func (p *Pattern) check() error {
	name := p.Name()
	if len(name) > maxPattern {
		return fmt.Errorf("pattern %.40q...: longer than %d bytes", name, maxPattern)
	}
	if len(p.Segments) > maxSegments {
		return fmt.Errorf("pattern %q: more than %d segments", name, maxSegments)
	}
	for i, s := range p.Segments {
		switch {
		case s.Kind == Rest && i < len(p.Segments)-1:
			return fmt.Errorf("pattern %q: *%s takes all that follows, so nothing can follow it; :%s takes one segment", name, s.Text, s.Text)
		case s.Kind != Literal:
		case s.Text == "" || s.Text == "." || s.Text == "..":
			return fmt.Errorf("pattern %q: segment %q: no route has such a one", name, s.Text)
		case s.Text[0] == ':' || s.Text[0] == '*' || strings.ContainsFunc(s.Text, isOdd):
			return fmt.Errorf("pattern %q: segment %q: write it as it stands in a log's request line, percent-encoded", name, s.Text)
		}
	}
	return nil
}

// isOdd reports whether a character cannot stand in the path of a request line.
func isOdd(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`?#"<>\^{|}`+"`", r) }

// Shape is the pattern without the names of its parameters: two patterns of one shape take the same requests.
func (p *Pattern) Shape() string {
	var b strings.Builder
	b.WriteString(p.Method)
	for _, s := range p.Segments {
		switch s.Kind {
		case Literal:
			b.WriteString("/" + s.Text)
		case Param:
			b.WriteString("/:")
		case Rest:
			b.WriteString("/*")
		}
	}
	return b.String()
}
