package parse

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// Escape is how nginx wrote the values of variables: the escape parameter of log_format.
type Escape uint8

const (
	// EscapeDefault writes '"', '\' and bytes outside 0x20 to 0x7e as \xXX, and "-" for a variable not found.
	EscapeDefault Escape = iota
	// EscapeJSON writes JSON string escapes, keeps bytes from 0x80 raw, and nothing for a variable not found.
	EscapeJSON
	// EscapeNone writes bytes as they are, and nothing for a variable not found.
	EscapeNone
)

// String returns the word that nginx uses for e.
func (e Escape) String() string {
	switch e {
	case EscapeDefault:
		return "default"
	case EscapeJSON:
		return "json"
	case EscapeNone:
		return "none"
	}
	return fmt.Sprintf("Escape(%d)", uint8(e))
}

// ParseEscape reads the word that nginx uses. "" is default, as in nginx.
func ParseEscape(s string) (Escape, error) {
	switch s {
	case "", "default":
		return EscapeDefault, nil
	case "json":
		return EscapeJSON, nil
	case "none":
		return EscapeNone, nil
	}
	return 0, fmt.Errorf("unknown escape %q: want default, json or none", s)
}

// appendDecoded appends src to dst with its escapes undone. What is no escape is kept as it stands, so that nothing
// of a log is lost. nginx writes only \xXX; Apache also writes \" and \\ and the letters of C.
func appendDecoded(dst, src []byte, escape Escape) []byte {
	if escape == EscapeNone {
		return append(dst, src...)
	}
	for {
		i := bytes.IndexByte(src, '\\')
		if i < 0 || i+1 == len(src) {
			return append(dst, src...)
		}
		dst = append(dst, src[:i]...)
		src = src[i:]
		n := 0
		if escape == EscapeJSON && src[1] == 'u' {
			dst, n = appendUnicode(dst, src)
		} else {
			dst, n = appendEscaped(dst, src)
		}
		src = src[n:]
	}
}

// appendEscaped decodes the escape at the start of src, which holds at least two bytes, and returns its length.
func appendEscaped(dst, src []byte) ([]byte, int) {
	c := src[1]
	switch c {
	case 'x':
		if len(src) >= 4 && unhex[src[2]] < 16 && unhex[src[3]] < 16 {
			return append(dst, unhex[src[2]]<<4|unhex[src[3]]), 4
		}
	case '"', '\\', '/':
		return append(dst, c), 2
	case 'n':
		return append(dst, '\n'), 2
	case 'r':
		return append(dst, '\r'), 2
	case 't':
		return append(dst, '\t'), 2
	case 'b':
		return append(dst, '\b'), 2
	case 'f':
		return append(dst, '\f'), 2
	case 'v':
		return append(dst, '\v'), 2
	}
	return append(dst, '\\'), 1
}

// appendUnicode decodes \uXXXX, or two of them that make a surrogate pair, as UTF-8.
func appendUnicode(dst, src []byte) ([]byte, int) {
	r, ok := hex4(src)
	if !ok {
		return append(dst, '\\'), 1
	}
	if utf16.IsSurrogate(r) {
		if low, ok := hex4(src[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return utf8.AppendRune(dst, pair), 12
			}
		}
	}
	return utf8.AppendRune(dst, r), 6 // a lone surrogate becomes U+FFFD
}

// hex4 reads \uXXXX.
func hex4(src []byte) (rune, bool) {
	if len(src) < 6 || src[0] != '\\' || src[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range src[2:6] {
		if unhex[c] > 15 {
			return 0, false
		}
		r = r<<4 | rune(unhex[c])
	}
	return r, true
}

// unhex holds the value of each hexadecimal digit, and 255 for other bytes.
var unhex = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i := range byte(10) {
		t['0'+i] = i
	}
	for i := range byte(6) {
		t['a'+i], t['A'+i] = 10+i, 10+i
	}
	return t
}()
