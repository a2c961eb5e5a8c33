package parse

import "bytes"

// docker reads {"log":"...\n","stream":"stdout","time":"2024-01-02T15:04:05.123456789Z"}, in any order and with other
// keys between. Docker cuts lines at 16 KiB: a part is one that does not end with a line feed.
func (o *opener) docker(line []byte, l *letter) bool {
	s := scanner{escaped: bytes.IndexByte(line, '\\') >= 0}
	pos := skipBlanks(line, 0)
	if pos == len(line) || line[pos] != '{' {
		return false
	}
	log, stamp := span{start: -1}, span{start: -1}
	for pos++; ; pos++ {
		key, after := jsonKey(line, skipBlanks(line, pos))
		if after < 0 {
			return false
		}
		value, end := s.jsonValue(line, skipBlanks(line, after))
		if end < 0 {
			return false
		}
		switch string(key) {
		case "log":
			log = value
		case "stream":
			l.stderr = string(line[value.start:value.end]) == "stderr"
		case "time":
			stamp = value
		}
		if pos = skipBlanks(line, end); pos == len(line) || line[pos] != ',' {
			break
		}
	}
	if log.start < 0 || stamp.start < 0 || line[log.start-1] != '"' || pos == len(line) || line[pos] != '}' {
		return false
	}
	if !o.sharp(line[stamp.start:stamp.end], l) {
		return false
	}
	o.text = appendDecoded(o.text[:0], line[log.start:log.end], EscapeJSON)
	l.line, l.part = bytes.CutSuffix(o.text, []byte{'\n'})
	l.part = !l.part
	l.start = log.start
	return true
}
