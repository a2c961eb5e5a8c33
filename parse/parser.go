package parse

import (
	"bytes"
	"time"
)

// A Parser reads lines of one format. It owns the scratch memory that the entries borrow from, so each goroutine
// needs its own; the format is shared.
type Parser struct {
	format  *Format
	scan    scanner
	clock   clock
	text    []byte // decoded values of this line
	headers []Header
	cookies []Header
	values  []byte // that gonx found
	keep    bool   // text and headers are of several lines, whose entries are all in use
}

// NewParser returns a parser of the format, for one goroutine.
func (f *Format) NewParser() *Parser {
	steps := len(f.pattern.steps)
	for i := range f.keys {
		steps = max(steps, len(f.keys[i].pattern.steps))
	}
	return &Parser{format: f, scan: scanner{
		escape: f.escape,
		spans:  make([]span, f.spans),
		failed: make([]span, steps),
	}}
}

// Parse reads one line with a parser of its own; loops use [Format.NewParser], whose memory is kept.
func (f *Format) Parse(line []byte, e *Entry) error { return f.NewParser().Parse(line, e) }

// Parse fills e from the line, which has no line feed. What e holds is borrowed from the line and from p until the
// next call. The error is a *[LineError], and e then holds nothing useful.
func (p *Parser) Parse(line []byte, e *Entry) error {
	if p.parse(line, e) {
		return nil
	}
	return p.scan.miss.lineError(line)
}

// parse is Parse with the reason left in p.scan.miss, for those who do not need its words.
func (p *Parser) parse(line []byte, e *Entry) bool {
	s := &p.scan
	s.miss.kind = missNone
	s.escaped = s.escape != EscapeNone && bytes.IndexByte(line, '\\') >= 0
	ok := false
	if p.format.gonx != nil {
		return p.throughGonx(line, e)
	}
	switch p.format.shape {
	case shapeJSON:
		ok = p.object(line)
	case shapeLTSV:
		ok = p.labels(line)
	default:
		ok = s.match(&p.format.pattern, line, 0)
	}
	return ok && p.fill(line, e)
}

// fill converts the spans found in the line to the fields of e.
func (p *Parser) fill(line []byte, e *Entry) bool {
	*e = Entry{
		RequestTime: Absent, UpstreamTime: Absent,
		BodyBytes: Absent, BytesSent: Absent, RequestLength: Absent,
		Connection: Absent, ConnectionRequests: Absent,
	}
	if !p.keep {
		p.forget()
	}
	p.cookies = p.cookies[:0]
	before := len(p.headers)
	var path, args []byte
	fills := p.format.fills
	for i := range fills {
		f := &fills[i]
		at := p.scan.spans[f.span]
		if at.start < 0 {
			continue
		}
		raw := line[at.start:at.end]
		ok := true
		switch f.field {
		case fieldTimeLocal, fieldTimeISO, fieldMsec:
			ok = p.time(f, raw, at.start, e)
		case fieldStatus, fieldBodyBytes, fieldBytesSent, fieldRequestLength, fieldRequestTime, fieldUpstreamTime,
			fieldConnection, fieldConnectionRequests:
			ok = p.number(f, raw, at.start, e)
		case fieldPath:
			path = p.value(raw)
		case fieldPathArgs:
			path, args, _ = bytes.Cut(p.value(raw), []byte{'?'})
		case fieldArgs:
			args = p.value(raw)
		case fieldHeader, fieldCookie:
			p.header(f, raw)
		default:
			if len(raw) <= 1 || p.scan.escaped { // else it stands for itself
				if raw = p.value(raw); raw == nil {
					continue
				}
			}
			*e.slot(f.field) = raw
		}
		if !ok {
			return false
		}
	}
	p.setHeaders(e, before)
	if p.format.precision != 0 && e.Precision == 0 {
		p.scan.note(len(line), missKey, "time", 0)
		return false
	}
	return p.request(line, path, args, e)
}

// value decodes a text. A variable not found is nil: "-" when nginx escapes in its default way, nothing otherwise.
func (p *Parser) value(raw []byte) []byte {
	if p.scan.escape == EscapeDefault {
		if len(raw) == 1 && raw[0] == '-' {
			return nil
		}
	} else if len(raw) == 0 {
		return nil
	}
	if !p.scan.escaped || bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	start := len(p.text)
	p.text = appendDecoded(p.text, raw, p.scan.escape)
	return p.text[start:len(p.text):len(p.text)]
}

// header keeps a header or a cookie that the client sent.
func (p *Parser) header(f *fill, raw []byte) {
	v := p.value(raw)
	switch {
	case v == nil:
	case f.field == fieldCookie:
		p.cookies = append(p.cookies, Header{f.header, v})
	default:
		p.headers = append(p.headers, Header{f.header, v})
	}
}

// setHeaders gives the entry its headers, which begin at before, and one more for the cookies that were logged one by
// one.
func (p *Parser) setHeaders(e *Entry, before int) {
	whole := false
	for _, h := range p.headers[before:] {
		whole = whole || string(h.Name) == "cookie"
	}
	if len(p.cookies) > 0 && !whole {
		start := len(p.text)
		for i, c := range p.cookies {
			if i > 0 {
				p.text = append(p.text, "; "...)
			}
			p.text = append(append(append(p.text, c.Name...), '='), c.Value...)
		}
		p.headers = append(p.headers, Header{cookieName, p.text[start:len(p.text):len(p.text)]})
	}
	if len(p.headers) > before {
		e.Headers = p.headers[before:len(p.headers):len(p.headers)]
	}
}

// forget frees what entries have borrowed.
func (p *Parser) forget() {
	p.text, p.headers, p.values = p.text[:0], p.headers[:0], p.values[:0]
}

// cookieName is never written to.
var cookieName = []byte("cookie")

// isAbsent reports how nginx writes a number that it has not.
func isAbsent(raw []byte) bool { return len(raw) == 0 || len(raw) == 1 && raw[0] == '-' }

// time sets the entry's time, unless a finer variable already did.
func (p *Parser) time(f *fill, raw []byte, pos int, e *Entry) bool {
	if e.Precision != 0 || isAbsent(raw) {
		return true
	}
	ok := false
	switch {
	case p.format.shape == shapeText && f.field == fieldTimeLocal, len(raw) == localTime && raw[2] == '/':
		e.Time, ok = p.clock.local(raw)
		e.Precision = time.Second
	default:
		if bytes.IndexByte(raw, '\\') >= 0 { // JSON may write "\/"
			raw = p.value(raw)
		}
		e.Time, e.Precision, ok = p.clock.any(raw)
	}
	if !ok {
		p.scan.note(pos, missTime, f.name, 0)
	}
	return ok
}

// number sets one of the entry's numbers.
func (p *Parser) number(f *fill, raw []byte, pos int, e *Entry) bool {
	if isAbsent(raw) {
		return true
	}
	n, ok := int64(0), false
	switch f.field {
	case fieldRequestTime:
		n, _, ok = parseSeconds(raw)
		e.RequestTime = time.Duration(n)
	case fieldUpstreamTime:
		n, ok = parseSecondsList(raw)
		e.UpstreamTime, e.UpstreamTimes = time.Duration(n), raw
	case fieldStatus:
		n, ok = parseInt(raw)
		ok = ok && n <= 999
		e.Status = int(n)
	default:
		n, ok = parseInt(raw)
		switch f.field {
		case fieldBodyBytes:
			e.BodyBytes = n
		case fieldBytesSent:
			e.BytesSent = n
		case fieldRequestLength:
			e.RequestLength = n
		case fieldConnection:
			e.Connection = n
		case fieldConnectionRequests:
			e.ConnectionRequests = n
		}
	}
	if !ok {
		p.scan.note(pos, missNumber, f.name, 0)
	}
	return ok
}

// request completes the entry's request from the request line, or from its parts.
func (p *Parser) request(line, path, args []byte, e *Entry) bool {
	if e.Request != nil || !p.hasParts() {
		if e.Request == nil && p.format.shape != shapeText && p.absent(fieldRequest) {
			p.scan.note(len(line), missKey, "request", 0)
			return false
		}
		e.Method, e.Target, e.Protocol, e.Unreplayable = splitRequest(e.Request)
		if e.Request == nil && p.scan.escape != EscapeDefault {
			e.Unreplayable = Empty // how nginx writes a request line it has not read, without "-"
		}
		return true
	}
	if e.Target == nil && path != nil {
		start := len(p.text)
		p.text = appendPath(p.text, path)
		if len(args) > 0 {
			p.text = append(append(p.text, '?'), args...)
		}
		e.Target = p.text[start:len(p.text):len(p.text)]
	}
	if p.format.shape != shapeText && p.absent(fieldMethod) && e.Target == nil {
		p.scan.note(len(line), missKey, "request", 0)
		return false
	}
	p.join(e)
	return true
}

// hasParts reports whether the request can also be put together from its method and target.
func (p *Parser) hasParts() bool {
	has := p.format.has
	return has.holds(fieldMethod) && (has.holds(fieldURI) || has.holds(fieldPath) || has.holds(fieldPathArgs))
}

// absent reports whether the line holds no variable that fills the field.
func (p *Parser) absent(want field) bool {
	for i := range p.format.fills {
		if f := &p.format.fills[i]; f.field == want && p.scan.spans[f.span].start >= 0 {
			return false
		}
	}
	return true
}

// join rebuilds the request line from its parts and judges it.
func (p *Parser) join(e *Entry) {
	switch {
	case e.Method == nil && e.Target == nil:
		e.Unreplayable = Dash
		if p.scan.escape != EscapeDefault {
			e.Unreplayable = Empty
		}
		return
	case !isToken(e.Method):
		e.Unreplayable = notRequest(e.Method)
		return
	case e.Protocol != nil && !isProtocol(e.Protocol):
		e.Unreplayable = notRequest(e.Protocol)
	default:
		e.Unreplayable = judge(e.Method, e.Target, e.Protocol)
	}
	start := len(p.text)
	p.text = append(append(append(p.text, e.Method...), ' '), e.Target...)
	if e.Protocol != nil {
		p.text = append(append(p.text, ' '), e.Protocol...)
	}
	e.Request = p.text[start:len(p.text):len(p.text)]
}
