package anonymize

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strings"
)

// maxDepth is how many URLs within URLs are looked into. What lies deeper is replaced as a whole.
const maxDepth = 6

// url is the rule for request targets, referers and what may be a URL or a part of one: user names, e-mail addresses,
// tokens and the values of secret parameters are replaced, wherever they stand and however they are encoded.
func (a *Anonymizer) url(value []byte) {
	value = a.authority(value)
	end := indexAny(value, "?#")
	a.segments(value[:end])
	for value = value[end:]; len(value) > 0; value = value[end:] {
		a.out = append(a.out, value[0])
		value = value[1:]
		end = indexAny(value, "&#;")
		if a.isSecretPair(value[:end]) {
			end = indexAny(value, "&#") // rather too much than half a secret
		}
		a.pair(value[:end])
	}
}

// authority appends scheme, user and host when value begins with them, and returns the rest.
func (a *Anonymizer) authority(value []byte) []byte {
	scheme := bytes.Index(value, []byte("://"))
	if scheme < 0 || scheme > indexAny(value, "/?#") {
		return value
	}
	a.keep(value[:scheme+3])
	value = value[scheme+3:]
	end := indexAny(value, "/?#")
	if at := bytes.LastIndexByte(value[:end], '@'); at >= 0 {
		user, password, found := bytes.Cut(value[:at], []byte{':'})
		a.opaque(user)
		if found {
			a.out = append(a.out, ':')
			a.opaque(password)
		}
		a.keep(value[at:end])
		return value[end:]
	}
	a.keep(value[:end])
	return value[end:]
}

// segments is the rule for a path, whose segments may hold parameters: /a;session=b/c.
func (a *Anonymizer) segments(path []byte) {
	for len(path) > 0 {
		end := indexAny(path, "/;&")
		a.pair(path[:end])
		if end < len(path) {
			a.out = append(a.out, path[end])
			end++
		}
		path = path[end:]
	}
}

// pair is the rule for name=value and for plain values.
func (a *Anonymizer) pair(piece []byte) {
	name, value, found := bytes.Cut(piece, []byte{'='})
	if !found {
		a.leaf(piece)
		return
	}
	a.leaf(name)
	a.out = append(a.out, '=')
	if !a.isSecretPair(piece) {
		a.nested(value)
		return
	}
	mark := len(a.decoded)
	a.decoded = appendUnescaped(a.decoded, value)
	a.opaque(a.decoded[mark:])
	a.decoded = a.decoded[:mark]
}

func (a *Anonymizer) isSecretPair(piece []byte) bool {
	name, _, found := bytes.Cut(piece, []byte{'='})
	if !found {
		return false
	}
	mark := len(a.decoded)
	a.decoded = appendUnescaped(a.decoded, name)
	isSecret := a.secrets.Parameter(a.decoded[mark:]) || namesPerson(a.decoded[mark:])
	a.decoded = a.decoded[:mark]
	return isSecret
}

// namesPerson reports whether the value of a parameter of that name, decoded, is somebody's name: no secret, but it
// identifies.
func namesPerson(parameter []byte) bool {
	for _, name := range [...]string{"user", "username", "user_name", "login", "phone"} {
		if len(parameter) == len(name) && strings.EqualFold(string(parameter), name) {
			return true
		}
	}
	return false
}

// nested is the rule for a value that may be a URL itself.
func (a *Anonymizer) nested(value []byte) {
	if indexAny(value, "/?;&=#") == len(value) {
		a.leaf(value)
		return
	}
	if a.depth == maxDepth {
		a.opaque(value)
		return
	}
	a.depth++
	a.url(value)
	a.depth--
}

// leaf is the rule for a value without delimiters, though they may be in it percent-encoded.
func (a *Anonymizer) leaf(value []byte) {
	if bytes.IndexByte(value, '%') >= 0 && a.encoded(value) {
		return
	}
	if addr, err := parseAddress(value); err == nil {
		a.address(addr)
		return
	}
	if isJWT(value) || isToken(value) {
		a.opaque(value)
		return
	}
	a.emails(value)
}

// encoded applies the rules to what value decodes to, and reports whether that was something else. The original
// spelling stays when nothing in it is replaced.
func (a *Anonymizer) encoded(value []byte) bool {
	mark, start := len(a.decoded), len(a.out)
	defer func() { a.decoded = a.decoded[:mark] }()
	a.decoded = appendUnescaped(a.decoded, value)
	plain := a.decoded[mark:len(a.decoded):len(a.decoded)]
	if bytes.Equal(plain, value) {
		return false
	}
	if a.depth == maxDepth {
		a.opaque(value)
		return true
	}
	a.depth++
	a.nested(plain)
	a.depth--
	if bytes.Equal(a.out[start:], plain) {
		a.out = append(a.out[:start], value...)
		return true
	}
	result := len(a.decoded)
	a.decoded = append(a.decoded, a.out[start:]...)
	a.out = appendEscaped(a.out[:start], a.decoded[result:])
	return true
}

// indexAny is the index of the first of the ASCII characters chars in s, or len(s).
func indexAny(s []byte, chars string) int {
	if i := bytes.IndexAny(s, chars); i >= 0 {
		return i
	}
	return len(s)
}

// parseAddress parses an address, and does not try what cannot be one.
func parseAddress(value []byte) (netip.Addr, error) {
	const longest = 45
	if len(value) > longest || bytes.IndexByte(value, '.') < 0 && bytes.Count(value, []byte{':'}) < 2 {
		return netip.Addr{}, errNoAddress
	}
	return netip.ParseAddr(string(value))
}

// appendUnescaped appends s without its percent-encoding. What is no such encoding stays.
func appendUnescaped(dst, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			var b [1]byte
			if _, err := hex.Decode(b[:], s[i+1:i+3]); err == nil {
				dst = append(dst, b[0])
				i += 2
				continue
			}
		}
		dst = append(dst, s[i])
	}
	return dst
}

// appendEscaped appends s with everything percent-encoded that means something in a URL.
func appendEscaped(dst, s []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range s {
		if isAlphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~' {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}
