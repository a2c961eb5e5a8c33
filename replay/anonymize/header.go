package anonymize

import (
	"bytes"
	"encoding/base64"
	"strings"

	"ngxreplay/replay/secret"
)

// headerRule is the rule for the values of a header. What is not known to be open is taken for a secret.
func headerRule(name string) rule {
	name = strings.ToLower(name)
	switch {
	case name == "cookie" || name == "set-cookie":
		return (*Anonymizer).cookies
	case isURLHeader(name):
		return (*Anonymizer).url
	case isAddressHeader(name):
		return (*Anonymizer).nodes
	case isPlainHeader(name):
		return (*Anonymizer).keep
	case secret.OpenHeader(name):
		return (*Anonymizer).text
	}
	return (*Anonymizer).credential
}

func isURLHeader(name string) bool {
	switch name {
	case "referer", "origin", "x-original-url", "x-original-uri", "x-rewrite-url", "x-forwarded-uri", "x-http-destinationurl":
		return true
	}
	return false
}

// isAddressHeader reports whether a header holds addresses of clients: X-Forwarded-For, X-Real-IP, CF-Connecting-IP, ...
func isAddressHeader(name string) bool {
	return name == "forwarded" || strings.HasSuffix(name, "forwarded-for") || strings.HasSuffix(name, "-ip") ||
		strings.HasSuffix(name, "-ipv6") || strings.HasSuffix(name, "remote-addr") || strings.HasSuffix(name, "client-addr")
}

// isPlainHeader reports whether a header says something of a message or a program, and nothing of a person.
func isPlainHeader(name string) bool {
	switch name {
	case "dnt", "upgrade-insecure-requests", "priority", "content-type", "content-length", "content-encoding", "content-language",
		"transfer-encoding", "te", "connection", "upgrade", "expect", "range", "pragma", "cache-control", "save-data",
		"x-requested-with", "x-forwarded-proto", "x-forwarded-port", "x-http-method-override":
		return true
	}
	return strings.HasPrefix(name, "accept") || strings.HasPrefix(name, "sec-fetch-") || strings.HasPrefix(name, "sec-ch-ua") ||
		strings.HasPrefix(name, "if-")
}

// cookies keeps the names of cookies and replaces their values.
func (a *Anonymizer) cookies(value []byte) {
	for more := true; more; {
		var pair []byte
		pair, value, more = bytes.Cut(value, []byte{';'})
		trimmed := bytes.TrimLeft(pair, " \t")
		a.keep(pair[:len(pair)-len(trimmed)])
		if name, content, found := bytes.Cut(trimmed, []byte{'='}); found {
			a.keep(name)
			a.out = append(a.out, '=')
			trimmed = content
		}
		a.opaque(trimmed)
		if more {
			a.out = append(a.out, ';')
		}
	}
}

// credential replaces a secret and keeps its scheme: "Bearer ...".
func (a *Anonymizer) credential(value []byte) {
	scheme := secret.Scheme(string(value))
	if scheme == "" {
		a.opaque(value)
		return
	}
	a.out = append(a.out, scheme...)
	a.out = append(a.out, ' ')
	rest := bytes.TrimLeft(value[len(scheme):], " ")
	if !strings.EqualFold(scheme, "basic") {
		a.opaque(rest)
		return
	}
	start := len(a.out)
	a.hex(kindToken, rest, hexToken)
	a.out[start+hexToken/2] = ':' // a user and a password
	a.encodeFrom(start, base64.StdEncoding)
}

// nodes is the rule for lists of addresses: those of X-Forwarded-For, and the for and by of Forwarded.
func (a *Anonymizer) nodes(value []byte) {
	for len(value) > 0 {
		end := bytes.IndexAny(value, ",; \t\"")
		if end < 0 {
			end = len(value)
		}
		a.element(value[:end])
		if end < len(value) {
			a.out = append(a.out, value[end])
			end++
		}
		value = value[end:]
	}
}

// element is an address, or a name and a value: for=192.0.2.1.
func (a *Anonymizer) element(word []byte) {
	name, value, named := bytes.Cut(word, []byte{'='})
	if !named {
		a.node(word)
		return
	}
	a.keep(name)
	a.out = append(a.out, '=')
	if bytes.EqualFold(name, []byte("host")) || bytes.EqualFold(name, []byte("proto")) {
		a.keep(value)
		return
	}
	a.node(value)
}
