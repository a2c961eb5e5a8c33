package parse

import (
	"bytes"
	"strconv"
	"strings"
)

// inferModes are the bytes that can stand between columns. The blank comes last: it stands in lines of all kinds, so
// where another does as well, that one is meant.
var inferModes = []byte{'|', '\t', ';', ',', ' '}

// infer makes a format of what the lines look like: quoted, bracketed and bare columns, recognised by the content of
// all lines that have the most usual arrangement. It returns nil when no column is a request or none is a time.
func infer(lines [][]byte, separator byte) (*Format, []Guess) {
	columns, tail := arrange(lines, separator)
	if len(columns) == 0 {
		return nil, nil
	}
	n := namer{columns: columns, taken: map[string]bool{}}
	if !n.name() {
		return nil, nil
	}
	var b strings.Builder
	for i, c := range columns {
		b.WriteString(c.literal)
		switch next := tail; {
		case c.fixed:
			b.WriteString(string(c.values[0]))
		default:
			if i+1 < len(columns) {
				next = columns[i+1].literal
			}
			if next != "" && isNameByte(next[0]) {
				b.WriteString("${" + c.variable + "}")
			} else {
				b.WriteString("$" + c.variable)
			}
		}
	}
	b.WriteString(tail)
	escape := EscapeDefault
	if escapedAsJSON(lines) {
		escape = EscapeJSON
	}
	f, err := Compile("inferred", formatQuoter.Replace(b.String()), escape)
	if err != nil || f.shape != shapeText {
		return nil, nil
	}
	return f, n.guesses
}

// A columnKind is how a column stands in the line.
type columnKind byte

const (
	columnWord    columnKind = 'w'
	columnText    columnKind = 'q' // in quotes or brackets, or between separators: blanks may be in it
	columnLocal   columnKind = 't' // $time_local
	columnISO     columnKind = 'i'
	columnRequest columnKind = 'r' // a request line without quotes
)

// A column is what stands at one place of all lines.
type column struct {
	kind    columnKind
	literal string // before it
	key     string // "rt" of "rt=0.003", when the literal ends so
	values  [][]byte
	list    bool // some value is a list

	variable string // as named
	fixed    bool   // a literal: all values are the same and are no value
}

// A token is one column of one line.
type token struct {
	kind    columnKind
	literal string
	value   []byte
	list    bool
}

// maxColumns bounds the work on hostile lines; no log_format comes near it.
const maxColumns = 100

// arrange splits all lines and returns the columns of those that have the most usual arrangement, and the literal
// after the last.
func arrange(lines [][]byte, separator byte) ([]column, string) {
	type kind struct {
		tokens [][]token
		tail   string
	}
	kinds := map[string]*kind{}
	var most *kind
	for _, line := range lines {
		tokens, tail, ok := tokenize(line, separator)
		if !ok {
			continue
		}
		signature := signatureOf(tokens, tail)
		k := kinds[signature]
		if k == nil {
			k = &kind{tail: tail}
			kinds[signature] = k
		}
		k.tokens = append(k.tokens, tokens)
		if most == nil || len(k.tokens) > len(most.tokens) {
			most = k
		}
	}
	if most == nil {
		return nil, ""
	}
	columns := make([]column, len(most.tokens[0]))
	for i := range columns {
		c := &columns[i]
		c.kind, c.literal = most.tokens[0][i].kind, most.tokens[0][i].literal
		c.key = keyOf(c.literal)
		for _, tokens := range most.tokens {
			c.values = append(c.values, tokens[i].value)
			c.list = c.list || tokens[i].list
			if tokens[i].kind == columnText {
				c.kind = columnText
			}
		}
	}
	return columns, most.tail
}

// signatureOf is the same for lines of one arrangement.
func signatureOf(tokens []token, tail string) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString(strconv.Quote(t.literal))
		if t.kind != columnText { // quotes and brackets are in the literal; without them a text may look like a word
			b.WriteByte(byte(t.kind))
		} else {
			b.WriteByte(byte(columnWord))
		}
	}
	b.WriteString(strconv.Quote(tail))
	return b.String()
}

// tokenize splits a line into columns. A literal that holds "$" cannot be written in a format.
func tokenize(line []byte, separator byte) (tokens []token, tail string, ok bool) {
	for pos := 0; pos < len(line); {
		start := pos
		for pos < len(line) && (line[pos] == separator || line[pos] == ' ' || line[pos] == '\t') {
			pos++
		}
		if pos == len(line) {
			return tokens, tail + string(line[start:]), separatorFits(tokens, separator)
		}
		t, end, closing := nextToken(line, pos, separator)
		t.literal = tail + string(line[start:pos]) + t.literal
		if len(tokens) == maxColumns || strings.ContainsAny(t.literal, "$\n\r") {
			return nil, "", false
		}
		tokens = append(tokens, t)
		tail = closing
		pos = end
	}
	return tokens, tail, separatorFits(tokens, separator)
}

// separatorFits reports whether the separator stands between most of the columns.
func separatorFits(tokens []token, separator byte) bool {
	n := 0
	for _, t := range tokens {
		if strings.IndexByte(t.literal, separator) >= 0 {
			n++
		}
	}
	return 2*n >= len(tokens)-1 && len(tokens) > 1
}

// nextToken reads the column that begins at pos. The token's literal is what belongs to it and stands before its
// value; closing is what stands after it, up to end.
func nextToken(line []byte, pos int, separator byte) (t token, end int, closing string) {
	start := pos
	for pos < len(line) && (isNameByte(line[pos]) || line[pos] == '-') { // a key: rt=0.003, ua="curl"
		pos++
	}
	if pos == start || pos+1 >= len(line) || line[pos] != '=' || !hasLetter(line[start:pos]) {
		pos = start
	} else {
		pos++
	}
	t.literal = string(line[start:pos])
	if c := line[pos]; closingOf(c) != 0 {
		if value, kind, ok := enclosed(line, pos); ok {
			t.literal += string(c)
			t.kind, t.value = kind, value
			end = pos + 1 + len(value) + 1
			return t, end, string(line[end-1 : end])
		}
	}
	rest := line[pos:]
	n := 0
	switch {
	case len(rest) >= localTime && isLocalTime(rest[:localTime]):
		t.kind, n = columnLocal, localTime
	case isoLen(rest) > 0:
		t.kind, n = columnISO, isoLen(rest)
	default:
		t.kind = columnWord
		if n = requestLen(rest, separator); n > 0 {
			t.kind = columnRequest
			break
		}
		for n < len(rest) && rest[n] != separator && (separator != ' ' || rest[n] != '\t') {
			n++
		}
		if separator == ' ' {
			n, t.list = extendList(rest, n)
		}
		if n = len(bytes.TrimRight(rest[:n], " ")); bytes.IndexByte(rest[:n], ' ') >= 0 && !t.list {
			t.kind = columnText
		}
	}
	t.value = rest[:n]
	return t, pos + n, ""
}

// closingOf returns the byte that closes what c opens, or 0.
func closingOf(c byte) byte {
	switch c {
	case '"':
		return '"'
	case '[':
		return ']'
	case '(':
		return ')'
	case '{':
		return '}'
	case '<':
		return '>'
	}
	return 0
}

// enclosed reads what stands between quotes or brackets that open at pos.
func enclosed(line []byte, pos int) (value []byte, kind columnKind, ok bool) {
	closing := closingOf(line[pos])
	from := pos + 1
	end := -1
	if closing == '"' {
		end = jsonStringEnd(line, from, true)
	} else if n := bytes.IndexByte(line[from:], closing); n >= 0 {
		end = from + n
	}
	if end < 0 || closing != '"' && end+1 < len(line) && line[end+1] == ':' { // [::1]:443
		return nil, 0, false
	}
	value = line[from:end]
	switch {
	case isLocalTime(value):
		return value, columnLocal, true
	case len(value) > 0 && isoLen(value) == len(value):
		return value, columnISO, true
	}
	return value, columnText, true
}

func isLocalTime(b []byte) bool {
	var c clock
	_, ok := c.local(b)
	return ok
}

// requestLen returns the length of the request line without quotes that b begins with, or 0.
func requestLen(b []byte, separator byte) int {
	method := bytes.IndexByte(b, ' ')
	if method <= 0 || !knownMethod(b[:method]) {
		return 0
	}
	n := bytes.Index(b, []byte(" HTTP/"))
	if n < method || bytes.IndexByte(b[:n], '"') >= 0 { // a raw quote begins a column of its own
		return 0
	}
	end := n + 1
	for end < len(b) && b[end] != ' ' && b[end] != separator {
		end++
	}
	if _, _, _, why := splitRequest(b[:end]); why == BadLine || why == Binary {
		return 0
	}
	return end
}

// knownMethod reports a method that a log is full of, so that other words in capitals are not taken for one.
func knownMethod(b []byte) bool {
	switch string(b) {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PROPFIND":
		return true
	}
	return false
}

// extendList takes the words that follow a comma, or a colon between blanks, to the word of length n.
func extendList(b []byte, n int) (int, bool) {
	list := false
	for n < len(b) {
		next := 0
		switch {
		case n > 0 && b[n-1] == ',' && b[n] == ' ':
			next = n + 1
		case hasPrefix(b[n:], " : "):
			next = n + 3
		default:
			return n, list
		}
		list = true
		end := bytes.IndexByte(b[next:], ' ')
		if end < 0 {
			return len(b), true
		}
		n = next + end
	}
	return n, list
}

// keyOf returns the key at the end of a literal: rt of ` rt=`.
func keyOf(literal string) string {
	literal = strings.TrimRight(literal, `"[({<`)
	key, ok := strings.CutSuffix(literal, "=")
	if !ok {
		return ""
	}
	return key[strings.LastIndexFunc(key, func(r rune) bool { return r > 0x7f || !isNameByte(byte(r)) && r != '-' })+1:]
}

func hasLetter(b []byte) bool {
	for _, c := range b {
		if c|0x20 >= 'a' && c|0x20 <= 'z' {
			return true
		}
	}
	return false
}
