package report

import (
	"regexp"
	"slices"
	"strings"

	"ngxreplay/replay/wire"
)

// masked stands for a secret.
const masked = "***"

var (
	secretQuery = regexp.MustCompile(`(?i)([?&;](?:[^=&;\s"]*(?:token|secret|passw|pwd|api[-_]?key|session|sig|auth|credential|jwt)[^=&;\s"]*|key|code)=)[^&;\s"]+`)
	secretField = regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(["':\s=]+)[^"]+`)
	userinfo    = regexp.MustCompile(`://[^/@\s]+@`)
)

// Mask replaces what looks like a secret in a request target, a log line, a URL or an error text: the values of query
// parameters of such names, of Authorization and cookies, and user names in URLs.
func Mask(text string) string {
	text = secretQuery.ReplaceAllString(text, "${1}"+masked)
	text = secretField.ReplaceAllString(text, "${1}${2}"+masked)
	return userinfo.ReplaceAllString(text, "://"+masked+"@")
}

// open are the headers whose values are no secrets. Any other that a user adds may carry one.
var open = []string{"accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "content-type", "from",
	"if-modified-since", "if-none-match", "origin", "pragma", "range", "referer", "user-agent", "x-forwarded-for",
	"x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-requested-with"}

// schemes are those of Authorization whose name says nothing secret.
var schemes = []string{"basic", "bearer", "digest", "negotiate"}

// MaskHeader replaces the value of a header that may carry credentials.
func MaskHeader(h wire.Header) wire.Header {
	if slices.Contains(open, strings.ToLower(h.Name)) {
		return h
	}
	if scheme, _, found := strings.Cut(h.Value, " "); found && slices.Contains(schemes, strings.ToLower(scheme)) {
		return wire.Header{Name: h.Name, Value: scheme + " " + masked}
	}
	return wire.Header{Name: h.Name, Value: masked}
}
