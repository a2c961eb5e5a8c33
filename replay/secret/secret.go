// Package secret knows which parts of HTTP traffic are secrets: what reports mask and anonymized traces replace.
package secret

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// A Matcher finds secrets. It is immutable, and safe for concurrent use.
type Matcher struct {
	words  [][]byte // make a name that of a secret, wherever they stand in it
	names  []string // do so alone only
	inText *regexp.Regexp
}

// NewMatcher returns a Matcher of what is known of secrets.
func NewMatcher() *Matcher {
	words := []string{"token", "secret", "passw", "pwd", "apikey", "api-key", "api_key", "accesskey", "access-key", "access_key",
		"session", "sessid", "sig", "auth", "credential", "jwt", "otp", "csrf", "xsrf", "email", "e-mail"}
	m := &Matcher{names: []string{"key", "code", "pass", "pin", "sid", "nonce", "ticket"}}
	for _, word := range words {
		m.words = append(m.words, []byte(word))
	}
	m.inText = regexp.MustCompile(`(?i)([?&;](?:[^=&;\s"]*(?:` + strings.Join(words, "|") + `)[^=&;\s"]*|` + strings.Join(m.names, "|") + `)=)[^&;\s"]+`)
	return m
}

// Parameter reports whether the value of a query parameter, form field or the like of that name is a secret. The name
// is to be decoded.
func (m *Matcher) Parameter(name []byte) bool {
	var buffer [64]byte // so that no usual name is allocated
	lower := append(buffer[:0], name...)
	for i, c := range lower {
		if c >= 'A' && c <= 'Z' {
			lower[i] = c | 0x20
		}
	}
	for _, word := range m.words {
		if bytes.Contains(lower, word) {
			return true
		}
	}
	for _, whole := range m.names {
		if string(lower) == whole {
			return true
		}
	}
	return false
}

// MaskParameters replaces, in any text, the values of query parameters that are secrets.
func (m *Matcher) MaskParameters(text, mask string) string {
	return m.inText.ReplaceAllString(text, "${1}"+mask)
}

// OpenHeader reports whether the values of a header are no secrets. Any other header may carry one.
func OpenHeader(name string) bool {
	switch strings.ToLower(name) {
	case "accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "content-type", "from",
		"if-modified-since", "if-none-match", "origin", "pragma", "range", "referer", "user-agent", "x-forwarded-for",
		"x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-requested-with":
		return true
	}
	return false
}

// Scheme returns the scheme of the value of an Authorization header, as it is spelled there: "Bearer". It is empty when
// the value does not begin with a known one, and may be secret as a whole.
func Scheme(value string) string {
	scheme, _, found := strings.Cut(value, " ")
	if found && slices.Contains([]string{"basic", "bearer", "digest", "negotiate"}, strings.ToLower(scheme)) {
		return scheme
	}
	return ""
}
