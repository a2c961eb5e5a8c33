package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// printable writes what cannot be seen as an escape: control characters, which drive a terminal; bidirectional and
// other format characters, which make a text look like another; line separators; and bytes that are not UTF-8. What
// came from a log or a target passes through here on its way to a terminal or a page.
func printable(s string) string {
	clean := true
	for _, r := range s {
		if !strconv.IsPrint(r) || r == utf8.RuneError {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\n':
			b.WriteString(`\n`)
		case strconv.IsPrint(r):
			b.WriteRune(r)
		case r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		s = s[n:]
	}
	return b.String()
}

// printables is printable for a list.
func printables(texts []string) []string {
	clean := make([]string, len(texts))
	for i, text := range texts {
		clean[i] = printable(text)
	}
	return clean
}

// excerpt is printable, and cut to at most n runes.
func excerpt(s string, n int) string {
	if len(s) > 16*n { // do not escape a megabyte to throw it away
		s = s[:16*n]
	}
	s = printable(s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)
	return string(runes[:n-1]) + "…"
}
