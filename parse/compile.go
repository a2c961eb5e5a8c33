package parse

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Compile compiles an nginx log_format string, as it stands in nginx.conf: joined strings in single quotes ('...'
// '...'), or the whole directive (log_format name escape=json '...';), are taken as well. name is for messages and
// may be empty.
//
// A format that holds no request, or in which the end of a variable cannot be told, is refused.
func Compile(name, format string, escape Escape) (*Format, error) {
	text, escape, err := unquoteFormat(format, escape)
	if err != nil {
		return nil, formatError(name, err)
	}
	f := &Format{name: name, text: text, escape: escape}
	c := compiler{format: f}
	if err := c.compile(); err != nil {
		return nil, formatError(name, err)
	}
	return f, nil
}

func formatError(name string, err error) error {
	if name == "" {
		return fmt.Errorf("log format: %w", err)
	}
	return fmt.Errorf("log format %q: %w", name, err)
}

// mustCompile is for formats in this package, which the tests compile all.
func mustCompile(name, format string, escape Escape) *Format {
	f, err := Compile(name, format, escape)
	if err != nil {
		panic(err)
	}
	return f
}

var errNoRequest = errors.New("this format holds no request: nothing to replay; add $request, or $request_method and $request_uri")

// A compiler collects what the patterns of a format have in common.
type compiler struct {
	format *Format
}

func (c *compiler) compile() error {
	f := c.format
	if f.text == "" {
		return errNoRequest
	}
	if err := c.compileShape(); err != nil {
		return err
	}
	f.index = make(map[string]int, len(f.keys))
	for i := range f.keys {
		f.index[f.keys[i].name] = i
	}
	slices.SortStableFunc(f.fills, func(a, b fill) int { return int(a.rank) - int(b.rank) })
	for _, fl := range f.fills {
		f.has |= 1 << fl.field
		switch fl.field {
		case fieldMsec:
			f.precision = time.Millisecond
		case fieldTimeLocal, fieldTimeISO:
			if f.precision == 0 {
				f.precision = time.Second
			}
		}
	}
	p := Parser{format: f}
	if !f.has.holds(fieldRequest) && !p.hasParts() {
		return errNoRequest
	}
	return nil
}

// compileShape finds out whether the format is a JSON object, LTSV or plain text, and compiles its patterns.
func (c *compiler) compileShape() (err error) {
	f := c.format
	if f.escape != EscapeNone { // unescaped values may hold quotes and tabs: then only the literals can tell
		if members, ok := splitJSON(f.text); ok {
			f.shape = shapeJSON
			return c.keys(members)
		}
		if members, ok := splitLTSV(f.text); ok {
			f.shape = shapeLTSV
			return c.keys(members)
		}
	}
	f.pattern, err = c.pattern(f.text)
	return err
}

// A member is a key of a JSON object or an LTSV line, and the format of its value.
type member struct{ key, quoted, value string }

func (c *compiler) keys(members []member) error {
	for _, m := range members {
		if !strings.Contains(m.value, "$") {
			continue // always the same
		}
		p, err := c.pattern(m.value)
		if err != nil {
			return fmt.Errorf("key %q: %w", m.key, err)
		}
		plain := len(p.steps) == 1 && p.prefix == "" && p.steps[0].literal == ""
		c.format.keys = append(c.format.keys, key{m.key, m.quoted, p, plain, p.steps[0].span})
	}
	return nil
}

// pattern compiles literals and variables.
func (c *compiler) pattern(text string) (pattern, error) {
	var p pattern
	prefix, names, literals, err := splitVariables(text)
	if err != nil {
		return p, err
	}
	p.prefix = prefix
	for i, name := range names {
		last := i == len(names)-1
		next := ""
		if !last {
			next = names[i+1]
		}
		t := step{name: name, literal: literals[i], sep: []byte(literals[i]), span: c.format.spans}
		t.word, t.mask = literalWord(t.literal)
		v := variableOf(name)
		if name == pathArgs {
			v = variable{field: fieldPathArgs}
		}
		t.grammar = v.grammar
		if t.op, err = chooseOp(c.format.escape, v, t, last, next); err != nil {
			return p, err
		}
		t.request = v.field == fieldRequest
		p.bareRequest = p.bareRequest || t.request && len(names) > 1 && (t.op == opSearch || t.op == opRest)
		p.steps = append(p.steps, t)
		c.format.spans++
		c.format.vars = append(c.format.vars, strings.Split(name, "$")...)
		if v.field != fieldNone {
			fl := fill{field: v.field, span: t.span, rank: v.rank, name: name}
			if v.field == fieldMsec {
				fl.rank = -1 // times are tried finest first
			}
			if v.field == fieldHeader || v.field == fieldCookie {
				fl.header = []byte(headerName(name))
			}
			c.format.fills = append(c.format.fills, fl)
		}
	}
	return p, nil
}

// literalWord gives a short literal as a number and the mask of its bytes.
func literalWord(literal string) (word, mask uint64) {
	if len(literal) > 8 {
		return 0, 0
	}
	for i := range len(literal) {
		word |= uint64(literal[i]) << (8 * i)
		mask |= 0xff << (8 * i)
	}
	return word, mask
}

// chooseOp decides how the end of a variable is found.
func chooseOp(escape Escape, v variable, t step, last bool, next string) (op, error) {
	switch v.grammar {
	case gramTimeLocal:
		return opTimeLocal, nil
	case gramTimeISO:
		return opTimeISO, nil
	case gramStatus:
		return opStatus, nil
	case gramMark:
		return opMark, nil
	case gramInt, gramDecimal:
		if t.literal == "" && !last && !startsApart[next] || startsNumber(t.literal) {
			return 0, errAdjacent(t.name, next, t.literal)
		}
		if v.grammar == gramInt {
			return opInt, nil
		}
		return opDecimal, nil
	}
	switch {
	case t.literal == "" && !last:
		if (v.grammar == gramWord || v.field == fieldHost) && (next == "request_uri" || next == "uri" || next == "document_uri" || next == pathArgs) {
			return opSlash, nil
		}
		return 0, errAdjacent(t.name, next, "")
	case v.grammar == gramList && (last && t.literal == "" || strings.HasPrefix(t.literal, " ")):
		return opList, nil
	case t.literal == "" && v.grammar == gramWord:
		return opRestWord, nil
	case t.literal == "":
		return opRest, nil
	case t.literal[0] == '"' && escape != EscapeNone:
		return opQuoted, nil
	case t.literal[0] == ' ' && v.grammar == gramWord:
		return opBlank, nil
	case v.grammar == gramWord:
		return opWord, nil
	}
	return opSearch, nil
}

// startsApart are variables that begin with no byte of a number.
var startsApart = map[string]bool{
	"request_uri": true, "uri": true, "document_uri": true, pathArgs: true, "is_args": true,
	"request_method": true, "server_protocol": true, "scheme": true,
}

// startsNumber reports whether a literal would be swallowed by the number before it.
func startsNumber(literal string) bool {
	return literal != "" && (isDigit(literal[0]) || literal[0] == '.' && len(literal) > 1 && isDigit(literal[1]))
}

func errAdjacent(a, b, literal string) error {
	if literal != "" {
		return fmt.Errorf("$%s is followed by %q: its end cannot be told; put a blank between them", a, literal)
	}
	return fmt.Errorf("$%s and $%s stand side by side: the end of the first cannot be told; put a blank or a quote between them", a, b)
}

// pathArgs is the name of "$uri$is_args$args" when it is read as one variable.
const pathArgs = "uri$is_args$args"

// splitVariables takes a format apart: prefix, then for each variable its name and the literal after it.
func splitVariables(text string) (prefix string, names, literals []string, err error) {
	for _, path := range []string{"$uri", "$document_uri"} {
		for _, args := range []string{"$args", "$query_string"} {
			text = strings.ReplaceAll(text, path+"$is_args"+args, "${"+pathArgs+"}")
		}
	}
	prefix, rest, found := strings.Cut(text, "$")
	for found {
		var name, literal string
		if strings.HasPrefix(rest, "{") {
			end := strings.IndexByte(rest, '}')
			if end < 0 {
				return "", nil, nil, fmt.Errorf("no \"}\" after %q", "$"+cutText(rest))
			}
			name, rest = rest[1:end], rest[end+1:]
		} else {
			end := 0
			for end < len(rest) && isNameByte(rest[end]) {
				end++
			}
			name, rest = rest[:end], rest[end:]
		}
		if name == "" || name != pathArgs && strings.ContainsFunc(name, func(r rune) bool { return r > 0x7f || !isNameByte(byte(r)) }) {
			return "", nil, nil, fmt.Errorf("no variable name after \"$\" before %q", cutText(rest))
		}
		literal, rest, found = strings.Cut(rest, "$")
		names, literals = append(names, name), append(literals, literal)
	}
	return prefix, names, literals, nil
}

func isNameByte(c byte) bool {
	return c == '_' || isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func cutText(s string) string {
	if len(s) > 20 {
		return s[:20] + "..."
	}
	return s
}
