package route

import "bytes"

// class is what a path segment looks like. Its order breaks ties between classes seen equally often.
type class uint8

const (
	literal class = iota
	id
	uuid
	hash
	date
	slug
	classes // how many there are
)

var classNames = [classes]string{id: ":id", uuid: ":uuid", hash: ":hash", date: ":date", slug: ":slug"}

// maxLiteral is the longest segment that can be a word of the application rather than data, in bytes.
const maxLiteral = 40

// classify says what a segment looks like. Only [A-Za-z0-9._~-] can be literal, so route names need no escaping in
// any output and hold no wildcard of any router.
func classify(segment []byte) class {
	digits, hexDigits, dashes := 0, 0, 0
	for _, c := range segment {
		switch {
		case c >= '0' && c <= '9':
			digits++
			hexDigits++
		case c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F':
			hexDigits++
		case c == '-':
			dashes++
		case c >= 'g' && c <= 'z' || c >= 'G' && c <= 'Z' || c == '.' || c == '_' || c == '~':
		default:
			return slug
		}
	}
	n := len(segment)
	switch {
	case n == 0:
		return literal
	case digits == n:
		return id
	case n == 36 && dashes == 4 && hexDigits == 32:
		return uuid
	case n == 10 && digits == 8 && dashes == 2 && segment[4] == '-' && segment[7] == '-':
		return date
	case n >= 8 && hexDigits == n && digits > 0:
		return hash
	case n > maxLiteral || n >= 16 && digits >= 4 && dashes == 0:
		return slug
	case digits >= 2 && (isNumbers(segment) || isFingerprinted(segment)):
		return slug
	}
	return literal
}

// isNumbers reports whether a file name is numbers with separators between them, as 1002-400.jpg or 16x16.png.
func isNumbers(name []byte) bool {
	if dot := bytes.LastIndexByte(name, '.'); dot > 0 {
		name = name[:dot]
	}
	for _, c := range name {
		if (c < '0' || c > '9') && c != '-' && c != '_' && c != 'x' {
			return false
		}
	}
	return true
}

// isFingerprinted reports whether a file name holds a content hash between dots or dashes, as app.3f2a1c9b.js.
func isFingerprinted(name []byte) bool {
	start := 0
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '.' && name[i] != '-' {
			continue
		}
		if isHash(name[start:i]) {
			return true
		}
		start = i + 1
	}
	return false
}

func isHash(s []byte) bool {
	if len(s) < 6 {
		return false
	}
	digits := 0
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return digits > 0
}
