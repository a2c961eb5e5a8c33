package wire

import (
	"bytes"
	"strconv"
	"sync/atomic"
	"time"

	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire/auth"
	"ngxreplay/replay/wire/body"
)

// A Format says how the requests of a trace are written for one target. It is for one goroutine at a time.
type Format struct {
	// Host is sent where the log holds no host, or for every request when OverrideHost is set.
	Host         string
	OverrideHost bool
	// Header lines are added to every request, and replace logged ones of the same name.
	Header []Header
	// Rewrites change the request target, each what the one before it left.
	Rewrites []Rewrite
	// DropCookies leaves out the logged Cookie header.
	DropCookies bool
	// Auth, when set, gives every request an Authorization, instead of a logged one.
	Auth *auth.Credential
	// Traces, when not 0, gives every request a traceparent, instead of logged ones.
	Traces TraceSeed
	// Revalidate makes requests that production answered with 304 conditional.
	Revalidate bool
	// Bodies are for requests whose body the log does not hold; Seed is that of their draws.
	Bodies *body.Rules
	Seed   uint64
	// Made, when set, counts the bodies that were made.
	Made *Made
	// HTTP2 says that the requests leave over HTTP/2, where calls of gRPC are what their servers read.
	HTTP2 bool
	// Expect, when set, is the name of the header that tells a built-in target what production answered.
	Expect string
	// Authorization is sent with paths under /api, which built-in targets protect. Empty sends none.
	Authorization string
}

// A Header is a header line. The name is sent as it is spelled here.
type Header struct{ Name, Value string }

// A Sending is one of the times that a request of a trace is sent.
type Sending struct {
	N      uint64    // the request's number in the replay, from 0
	Client uint64    // who sends it
	Due    time.Time // when it is expected to leave; only fresh tokens need it
}

// Made counts the bodies that the log does not hold. It may be read while requests are written.
type Made struct {
	ByRule    atomic.Int64
	Filled    atomic.Int64 // filler of the logged size
	Shortened atomic.Int64 // of these: cut to body.Largest
	Failed    atomic.Int64 // a template could not be rendered; filler stands for it
	Calls     atomic.Int64 // requests for calls of gRPC, whatever they are sent with
}

// Append appends the bytes of r. Bytes that would end a line or a string early (CR, LF, NUL) do not pass: parse
// refuses such targets, but a trace may come from anywhere.
func (f *Format) Append(dst []byte, r *trace.Request, s Sending) []byte {
	start := len(dst)
	target := f.target(r)
	content, ruled := f.content(r, s)
	dst = appendClean(dst, r.Method)
	dst = append(dst, ' ')
	dst = appendClean(dst, target)
	dst = append(dst, ' ')
	if bytes.Equal(r.Protocol, []byte("HTTP/1.0")) {
		dst = append(dst, "HTTP/1.0\r\n"...)
	} else {
		dst = append(dst, "HTTP/1.1\r\n"...)
	}
	dst, typed := f.appendLogged(dst, r, ruled)
	for _, h := range f.Header {
		dst = appendHeader(dst, h.Name, h.Value)
	}
	dst = f.appendIdentity(dst, target, s)
	if f.Revalidate {
		dst = appendCondition(dst, r)
	}
	dst = f.appendExpectation(dst, r)
	if ruled && !replaces(f.Header, contentType) {
		dst = appendHeader(dst, "Content-Type", content.Type)
	}
	if isGRPC(r) {
		f.count(func(m *Made) { m.Calls.Add(1) })
		if f.HTTP2 {
			dst = appendCall(dst, typed || ruled)
			if !ruled && len(content.Bytes) == 0 {
				return f.appendMessage(dst, start, r)
			}
		}
	}
	if !ruled && len(content.Bytes) == 0 {
		return f.appendFiller(dst, start, r, typed)
	}
	dst = appendLength(dst, int64(len(content.Bytes)))
	return append(dst, content.Bytes...)
}

// The names of headers that this package asks for.
const (
	contentType   = "content-type"
	contentLength = "content-length"
)

// content is the body that the log holds, or the one of a rule.
func (f *Format) content(r *trace.Request, s Sending) (content body.Body, ruled bool) {
	if len(r.Body) > 0 {
		return body.Body{Bytes: r.Body}, false
	}
	content, ruled, err := f.Bodies.Render(r, f.Seed, s.N, s.Client)
	if err != nil {
		f.count(func(m *Made) { m.Failed.Add(1) })
		return body.Body{}, false
	}
	if ruled {
		f.count(func(m *Made) { m.ByRule.Add(1) })
	}
	return content, ruled
}

func (f *Format) count(add func(*Made)) {
	if f.Made != nil {
		add(f.Made)
	}
}

// appendLogged appends the headers that the log holds, as far as nothing replaces them. typed reports whether the
// request has a Content-Type, logged or added.
func (f *Format) appendLogged(dst []byte, r *trace.Request, ruled bool) (out []byte, typed bool) {
	switch {
	case replaces(f.Header, "host"):
	case f.OverrideHost || len(r.Host) == 0:
		dst = appendHeader(dst, "Host", f.Host)
	default:
		dst = appendHeader(dst, "Host", r.Host)
	}
	if r.UserAgent != nil && !replaces(f.Header, "user-agent") {
		dst = appendHeader(dst, "User-Agent", r.UserAgent)
	}
	if r.Referer != nil && !replaces(f.Header, "referer") {
		dst = appendHeader(dst, "Referer", r.Referer)
	}
	typed = replaces(f.Header, contentType)
	for _, h := range r.Headers {
		isType := isNamed(h.Name, contentType)
		if !f.keeps(h.Name) || isType && ruled {
			continue
		}
		typed = typed || isType
		dst = append(dst, h.Name...)
		dst = append(dst, ": "...)
		dst = appendClean(dst, h.Value)
		dst = append(dst, "\r\n"...)
	}
	return dst, typed
}

// keeps reports whether a logged header of that name is sent.
func (f *Format) keeps(name []byte) bool {
	switch {
	case !IsSendable(name), replaces(f.Header, name):
	case f.DropCookies && isNamed(name, "cookie"):
	case f.Auth != nil && isNamed(name, "authorization"):
	case f.Traces != 0 && (isNamed(name, "traceparent") || isNamed(name, "tracestate")):
	default:
		return true
	}
	return false
}

// appendIdentity appends who the sender says it is, and under which number.
func (f *Format) appendIdentity(dst, target []byte, s Sending) []byte {
	switch {
	case replaces(f.Header, "authorization"):
	case f.Authorization != "" && isProtected(target):
		dst = appendHeader(dst, "Authorization", f.Authorization)
	case f.Auth != nil:
		dst = append(dst, "Authorization: "...)
		dst = f.Auth.Append(dst, s.Client, s.Due)
		dst = append(dst, "\r\n"...)
	}
	if f.Traces != 0 {
		dst = append(dst, "traceparent: "...)
		dst = f.Traces.appendParent(dst, s.N)
		dst = append(dst, "\r\n"...)
	}
	return dst
}

// appendCondition asks for what the client has already, where production found that it was still good. The log does
// not hold the validator, and the target's would be others: * stands for whichever the resource has.
func appendCondition(dst []byte, r *trace.Request) []byte {
	if r.Status != 304 || string(r.Method) != "GET" && string(r.Method) != "HEAD" {
		return dst
	}
	for _, h := range r.Headers {
		if isNamed(h.Name, "if-none-match") || isNamed(h.Name, "if-modified-since") {
			return dst
		}
	}
	return append(dst, "If-None-Match: *\r\n"...)
}

// appendExpectation appends what only a built-in target gets.
func (f *Format) appendExpectation(dst []byte, r *trace.Request) []byte {
	if f.Expect == "" {
		return dst
	}
	dst = append(dst, f.Expect...)
	dst = append(dst, ": "...)
	dst = strconv.AppendInt(dst, int64(r.Status), 10)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, max(r.BodyBytes, 0), 10)
	return append(dst, "\r\n"...)
}

// appendFiller ends a request whose body nobody knows, with filler that makes it as long as the logged one was.
func (f *Format) appendFiller(dst []byte, start int, r *trace.Request, typed bool) []byte {
	if !body.Expected(r.Method) {
		return append(dst, "\r\n"...)
	}
	const typeLine = "Content-Type: application/octet-stream\r\n"
	head := int64(len(dst) - start)
	if !typed {
		head += int64(len(typeLine))
	}
	size := fillerSize(r, head)
	if size == 0 {
		return appendLength(dst, 0)
	}
	size = f.fill(size)
	if !typed {
		dst = append(dst, typeLine...)
	}
	return body.AppendFiller(appendLength(dst, size), size)
}

// fill counts a body of filler, and returns how much of its size it gets.
func (f *Format) fill(size int64) int64 {
	f.count(func(m *Made) { m.Filled.Add(1) })
	if size > body.Largest {
		size = body.Largest
		f.count(func(m *Made) { m.Shortened.Add(1) })
	}
	return size
}

// fillerSize is how long the body of r was: as its Content-Length says, if that was logged, or what $request_length
// leaves beside a head of that many bytes and the lines that end it.
func fillerSize(r *trace.Request, head int64) int64 {
	if r.Body != nil { // logged as empty
		return 0
	}
	for _, h := range r.Headers {
		if isNamed(h.Name, contentLength) {
			if size, err := strconv.ParseInt(string(h.Value), 10, 64); err == nil {
				return max(size, 0)
			}
		}
	}
	size := r.RequestLength - head - int64(len("Content-Length: \r\n\r\n"))
	for digits, power := int64(1), int64(10); size > 0; digits, power = digits+1, power*10 {
		if size-digits < power || digits == 18 {
			return max(size-digits, 0)
		}
	}
	return 0
}

// appendLength appends Content-Length and the end of the head.
func appendLength(dst []byte, n int64) []byte {
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, "\r\n\r\n"...)
}

// isProtected reports whether the built-in targets ask for a token: anything that one of their routers could take
// for a path under /api.
func isProtected(target []byte) bool { return bytes.Contains(target, []byte("api")) }
