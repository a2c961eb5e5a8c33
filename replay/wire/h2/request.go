package h2

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

var errRequest = errors.New("not a request in the form of HTTP/1.1: a bug of ngxreplay, please report it")

// newRequest reads a request as [wire.Format] writes it. Its body borrows b.
func newRequest(b []byte, scheme string) (*http.Request, error) {
	head, body, found := bytes.Cut(b, []byte("\r\n\r\n"))
	first, rest, _ := strings.Cut(string(head), "\r\n")
	method, first, ok := strings.Cut(first, " ")
	end := strings.LastIndexByte(first, ' ')
	if !found || !ok || end < 0 {
		return nil, errRequest
	}
	r := &http.Request{Method: method, ProtoMajor: 2, Header: http.Header{}}
	agent := false
	for line := range strings.SplitSeq(rest, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch lower := strings.ToLower(name); lower {
		case "":
		case "host":
			r.Host = value
		case "content-length": // that of the body is sent
		default:
			r.Header[name] = append(r.Header[name], value)
			agent = agent || lower == "user-agent"
		}
	}
	if !agent {
		r.Header["User-Agent"] = nil // or it would send its own
	}
	r.URL = newURL(scheme, r.Host, first[:end])
	if len(body) > 0 {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	return r, nil
}

// newURL is the URL that net/http makes the same bytes of as the path of HTTP/2. What names a server in an absolute
// target is left out: the log does not say where we connect, and HTTP/2 has no such form.
func newURL(scheme, host, target string) *url.URL {
	if scheme, rest, absolute := strings.Cut(target, "://"); absolute && !strings.ContainsAny(scheme, "/?#") {
		target = "/"
		if i := strings.IndexAny(rest, "/?"); i >= 0 {
			target = "/" + strings.TrimPrefix(rest[i:], "/")
		}
	}
	if strings.HasPrefix(target, "//") { // which URL would take for a host
		target = scheme + "://" + host + target
	}
	return &url.URL{Scheme: scheme, Host: host, Opaque: target}
}
