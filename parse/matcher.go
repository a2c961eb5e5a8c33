package parse

// A matcher tries the formats of a log in their order, always from the first: which one a line is read by must not
// depend on the lines before it.
type matcher struct {
	parsers []*Parser
	current *Parser // of the last line that fit
}

// newMatcher panics without a format, which no log can make happen.
func newMatcher(formats []*Format) matcher {
	if len(formats) == 0 {
		panic("parse: a reader needs a format; Detect finds one")
	}
	m := matcher{parsers: make([]*Parser, len(formats))}
	for i, f := range formats {
		m.parsers[i] = f.NewParser()
	}
	m.current = m.parsers[0]
	return m
}

// parse fills e by the first format that the line fits.
func (m *matcher) parse(line []byte, e *Entry) bool {
	for _, p := range m.parsers {
		if p.parse(line, e) {
			m.current = p
			return true
		}
	}
	return false
}

// miss is that of the format which came farthest into the line that parse refused.
func (m *matcher) miss() miss {
	best := m.parsers[0].scan.miss
	for _, p := range m.parsers[1:] {
		if p.scan.miss.pos > best.pos {
			best = p.scan.miss
		}
	}
	return best
}
