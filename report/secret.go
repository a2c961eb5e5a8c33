package report

import (
	"regexp"

	"ngxreplay/replay/secret"
	"ngxreplay/replay/wire"
)

// masked stands for a secret.
const masked = "***"

var (
	secrets     = secret.NewMatcher()
	secretField = regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(["':\s=]+)[^"]+`)
	userinfo    = regexp.MustCompile(`://[^/@\s]+@`)
)

// Mask replaces what looks like a secret in a request target, a log line, a URL or an error text: the values of query
// parameters of such names, of Authorization and cookies, and user names in URLs.
func Mask(text string) string {
	text = secrets.MaskParameters(text, masked)
	text = secretField.ReplaceAllString(text, "${1}${2}"+masked)
	return userinfo.ReplaceAllString(text, "://"+masked+"@")
}

// MaskHeader replaces the value of a header that may carry credentials.
func MaskHeader(h wire.Header) wire.Header {
	if secret.OpenHeader(h.Name) {
		return h
	}
	if scheme := secret.Scheme(h.Value); scheme != "" {
		return wire.Header{Name: h.Name, Value: scheme + " " + masked}
	}
	return wire.Header{Name: h.Name, Value: masked}
}
