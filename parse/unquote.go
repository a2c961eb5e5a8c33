package parse

import (
	"errors"
	"fmt"
	"strings"
)

// unquoteFormat brings what users paste to one form: the string that nginx has in memory. That is the string itself,
// with \t and the like as they are written in nginx.conf; or strings in single quotes, joined; or the directive.
func unquoteFormat(s string, escape Escape) (string, Escape, error) {
	trimmed := strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(trimmed, "log_format"); ok && rest != "" && isBlank(rest[0]) {
		return unquoteDirective(rest, escape)
	}
	if strings.HasPrefix(trimmed, "'") {
		text, rest, err := joinStrings(trimmed)
		if err == nil && (rest == "" || rest == ";") {
			return text, escape, nil
		}
	}
	return unescapeConf(s), escape, nil
}

// unquoteDirective reads what follows "log_format": a name, perhaps escape=..., strings and a semicolon.
func unquoteDirective(s string, escape Escape) (string, Escape, error) {
	words := strings.Fields(s)
	if len(words) < 2 {
		return "", 0, errors.New("log_format needs a name and a string")
	}
	s = strings.TrimLeft(s, " \t\r\n")[len(words[0]):]
	if word, ok := strings.CutPrefix(words[1], "escape="); ok {
		var err error
		if escape, err = ParseEscape(strings.Trim(word, `'"`)); err != nil {
			return "", 0, err
		}
		s = strings.TrimLeft(s, " \t\r\n")[len(words[1]):]
	}
	text, rest, err := joinStrings(s)
	if err == nil && rest != "" && rest != ";" {
		err = fmt.Errorf("%q follows the strings of log_format", cutText(rest))
	}
	return text, escape, err
}

// joinStrings joins quoted strings, as nginx joins the arguments of log_format. rest is what follows them.
func joinStrings(s string) (text, rest string, err error) {
	var b strings.Builder
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" || s[0] != '\'' && s[0] != '"' {
			return b.String(), s, nil
		}
		end := 1
		for end < len(s) && s[end] != s[0] {
			if s[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(s) {
			return "", "", fmt.Errorf("no closing %c after %q", s[0], cutText(s))
		}
		b.WriteString(unescapeConf(s[1:end]))
		s = s[end+1:]
	}
}

// unescapeConf undoes the escapes of nginx.conf; other backslashes stand for themselves.
func unescapeConf(s string) string { return confUnquoter.Replace(s) }

var confUnquoter = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\'`, `'`, `\t`, "\t", `\r`, "\r", `\n`, "\n")

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
