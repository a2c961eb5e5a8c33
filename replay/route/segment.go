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
	file
	slug
	classes // how many there are
)

var (
	classNames = [classes]string{id: ":id", uuid: ":uuid", hash: ":hash", date: ":date", file: ":file", slug: ":slug"}
	classTexts = [classes]string{id: "number", uuid: "UUID", hash: "hash", date: "date", file: "file name", slug: "text"}
)

// maxLiteral is the longest segment that can be a word of the application rather than data, in bytes.
const maxLiteral = 40

// classify says what a segment looks like. Only [A-Za-z0-9._~-] can be literal, so the names of learned routes need no
// escaping in any output and hold no wildcard of any router.
func classify(segment []byte) class {
	digits, hexDigits, dashes, capitals := 0, 0, 0, 0
	for _, c := range segment {
		switch {
		case c >= 'a' && c <= 'f':
			hexDigits++
		case c >= 'g' && c <= 'z':
		case c >= '0' && c <= '9':
			digits++
			hexDigits++
		case c >= 'A' && c <= 'Z':
			capitals++
			if c <= 'F' {
				hexDigits++
			}
		case c == '-':
			dashes++
		case c == '.' || c == '_' || c == '~':
		default:
			return slug
		}
	}
	n := len(segment)
	switch {
	case n <= maxLiteral && digits == 0 && capitals < 2: // most words, and nothing
		return literal
	case digits == n:
		return id
	case n == 36 && dashes == 4 && hexDigits == 32:
		return uuid
	case isDate(segment):
		return date
	case n >= 8 && hexDigits == n && digits > 0:
		return hash
	case isVersion(segment):
		return literal
	case n > maxLiteral || n >= 16 && digits >= 4 && dashes == 0 ||
		(digits > 1 || digits > 0 && extension(segment) != nil) && isNumbers(segment) || isGenerated(segment):
		return textClass(segment)
	}
	return literal
}

// textClass is the class of a segment that is neither a word of the application nor anything more special.
func textClass(segment []byte) class {
	if len(extension(segment)) > 0 {
		return file
	}
	return slug
}

// extension is that of a file name, without its dot: a few characters with a letter first.
func extension(name []byte) []byte {
	dot := bytes.LastIndexByte(name, '.')
	if dot <= 0 || dot == len(name)-1 || len(name)-dot > 6 || isDigit(name[dot+1]) {
		return nil
	}
	return name[dot+1:]
}

// isDate reports whether a segment is a day or a month as 2024-05-06 and 2024-05.
func isDate(s []byte) bool {
	if len(s) != 7 && len(s) != 10 {
		return false
	}
	for i, c := range s {
		if (i == 4 || i == 7) != (c == '-') || c != '-' && !isDigit(c) {
			return false
		}
	}
	return true
}

// isVersion reports whether a segment is the version of an interface, as v1, v2.1 and 1.0: there are few of them, and
// they tell routes apart.
func isVersion(s []byte) bool {
	numbers, dots := bytes.TrimLeft(s, "vV"), 0
	if len(s)-len(numbers) > 1 || len(numbers) == 0 || len(numbers) > 7 || !isDigit(numbers[0]) || !isDigit(numbers[len(numbers)-1]) {
		return false
	}
	for _, c := range numbers {
		if c == '.' {
			dots++
		} else if !isDigit(c) {
			return false
		}
	}
	return dots <= 2 && (dots > 0 || len(numbers) < len(s) && len(numbers) <= 2)
}

// isNumbers reports whether a name is numbers with separators between them, as 1002-400.jpg, 16x16.png and 2.webp.
func isNumbers(name []byte) bool {
	if ext := extension(name); len(ext) > 0 {
		name = name[:len(name)-len(ext)-1]
	}
	for _, c := range name {
		if !isDigit(c) && c != '-' && c != '_' && c != 'x' && c != '.' {
			return false
		}
	}
	return true
}

// isGenerated reports whether a part of a name between dots, dashes or underscores is a content hash or drawn at random,
// as those of app.3f2a1c9b.js and rIoixJ0QOweW3AHFrgbg.png.
func isGenerated(name []byte) bool {
	isFile := len(extension(name)) > 0
	start := 0
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '.' && name[i] != '-' && name[i] != '_' {
			continue
		}
		if part := name[start:i]; isHash(part) || isRandom(part, isFile) {
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
		case isDigit(c):
			digits++
		case c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return digits > 0
}

// isRandom reports whether a text of small and capital letters and digits changes between these as often as drawn ones
// do: at some 62 of 100 places. A word in camel case does at about 40, and hardly holds a digit. Long names of files are
// judged less strictly: they may lack a digit, if they have capitals side by side.
func isRandom(s []byte, isFile bool) bool {
	const small, capital, digit = 1, 2, 4
	seen, changes, last, twoCapitals := 0, 0, 0, false
	for i, c := range s {
		kind := small
		switch {
		case isDigit(c):
			kind = digit
		case c >= 'A' && c <= 'Z':
			kind = capital
		}
		if i > 0 && kind != last {
			changes++
		}
		twoCapitals = twoCapitals || i > 0 && kind == capital && last == capital
		seen, last = seen|kind, kind
	}
	if isFile && len(s) >= 16 && twoCapitals {
		return seen&small != 0 && 10*changes >= 3*len(s)
	}
	return len(s) >= 8 && seen == small|capital|digit && 5*changes >= 2*len(s)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func hasDigit(s string) bool {
	for i := range len(s) {
		if isDigit(s[i]) {
			return true
		}
	}
	return false
}
