package anonymize

import (
	"bytes"
	"errors"
	"math"
)

var errNoAddress = errors.New("no address")

// text is the rule for user agents and other text for people: words that are e-mail addresses, URLs or tokens are
// replaced. Numbers with dots are versions there, not addresses.
func (a *Anonymizer) text(value []byte) {
	for len(value) > 0 {
		end := indexAny(value, " \t(),;<>\"'")
		word := value[:end]
		switch {
		case bytes.IndexByte(word, '@') >= 0 || bytes.Contains(word, []byte("://")):
			a.url(word)
		case isJWT(word) || isToken(word):
			a.opaque(word)
		default:
			a.keep(word)
		}
		if end < len(value) {
			a.out = append(a.out, value[end])
			end++
		}
		value = value[end:]
	}
}

// emails replaces the e-mail addresses in value.
func (a *Anonymizer) emails(value []byte) {
	for {
		at := bytes.IndexByte(value, '@')
		if at < 0 {
			break
		}
		start, end := at, at+1
		for start > 0 && isLocal(value[start-1]) {
			start--
		}
		for end < len(value) && isDomain(value[end]) {
			end++
		}
		if isEmail(value[start:end]) {
			a.keep(value[:start])
			a.email(value[start:end])
		} else {
			end = at + 1
			a.keep(value[:end])
		}
		value = value[end:]
	}
	a.keep(value)
}

// isEmail reports whether value is an e-mail address and nothing else.
func isEmail(value []byte) bool {
	local, domain, found := bytes.Cut(value, []byte{'@'})
	dot := bytes.LastIndexByte(domain, '.')
	if !found || len(local) == 0 || dot < 1 || !all(local, isLocal) || !all(domain, isDomain) {
		return false
	}
	top := domain[dot+1:]
	return len(top) >= 2 && !all(top, isDigit)
}

// isLocal reports whether c may stand before the @. The colon is that of a user and a password.
func isLocal(c byte) bool {
	return isAlphanumeric(c) || c >= 0x80 || c == '.' || c == '_' || c == '+' || c == '-' || c == ':' || c == '!' || c == '*' || c == '\'' || c == '~'
}

func isDomain(c byte) bool { return isAlphanumeric(c) || c >= 0x80 || c == '.' || c == '-' }

// isJWT reports whether value looks like a JSON Web Token: three or more parts of base64, of which the first begins
// with {".
func isJWT(value []byte) bool {
	const shortest = 20
	return len(value) >= shortest && bytes.HasPrefix(value, []byte("eyJ")) && bytes.Count(value, []byte{'.'}) >= 2 &&
		all(value, func(c byte) bool { return isBase64(c) || c == '.' })
}

// isToken reports whether value looks drawn at random: long, of base64's letters in both cases and digits, and
// without the repetitions of words. UUIDs and hashes of the usual lengths are names of things, not secrets.
func isToken(value []byte) bool {
	// In bits a character: random base64 of 32 characters has 4.3 or more, hexadecimal 3.2 or more.
	const shortest, leastEntropy, leastHexEntropy = 32, 4.0, 3.0
	if len(value) < shortest || !all(value, isBase64) || isHash(value) {
		return false
	}
	var counts [256]int
	var upper, lower, digit bool
	for _, c := range value {
		counts[c]++
		upper = upper || c >= 'A' && c <= 'Z'
		lower = lower || c >= 'a' && c <= 'z'
		digit = digit || isDigit(c)
	}
	entropy := 0.0
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(len(value))
			entropy -= p * math.Log2(p)
		}
	}
	return upper && lower && digit && entropy >= leastEntropy || entropy >= leastHexEntropy && all(value, isHex)
}

// isHash reports whether value has the length of a UUID without dashes, or of an MD5 or SHA hash, in hexadecimal.
func isHash(value []byte) bool {
	switch len(value) {
	case 32, 40, 56, 64, 96, 128:
		return all(value, isHex)
	}
	return false
}

func all(value []byte, is func(byte) bool) bool {
	for _, c := range value {
		if !is(c) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func isAlphanumeric(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' }

func isBase64(c byte) bool {
	return isAlphanumeric(c) || c == '-' || c == '_' || c == '+' || c == '='
}
