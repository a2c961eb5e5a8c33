package report

import (
	"regexp"
	"strings"

	"ngxreplay/replay/wire"
)

// masked stands for a secret.
const masked = "***"

var (
	secretQuery  = regexp.MustCompile(`(?i)([?&;][^=&;\s"]*(?:token|secret|passw|api[-_]?key|session|signature|auth|credential|jwt)[^=&;\s"]*=)[^&;\s"]+`)
	secretHeader = regexp.MustCompile(`(?i)authorization|cookie|token|secret|api-?key|password|session|credential`)
)

// Mask replaces the values of query parameters that look like secrets, in a request target or a log line.
func Mask(text string) string { return secretQuery.ReplaceAllString(text, "${1}"+masked) }

// MaskHeader replaces the value of a header that carries credentials.
func MaskHeader(h wire.Header) wire.Header {
	if !secretHeader.MatchString(h.Name) {
		return h
	}
	if scheme, _, found := strings.Cut(h.Value, " "); found && strings.EqualFold(h.Name, "authorization") {
		return wire.Header{Name: h.Name, Value: scheme + " " + masked}
	}
	return wire.Header{Name: h.Name, Value: masked}
}
