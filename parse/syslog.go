package parse

import "bytes"

// syslog reads what stands before a message: the priority, a time, the host and the tag of RFC 3164, or the header and
// the structured data of RFC 5424. A time as rsyslog writes it to files (RFC 3339) is taken for that of RFC 3164.
func (o *opener) syslog(line []byte, l *letter) bool {
	pos := priority(line)
	if pos > 0 && hasPrefix(line[pos:], "1 ") {
		return o.syslog5424(line, pos+2, l)
	}
	if n := bsdTime(line[pos:]); n > 0 {
		pos += n
	} else if n := isoLen(line[pos:]); n > 0 && pos+n < len(line) && line[pos+n] == ' ' && line[pos+10] == 'T' {
		if !o.sharp(line[pos:pos+n], l) {
			return false
		}
		pos += n + 1
	} else {
		return false
	}
	// The host, which nginx leaves out when told "nohostname", and the tag with a colon: "nginx:", "nginx[12]:".
	for range 2 {
		n := bytes.IndexByte(line[pos:], ' ')
		if n <= 0 {
			return false
		}
		word := line[pos : pos+n]
		pos += n + 1
		if word[len(word)-1] == ':' && isTag(word[:len(word)-1]) {
			l.line, l.start = line[pos:], pos
			return true
		}
	}
	return false
}

// syslog5424 reads from the time on: TIMESTAMP HOST APP PROCID MSGID STRUCTURED-DATA MSG.
func (o *opener) syslog5424(line []byte, pos int, l *letter) bool {
	for field := range 5 {
		n := bytes.IndexByte(line[pos:], ' ')
		if n <= 0 {
			return false
		}
		if field == 0 && string(line[pos:pos+n]) != "-" && !o.sharp(line[pos:pos+n], l) {
			return false
		}
		pos += n + 1
	}
	end := structured(line, pos)
	if end < 0 || end < len(line) && line[end] != ' ' {
		return false
	}
	pos = min(end+1, len(line))
	if hasPrefix(line[pos:], "\xef\xbb\xbf") {
		pos += 3
	}
	l.line, l.start = line[pos:], pos
	return true
}

// priority returns the length of "<190>", or 0.
func priority(line []byte) int {
	if len(line) == 0 || line[0] != '<' {
		return 0
	}
	n := bytes.IndexByte(line[:min(len(line), 5)], '>')
	if n < 2 || !allDigits(line[1:n]) {
		return 0
	}
	return n + 1
}

// bsdTime returns the length of "Jan  2 15:04:05 ", or 0. It has neither year nor zone, so it is of no use.
func bsdTime(line []byte) int {
	const length = len("Jan  2 15:04:05 ")
	if len(line) < length || monthOf(line[:3]) == 0 || line[3] != ' ' || line[6] != ' ' || line[15] != ' ' || !isDigit(line[5]) {
		return 0
	}
	if _, ok := timeOfDay(line[7:15]); !ok {
		return 0
	}
	return length
}

// isTag reports the name of a program, perhaps with its process in brackets.
func isTag(b []byte) bool {
	if n := bytes.IndexByte(b, '['); n > 0 && b[len(b)-1] == ']' {
		b = b[:n]
	}
	for _, c := range b {
		if !isNameByte(c) && c != '-' && c != '.' && c != '/' {
			return false
		}
	}
	return len(b) > 0 && !looksLikeAddress(b)
}

// structured returns the place after the structured data at pos, or -1.
func structured(line []byte, pos int) int {
	if pos < len(line) && line[pos] == '-' {
		return pos + 1
	}
	start := pos
	for pos < len(line) && line[pos] == '[' {
		quoted := false
		for pos++; ; pos++ {
			if pos >= len(line) {
				return -1
			}
			c := line[pos]
			switch {
			case c == '\\' && quoted:
				pos++
				continue
			case c == '"':
				quoted = !quoted
			}
			if c == ']' && !quoted {
				break
			}
		}
		pos++
	}
	if pos == start {
		return -1
	}
	return pos
}
