package parse

import (
	"bytes"
	"encoding/binary"
)

// An op is how the end of a value is found, chosen by the compiler from the variable's grammar, the literal after it
// and the escape.
type op uint8

const (
	opQuoted   op = iota // up to the next '"': no value can hold a raw one
	opBlank              // up to the next ' '
	opSearch             // up to any place where the literal stands and the rest fits
	opWord               // as opSearch, but not past a blank
	opSlash              // up to the target that is the next variable
	opRest               // all that is left
	opRestWord           // all that is left, no blank in it
	opList
	opInt
	opStatus
	opDecimal
	opTimeLocal
	opTimeISO
	opMark
)

type span struct{ start, end int }

// A choice is a value whose end was guessed: the literal after it may stand at other places too.
type choice struct {
	step  int
	start int
	next  int // where to search for the next place
	limit int // no place lies behind it; -1 when not yet known
}

// A scanner finds the values of a pattern in a line. It guesses forward and goes back to the last guess when the rest
// does not fit. What failed from one place on fails from every later place of the same step as well, because the
// places left are fewer; so each step remembers the range that failed, no place is tried twice, and work stays
// proportional to the length of the line.
type scanner struct {
	escape  Escape
	escaped bool   // the line holds a backslash
	spans   []span // by step.span; start is -1 for a value that the line does not hold
	stack   []choice
	failed  []span // by step
	dirty   bool   // failed holds something
	quote   span   // the next raw quote, seen from anywhere in [start, end], is at end
	budget  int
	strict  bool // $request, where no quote tells its end, has to look like one
	miss    miss
}

// A miss is where and why a line does not fit, as far as it could be read.
type miss struct {
	pos     int
	kind    missKind
	literal string // what was expected, or the name of a variable or key
	grammar grammar
}

type missKind uint8

const (
	missNone    missKind = iota
	missLiteral          // expected this text
	missValue            // expected a value of this grammar
	missEnd              // expected the end of the line
	missNumber           // a value that its grammar let pass is none
	missTime
	missKey // the line has no such key
	missObject
	missLabel
	missLong    // over MaxLine
	missCut     // the read error came first
	missNUL     // nothing but NUL bytes
	missComplex // out of budget
	missGonx    // gonx does not say more
)

// note keeps the miss that lies farthest to the right: there the line left the format that it fits best.
func (s *scanner) note(pos int, kind missKind, literal string, g grammar) {
	if s.miss.kind == missNone || pos > s.miss.pos {
		s.miss = miss{pos, kind, literal, g}
	}
}

// match fits line[pos:] to the pattern and notes the span of every value. The line ends where the pattern has to end,
// so that a value inside a longer line is matched by cutting the line there.
//
// Where a request line stands without quotes beside other text, the split that makes it look like one is preferred.
func (s *scanner) match(p *pattern, line []byte, pos int) bool {
	if p.bareRequest {
		s.strict = true
		ok := s.fit(p, line, pos)
		s.strict = false
		if ok {
			return true
		}
	}
	return s.fit(p, line, pos)
}

func (s *scanner) fit(p *pattern, line []byte, pos int) bool {
	if len(line)-pos < len(p.prefix) || string(line[pos:pos+len(p.prefix)]) != p.prefix {
		s.note(pos, missLiteral, p.prefix, 0)
		return false
	}
	pos += len(p.prefix)
	s.stack = s.stack[:0]
	s.quote = span{0, -1}
	s.budget = 64 * (len(line) + 1024)
	if s.dirty {
		clear(s.failed)
		s.dirty = false
	}
	for i := 0; ; {
		from := pos
		i, pos = s.forward(p.steps, line, i, pos)
		s.budget -= pos - from
		if i == len(p.steps) {
			if pos == len(line) {
				return true
			}
			s.note(pos, missEnd, "", 0)
		}
		if i, pos = s.back(p.steps, line); i < 0 {
			return false
		}
	}
}

// forward reads values from step i on until one does not fit, and returns the step and place where it stopped.
func (s *scanner) forward(steps []step, line []byte, i, pos int) (int, int) {
	for ; i < len(steps); i++ {
		t := &steps[i]
		end := -1
		switch t.op {
		case opQuoted:
			end = s.closingQuote(line, pos)
		case opBlank:
			if n := bytes.IndexByte(line[pos:], ' '); n >= 0 {
				end = pos + n
			}
		case opSearch, opWord:
			end = s.choose(steps, i, line, pos)
		case opRest, opRestWord:
			end = s.rest(t, line, pos)
		default:
			end = scanValue(t, line, pos, s.escape != EscapeDefault)
		}
		if end < 0 {
			s.noteValue(t, line, pos)
			s.budget -= (len(line) - pos) / 64 // the search for the end may have gone all the way
			return i, pos
		}
		s.spans[t.span] = span{pos, end}
		if !t.literalAt(line, end) {
			s.note(end, missLiteral, t.literal, 0)
			return i, pos
		}
		pos = end + len(t.literal)
	}
	return i, pos
}

// literalAt reports whether the literal after the value stands at pos. Comparing it as one number is three times as
// fast as comparing strings of a few bytes.
func (t *step) literalAt(line []byte, pos int) bool {
	if pos+8 <= len(line) && t.mask != 0 {
		return (binary.LittleEndian.Uint64(line[pos:])^t.word)&t.mask == 0
	}
	end := pos + len(t.literal)
	return end <= len(line) && string(line[pos:end]) == t.literal
}

// closingQuote returns the place of the quote that ends a value, or -1.
func (s *scanner) closingQuote(line []byte, pos int) int {
	if !s.escaped {
		n := bytes.IndexByte(line[pos:], '"')
		if n < 0 {
			return -1
		}
		return pos + n
	}
	if end := s.rawQuote(line, pos); end < len(line) {
		return end
	}
	return -1
}

// noteValue notes that the value of t could not be read at pos.
func (s *scanner) noteValue(t *step, line []byte, pos int) {
	switch t.op {
	case opSearch, opWord:
		s.note(s.limit(t, line, pos), missLiteral, t.literal, 0)
	case opQuoted, opBlank:
		s.note(len(line), missLiteral, t.literal, 0)
	case opRest, opRestWord:
		// noted by rest, at the byte that does not belong there
	default:
		s.note(pos, missValue, t.name, t.grammar)
	}
}

// rawQuote returns the place of the next '"' that is not escaped, or len(line).
func (s *scanner) rawQuote(line []byte, pos int) int {
	if pos >= s.quote.start && pos <= s.quote.end {
		return s.quote.end
	}
	end := pos
	for {
		n := bytes.IndexByte(line[end:], '"')
		if n < 0 {
			end = len(line)
			break
		}
		end += n
		if !s.escaped || !isEscaped(line[pos:end]) {
			break
		}
		end++
	}
	s.quote = span{pos, end}
	return end
}

// isEscaped reports whether b ends with an odd number of backslashes, so that the byte after it is escaped.
func isEscaped(b []byte) bool {
	n := len(b)
	for n > 0 && b[n-1] == '\\' {
		n--
	}
	return (len(b)-n)%2 == 1
}

// choose takes the first place at which the literal of step i stands and leaves a choice behind.
func (s *scanner) choose(steps []step, i int, line []byte, pos int) int {
	if s.strict && steps[i].request {
		return s.chooseRequest(steps, i, line, pos)
	}
	if s.dirty && pos >= s.failed[i].start && pos < s.failed[i].end {
		return -1
	}
	literal := steps[i].literal
	// Most often the value is absent.
	if next := pos + 1 + len(literal); next <= len(line) && line[pos] == '-' && literal[0] != '-' && string(line[pos+1:next]) == literal {
		s.stack = append(s.stack, choice{i, pos, pos + 2, -1})
		return pos + 1
	}
	c := choice{i, pos, pos, -1}
	end := s.place(steps, &c, line)
	if end >= 0 {
		s.stack = append(s.stack, c)
	}
	return end
}

// chooseRequest is choose for a value that has to look like a request line. Whether it does depends on where it begins,
// so nothing is learnt from an earlier beginning that failed.
func (s *scanner) chooseRequest(steps []step, i int, line []byte, pos int) int {
	if n := bytes.IndexByte(line[pos:], ' '); n <= 0 || !isUpper(line[pos:pos+n]) {
		return -1
	}
	c := choice{i, pos, pos, -1}
	end := s.place(steps, &c, line)
	if end >= 0 {
		s.stack = append(s.stack, c)
	}
	return end
}

// place moves the choice to the next place where its literal stands, or returns -1.
func (s *scanner) place(steps []step, c *choice, line []byte) int {
	t := &steps[c.step]
	if c.limit < 0 {
		c.limit = s.limit(t, line, c.start)
	}
	stop := min(c.limit+len(t.literal), len(line))
	for c.next <= stop && s.budget >= 0 {
		n := bytes.Index(line[c.next:stop], t.sep)
		if n < 0 {
			return -1
		}
		end := c.next + n
		c.next = end + 1
		if !s.strict || !t.request || looksLikeRequest(line[c.start:end]) {
			return end
		}
		s.budget -= 8 + n
	}
	return -1
}

// limit is the farthest place where the value of t can end: a raw quote ends every value unless nginx does not
// escape, and a blank ends a word.
func (s *scanner) limit(t *step, line []byte, pos int) int {
	limit := len(line)
	if s.escape != EscapeNone {
		limit = s.rawQuote(line, pos)
	}
	if t.op == opWord {
		if n := bytes.IndexByte(line[pos:limit], ' '); n >= 0 {
			limit = pos + n
		}
	}
	return limit
}

// back moves the last choice that has another place, and returns the step after it, or -1.
func (s *scanner) back(steps []step, line []byte) (int, int) {
	for len(s.stack) > 0 {
		c := &s.stack[len(s.stack)-1]
		if s.budget -= 1; s.budget < 0 {
			s.note(len(line), missComplex, "", 0)
			return -1, 0
		}
		end := s.place(steps, c, line)
		bad := s.failed[c.step]
		if s.strict && steps[c.step].request {
			bad = span{}
		}
		if end >= 0 && !(s.dirty && c.start < bad.start && end >= bad.start && end < bad.end) {
			t := &steps[c.step]
			s.budget -= end - s.spans[t.span].end
			s.spans[t.span].end = end
			return c.step + 1, end + len(t.literal)
		}
		if !s.strict || !steps[c.step].request {
			s.failed[c.step] = span{c.start, max(c.limit, 0) + 1}
			s.dirty = true
		}
		s.stack = s.stack[:len(s.stack)-1]
	}
	return -1, 0
}

// rest takes all that is left of the line.
func (s *scanner) rest(t *step, line []byte, pos int) int {
	if s.escape != EscapeNone {
		if q := s.rawQuote(line, pos); q < len(line) {
			s.note(q, missEnd, "", 0)
			return -1
		}
	}
	if t.op == opRestWord {
		if n := bytes.IndexByte(line[pos:], ' '); n >= 0 {
			s.note(pos+n, missEnd, "", 0)
			return -1
		}
	}
	if s.strict && t.request && !looksLikeRequest(line[pos:]) {
		return -1
	}
	return len(line)
}

// scanValue returns where the value of t that begins at pos ends, told by its grammar alone, or -1. empty allows
// nothing where a number should be: nginx writes that for a variable not found, unless it writes "-".
func scanValue(t *step, line []byte, pos int, empty bool) int {
	rest := line[pos:]
	switch t.op {
	case opInt, opStatus, opDecimal:
		if n := scanNumber(t.op, rest); n > 0 || empty && n == 0 {
			return pos + n
		}
	case opTimeLocal:
		if len(rest) >= localTime {
			return pos + localTime
		}
	case opTimeISO:
		if n := isoLen(rest); n > 0 {
			return pos + n
		}
	case opSlash:
		return pos + scanHost(rest)
	case opMark:
		if len(rest) > 0 && rest[0] == '?' {
			return pos + 1
		}
		return pos
	case opList:
		return pos + scanList(t, rest)
	}
	return -1
}

// scanNumber returns the length of the number at the start of b; 0 for none, -1 for one of the wrong form.
func scanNumber(o op, b []byte) int {
	if len(b) > 0 && b[0] == '-' {
		return 1
	}
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	switch {
	case o == opStatus:
		if n > 3 {
			return 3 // an adjacent number begins
		}
		if n > 0 && n < 3 {
			return -1
		}
	case o == opDecimal && n > 0 && n+1 < len(b) && b[n] == '.' && isDigit(b[n+1]):
		for n++; n < len(b) && isDigit(b[n]); n++ {
		}
	}
	return n
}

// scanHost returns the length of the host before a target: up to its '/', or to the "*" or "-" that stands for it at
// the end of the word.
func scanHost(b []byte) int {
	n := 0
	for n < len(b) && b[n] != '/' && b[n] != ' ' && b[n] != '"' {
		n++
	}
	if n > 0 && (n == len(b) || b[n] != '/') && (b[n-1] == '-' || b[n-1] == '*') {
		n--
	}
	return n
}

// scanList returns the length of the list at the start of b. A blank after a comma, or around a colon, does not end
// it. At the end of a line, numbers joined by blanks alone are taken too: some tools write two times that way.
func scanList(t *step, b []byte) int {
	n := 0
	for {
		i := bytes.IndexByte(b[n:], ' ')
		if i < 0 {
			return len(b)
		}
		n += i
		switch {
		case n > 0 && b[n-1] == ',':
			n++
		case string(b[n:min(n+3, len(b))]) == " : ":
			n += 3
		case t.literal == "" && isNumbers(b[n:]):
			return len(b)
		default:
			return n
		}
	}
}

func isNumbers(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) && c != '.' && c != '-' && c != ' ' && c != ',' {
			return false
		}
	}
	return true
}
