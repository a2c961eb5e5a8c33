package parse

import (
	"bytes"
	"strings"
)

// splitJSON takes a format apart that is written like one flat JSON object. Formats with objects or arrays inside
// are left to the literals.
func splitJSON(text string) ([]member, bool) {
	s := strings.TrimSpace(text)
	s = strings.TrimSuffix(s, ",") // written so that a log becomes an array with little effort
	if !strings.HasPrefix(s, "{") || !strings.HasSuffix(s, "}") || strings.HasPrefix(s, "{$") {
		return nil, false
	}
	var members []member
	for s = s[1:]; ; {
		s = strings.TrimLeft(s, " \t\r\n,")
		if s == "}" {
			return members, len(members) > 0
		}
		if !strings.HasPrefix(s, `"`) {
			return nil, false
		}
		key, rest, ok := strings.Cut(s[1:], `"`)
		rest = strings.TrimLeft(rest, " \t\r\n")
		if !ok || !strings.HasPrefix(rest, ":") || strings.ContainsAny(key, `$\`) {
			return nil, false
		}
		value, rest, ok := splitJSONValue(strings.TrimLeft(rest[1:], " \t\r\n"))
		if !ok {
			return nil, false
		}
		members = append(members, member{key, `"` + key + `":`, value})
		s = rest
	}
}

// splitJSONValue reads a string or a bare value of a format.
func splitJSONValue(s string) (value, rest string, ok bool) {
	if strings.HasPrefix(s, `"`) {
		value, rest, ok = strings.Cut(s[1:], `"`)
		return value, rest, ok && !strings.HasSuffix(value, `\`)
	}
	depth := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '{' && i > 0 && s[i-1] == '$':
			depth++
		case c == '{' || c == '[' || c == '"':
			return "", "", false
		case c == '}' && depth > 0:
			depth--
		case c == ',' || c == '}':
			return strings.TrimSpace(s[:i]), s[i:], true
		}
	}
	return "", "", false
}

// object reads a line that is a flat JSON object: keys in any order, those that the format does not name skipped,
// values as strings or bare. Bare values are taken as nginx writes them, which is not always JSON: nothing at all,
// "-", or a list with commas.
func (p *Parser) object(line []byte) bool {
	s, f := &p.scan, p.format
	for i := range s.spans {
		s.spans[i].start = -1
	}
	pos := skipBlanks(line, 0)
	if pos == len(line) || line[pos] != '{' {
		s.note(pos, missObject, `"{"`, 0)
		return false
	}
	pos++
	for next := 0; ; {
		// The keys mostly come in the order of the format.
		var k *key
		if next < len(f.keys) && hasPrefix(line[pos:], f.keys[next].quoted) {
			k = &f.keys[next]
			pos += len(k.quoted)
			next++
		} else {
			pos = skipBlanks(line, pos)
			if pos < len(line) && line[pos] == '}' {
				break
			}
			key, after := jsonKey(line, pos)
			if after < 0 {
				s.note(pos, missObject, "a key in quotes and a colon", 0)
				return false
			}
			if i, ok := f.index[string(key)]; ok {
				k, next = &f.keys[i], i+1
			}
			pos = after
		}
		pos = skipBlanks(line, pos)
		value, end := s.jsonValue(line, pos)
		if end < 0 {
			s.note(pos, missObject, "a value and its end", 0)
			return false
		}
		if k != nil && !p.take(k, line, value) {
			return false
		}
		pos = skipBlanks(line, end)
		if pos < len(line) && line[pos] == ',' {
			pos++
		} else if pos == len(line) || line[pos] != '}' {
			s.note(pos, missObject, `"," or "}"`, 0)
			return false
		}
	}
	pos = skipBlanks(line, pos+1)
	if pos < len(line) && line[pos] == ',' {
		pos = skipBlanks(line, pos+1)
	}
	if pos < len(line) {
		s.note(pos, missEnd, "", 0)
		return false
	}
	return true
}

// take notes the value of a key, or the values of the variables in it. Null is as good as no key.
func (p *Parser) take(k *key, line []byte, value span) bool {
	if k.plain {
		if line[value.start-1] == '"' || value.end-value.start != 4 || string(line[value.start:value.end]) != "null" {
			p.scan.spans[k.span] = value
		}
		return true
	}
	return p.scan.match(&k.pattern, line[:value.end], value.start)
}

// jsonKey reads a key and its colon at pos. after is where the value begins, or -1.
func jsonKey(line []byte, pos int) (key []byte, after int) {
	if pos == len(line) || line[pos] != '"' {
		return nil, -1
	}
	n := bytes.IndexByte(line[pos+1:], '"')
	if n < 0 {
		return nil, -1
	}
	end := pos + 1 + n
	after = skipBlanks(line, end+1)
	if after == len(line) || line[after] != ':' {
		return nil, -1
	}
	return line[pos+1 : end], after + 1
}

// jsonValue returns the value at pos, without the quotes of a string, and where it ends with them; or -1.
func (s *scanner) jsonValue(line []byte, pos int) (value span, end int) {
	if pos == len(line) {
		return span{}, -1
	}
	switch line[pos] {
	case '"':
		end := jsonStringEnd(line, pos+1, s.escaped)
		if end < 0 {
			return span{}, -1
		}
		return span{pos + 1, end}, end + 1
	case '{', '[':
		end := jsonNestedEnd(line, pos, s.escaped)
		return span{pos, end}, end
	}
	end = jsonBareEnd(line, pos)
	return span{pos, end}, end
}

// jsonStringEnd returns the place of the quote that ends a string which begins at pos, or -1.
func jsonStringEnd(line []byte, pos int, escaped bool) int {
	for end := pos; ; end++ {
		n := bytes.IndexByte(line[end:], '"')
		if n < 0 {
			return -1
		}
		end += n
		if !escaped || !isEscaped(line[pos:end]) {
			return end
		}
	}
}

// jsonNestedEnd returns the place after the object or array that begins at pos, or -1. It is only skipped, so its
// brackets need not match in kind.
func jsonNestedEnd(line []byte, pos int, escaped bool) int {
	depth := 0
	for ; pos < len(line); pos++ {
		switch line[pos] {
		case '"':
			end := jsonStringEnd(line, pos+1, escaped)
			if end < 0 {
				return -1
			}
			pos = end
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return pos + 1
			}
		}
	}
	return -1
}

// jsonBareEnd returns where a bare value ends. A comma ends it when another key or the end follows; otherwise it
// belongs to a list ("0.001, 0.002").
func jsonBareEnd(line []byte, pos int) int {
	end := pos
	for ; end < len(line) && line[end] != '}'; end++ {
		if line[end] != ',' {
			continue
		}
		next := skipBlanks(line, end+1)
		if next == len(line) || line[next] == '"' || line[next] == '}' {
			break
		}
	}
	for end > pos && isBlank(line[end-1]) {
		end--
	}
	return end
}

func skipBlanks(line []byte, pos int) int {
	for pos < len(line) && line[pos] <= ' ' && isBlank(line[pos]) {
		pos++
	}
	return pos
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}
