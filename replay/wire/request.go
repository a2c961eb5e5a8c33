package wire

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"ngxreplay/replay/trace"
)

// A Format says how the requests of a trace are written for one target.
type Format struct {
	// Host is sent where the log holds no host, or for every request when OverrideHost is set.
	Host         string
	OverrideHost bool
	// Header lines are added to every request, and replace logged ones of the same name.
	Header []Header
	// Expect, when set, is the name of the header that tells a built-in target what production answered.
	Expect string
	// Authorization is sent with paths under /api, which built-in targets protect. Empty sends none.
	Authorization string
}

// A Header is a header line. The name is sent as it is spelled here.
type Header struct{ Name, Value string }

// Append appends the bytes of r. Bytes that would end a line or a string early (CR, LF, NUL) do not pass: parse
// refuses such targets, but a trace may come from anywhere.
func (f *Format) Append(dst []byte, r *trace.Request) []byte {
	dst = appendClean(dst, r.Method)
	dst = append(dst, ' ')
	dst = appendClean(dst, r.Target)
	dst = append(dst, ' ')
	if bytes.Equal(r.Protocol, []byte("HTTP/1.0")) {
		dst = append(dst, "HTTP/1.0\r\n"...)
	} else {
		dst = append(dst, "HTTP/1.1\r\n"...)
	}
	switch {
	case f.replaces("host"):
	case f.OverrideHost || len(r.Host) == 0:
		dst = appendHeader(dst, "Host", []byte(f.Host))
	default:
		dst = appendHeader(dst, "Host", r.Host)
	}
	if r.UserAgent != nil && !f.replaces("user-agent") {
		dst = appendHeader(dst, "User-Agent", r.UserAgent)
	}
	if r.Referer != nil && !f.replaces("referer") {
		dst = appendHeader(dst, "Referer", r.Referer)
	}
	for _, h := range r.Headers {
		if IsSendable(string(h.Name)) && !f.replaces(string(h.Name)) {
			dst = appendHeader(dst, string(h.Name), h.Value)
		}
	}
	for _, h := range f.Header {
		dst = appendHeader(dst, h.Name, []byte(h.Value))
	}
	dst = f.appendTargetHeaders(dst, r)
	if len(r.Body) > 0 || hasBody(r.Method) {
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, int64(len(r.Body)), 10)
		dst = append(dst, "\r\n"...)
	}
	dst = append(dst, "\r\n"...)
	return append(dst, r.Body...)
}

// appendTargetHeaders appends what only a built-in target gets.
func (f *Format) appendTargetHeaders(dst []byte, r *trace.Request) []byte {
	if f.Authorization != "" && isProtected(r.Target) && !f.replaces("authorization") {
		dst = appendHeader(dst, "Authorization", []byte(f.Authorization))
	}
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

// isProtected reports whether the built-in targets ask for a token: anything that one of their routers could take
// for a path under /api.
func isProtected(target []byte) bool { return bytes.Contains(target, []byte("api")) }

func (f *Format) replaces(name string) bool {
	return slices.ContainsFunc(f.Header, func(h Header) bool { return strings.EqualFold(h.Name, name) })
}

// hasBody reports whether a request of that method announces a body even when it is empty.
func hasBody(method []byte) bool {
	switch string(method) {
	case "POST", "PUT", "PATCH":
		return true
	}
	return false
}

// unsendable are the headers that frame the message or belong to the recorded connection, and would contradict what
// we send, and those that have fields of their own.
var unsendable = []string{"host", "user-agent", "referer", "content-length", "transfer-encoding", "connection", "keep-alive",
	"proxy-connection", "upgrade", "http2-settings", "expect", "te", "trailer"}

// IsSendable reports whether a logged header of that name can be sent again beside what [Format.Append] sends.
func IsSendable(name string) bool {
	for _, c := range []byte(name) {
		if c <= ' ' || c == ':' || c >= 0x7f {
			return false
		}
	}
	return name != "" && !slices.ContainsFunc(unsendable, func(u string) bool { return strings.EqualFold(u, name) })
}

func appendHeader(dst []byte, name string, value []byte) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = appendClean(dst, value)
	return append(dst, "\r\n"...)
}

// appendClean appends b with a space for each CR, LF and NUL.
func appendClean(dst, b []byte) []byte {
	start := len(dst)
	dst = append(dst, b...)
	for i := start; i < len(dst); i++ {
		if c := dst[i]; c == '\r' || c == '\n' || c == 0 {
			dst[i] = ' '
		}
	}
	return dst
}
