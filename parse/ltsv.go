package parse

import (
	"bytes"
	"strings"
)

// splitLTSV takes a format apart that is labelled tab-separated values.
func splitLTSV(text string) ([]member, bool) {
	fields := strings.Split(text, "\t")
	if len(fields) < 2 {
		return nil, false
	}
	var members []member
	for _, field := range fields {
		label, value, ok := strings.Cut(field, ":")
		if !ok || !isLabel(label) {
			return nil, false
		}
		members = append(members, member{label, label + ":", value})
	}
	return members, true
}

// isLabel reports a label as ltsv.org defines it.
func isLabel(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isNameByte(c) && c != '.' && c != '-' {
			return false
		}
	}
	return s != ""
}

// labels reads an LTSV line: labels in any order, those that the format does not name skipped.
func (p *Parser) labels(line []byte) bool {
	s, f := &p.scan, p.format
	for i := range s.spans {
		s.spans[i].start = -1
	}
	for pos, next := 0, 0; pos <= len(line); {
		end := len(line)
		if n := bytes.IndexByte(line[pos:], '\t'); n >= 0 {
			end = pos + n
		}
		if end == pos { // two tabs, or one at the end
			pos = end + 1
			continue
		}
		i := -1
		if next < len(f.keys) && hasPrefix(line[pos:end], f.keys[next].quoted) {
			i = next
			pos += len(f.keys[next].quoted)
		} else {
			n := bytes.IndexByte(line[pos:end], ':')
			if n < 0 {
				s.note(pos, missLabel, "", 0)
				return false
			}
			if at, ok := f.index[string(line[pos:pos+n])]; ok {
				i = at
			}
			pos += n + 1
		}
		if i >= 0 {
			next = i + 1
			if !p.takeLabel(&f.keys[i], line, span{pos, end}) {
				return false
			}
		}
		pos = end + 1
	}
	return true
}

// takeLabel notes the value of a label. There is no null in LTSV.
func (p *Parser) takeLabel(k *key, line []byte, value span) bool {
	if k.plain {
		p.scan.spans[k.span] = value
		return true
	}
	return p.scan.match(&k.pattern, line[:value.end], value.start)
}
