package parse

import (
	"fmt"
	"strings"
)

// appendEscapedAs writes a value as nginx does (ngx_http_log_escape and ngx_escape_json).
func appendEscapedAs(dst, b []byte, escape Escape) []byte {
	for _, c := range b {
		switch {
		case escape == EscapeDefault && (c == '"' || c == '\\' || c < ' ' || c > '~'):
			dst = fmt.Appendf(dst, `\x%02X`, c)
		case escape == EscapeJSON && (c == '"' || c == '\\'):
			dst = append(dst, '\\', c)
		case escape == EscapeJSON && c < ' ':
			dst = append(dst, jsonControl(c)...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func jsonControl(c byte) string {
	switch c {
	case '\b':
		return `\b`
	case '\f':
		return `\f`
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	return fmt.Sprintf(`\u%04X`, c)
}

// renderLine writes a line as nginx does: text is the log_format string, and a variable that values does not hold is
// one that nginx has not found.
func renderLine(text string, escape Escape, values map[string]string) []byte {
	prefix, names, literals, err := splitVariables(text)
	if err != nil {
		panic(err)
	}
	line := []byte(prefix)
	for i, name := range names {
		for part := range strings.SplitSeq(name, "$") {
			value, ok := values[part]
			switch {
			case ok:
				line = appendEscapedAs(line, []byte(value), escape)
			case escape == EscapeDefault && part != "is_args":
				line = append(line, '-')
			}
		}
		line = append(line, literals[i]...)
	}
	return line
}
