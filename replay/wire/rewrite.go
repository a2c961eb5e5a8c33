package wire

import (
	"fmt"
	"regexp"
	"strings"

	"ngxreplay/replay/trace"
)

// A Rewrite replaces what an expression matches in request targets.
type Rewrite struct {
	from *regexp.Regexp
	to   []byte
}

// reference is what stands for a group in a replacement.
var reference = regexp.MustCompile(`\$(?:\$|\{(\w*)\}|(\w*))`)

// ParseRewrite reads REGEX=>REPLACEMENT, where $1 or ${name} in the replacement stands for a group. What it lets pass
// makes valid targets of valid ones: the replacement can add no byte that does not belong there.
func ParseRewrite(text string) (Rewrite, error) {
	from, to, found := strings.Cut(text, "=>")
	if !found || from == "" {
		return Rewrite{}, fmt.Errorf("rewrite %q: want 'REGEX=>REPLACEMENT', as '^/v1/=>/v2/'", text)
	}
	compiled, err := regexp.Compile(from)
	if err != nil {
		return Rewrite{}, fmt.Errorf("rewrite %q: %w", text, err)
	}
	for _, c := range []byte(to) {
		if c <= ' ' || c >= 0x7f || c == '#' {
			return Rewrite{}, fmt.Errorf("rewrite %q: the replacement holds %q: write it as %%%02X", text, c, c)
		}
	}
	for _, m := range reference.FindAllStringSubmatch(to, -1) {
		if m[0] == "$$" {
			continue
		}
		if name := m[1] + m[2]; !hasGroup(compiled, name) {
			return Rewrite{}, fmt.Errorf("rewrite %q: the expression has no group %q: write ${1} before letters and digits, and $$ for a dollar sign", text, name)
		}
	}
	return Rewrite{compiled, []byte(to)}, nil
}

func hasGroup(expr *regexp.Regexp, name string) bool {
	if expr.SubexpIndex(name) >= 0 {
		return true
	}
	for i := range expr.NumSubexp() + 1 {
		if name == fmt.Sprint(i) {
			return true
		}
	}
	return false
}

// target is the target of r as it is sent. A path that lost its first slash gets it back.
func (f *Format) target(r *trace.Request) []byte {
	target := r.Target
	for i := range f.Rewrites {
		w := &f.Rewrites[i]
		if !w.from.Match(target) { // allocates nothing, other than replacing
			continue
		}
		target = w.from.ReplaceAll(target, w.to)
		if len(target) == 0 || len(r.Target) > 0 && r.Target[0] == '/' && target[0] != '/' {
			target = append([]byte{'/'}, target...)
		}
	}
	return target
}
