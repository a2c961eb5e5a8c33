package openapi

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"ngxreplay/replay/route"

	"github.com/getkin/kin-openapi/openapi3"
)

// Patterns reads the description of that name and returns the patterns of its paths, in the order of the paths, once
// for every different base path of their servers. They are for any method.
func Patterns(name string) ([]route.Pattern, error) {
	doc, err := load(name)
	if err != nil {
		return nil, err
	}
	if doc.Paths.Len() == 0 {
		return nil, fmt.Errorf("%s: holds no paths", name)
	}
	var whole, parts []route.Pattern
	var errs []error
	paths := doc.Paths.Map()
	for _, key := range slices.Sorted(maps.Keys(paths)) {
		item := paths[key]
		where := place(name, item)
		if !strings.HasPrefix(key, "/") {
			errs = append(errs, fmt.Errorf("%s: path %q: want one that begins with a slash", where, key))
			continue
		}
		for _, base := range bases(doc, item) {
			p := route.Pattern{Where: where}
			part := false
			for _, text := range split(base + key) {
				s, isPart := segment(text)
				part = part || isPart
				p.Segments = append(p.Segments, s)
			}
			if part {
				parts = append(parts, p)
			} else {
				whole = append(whole, p)
			}
		}
	}
	return withParts(whole, parts), errors.Join(errs...)
}

// withParts adds the patterns with parameters that are a part of a segment only, as /files/{name}.pdf. They take the
// whole segment, and stand back when another pattern takes it already.
func withParts(whole, parts []route.Pattern) []route.Pattern {
	known := map[string]bool{}
	for i := range whole {
		known[whole[i].Shape()] = true
	}
	for _, p := range parts {
		if shape := p.Shape(); !known[shape] {
			known[shape] = true
			whole = append(whole, p)
		}
	}
	return whole
}

// place is where a path was given. JSON gives no lines.
func place(name string, item *openapi3.PathItem) string {
	if item != nil && item.Origin != nil && item.Origin.Key != nil && item.Origin.Key.Line > 0 && item.Ref == "" {
		return fmt.Sprintf("%s:%d", name, item.Origin.Key.Line)
	}
	return name
}

// bases are the different base paths below which a path is served: those of its operations' servers, or its own, or
// the description's.
func bases(doc *openapi3.T, item *openapi3.PathItem) []string {
	common := doc.Servers
	if item != nil && len(item.Servers) > 0 {
		common = item.Servers
	}
	var found []string
	add := func(servers openapi3.Servers) {
		if len(servers) == 0 {
			found = append(found, "")
		}
		for _, s := range servers {
			found = append(found, basePath(s))
		}
	}
	operations := map[string]*openapi3.Operation{}
	if item != nil {
		operations = item.Operations()
	}
	for _, o := range operations {
		if o.Servers != nil && len(*o.Servers) > 0 {
			add(*o.Servers)
		} else {
			add(common)
		}
	}
	if len(operations) == 0 {
		add(common)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// basePath is the path of a server's URL, its variables at their defaults, without a trailing slash.
func basePath(s *openapi3.Server) string {
	if s == nil {
		return ""
	}
	text := s.URL
	for name, variable := range s.Variables {
		if variable != nil && variable.Default != "" {
			text = strings.ReplaceAll(text, "{"+name+"}", variable.Default)
		}
	}
	if i := strings.Index(text, "//"); i == 0 || i > 0 && text[i-1] == ':' {
		_, text, _ = strings.Cut(text[i+2:], "/")
	}
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		text = text[:i]
	}
	return strings.TrimSuffix(path.Clean("/"+text), "/")
}

func split(key string) []string {
	key = strings.Trim(key, "/")
	if key == "" {
		return nil
	}
	return strings.Split(key, "/")
}

// segment is a segment of a path template, and whether a parameter takes a part of it only. "{proxy+}", as API gateways
// have it, takes the rest.
func segment(text string) (s route.Segment, part bool) {
	before, inner, found := strings.Cut(text, "{")
	name, after, closed := strings.Cut(inner, "}")
	if !found || !closed {
		return route.Segment{Kind: route.Literal, Text: escape(text)}, false
	}
	if rest, more := strings.CutSuffix(name, "+"); more && before+after == "" {
		return route.Segment{Kind: route.Rest, Text: plainName(rest)}, false
	}
	return route.Segment{Kind: route.Param, Text: plainName(name)}, before+after != ""
}

// plainName keeps what route names are made of.
func plainName(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, name)
	return cmp.Or(plain, "param")
}

// escape writes a literal as it stands in a request line.
func escape(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`?#"<>\^{|}`+"`", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
