package parse

import (
	"bytes"
	"encoding/binary"
)

// splitRequest takes a request line apart as nginx does: the method up to the first blank, the protocol after the
// last one, and everything between as the target, with the blanks inside it, because that is what the client sent.
// The parts borrow from line. why is empty when the line is a request that can be sent again; the parts are also
// given for the reasons Connect, Preface, HTTP09 and BadTarget.
func splitRequest(line []byte) (method, target, protocol []byte, why Reason) {
	first := bytes.IndexByte(line, ' ')
	last := bytes.LastIndexByte(line, ' ')
	if first <= 0 || !isToken(line[:first]) {
		return nil, nil, nil, notRequest(line)
	}
	method = line[:first]
	if last == first { // two words: "GET /"
		target = line[first+1:]
		if len(target) == 0 || target[0] != '/' && !bytes.HasPrefix(target, []byte("http")) {
			return nil, nil, nil, notRequest(line)
		}
		if hasBreak(target) {
			return nil, nil, nil, Binary
		}
		return method, target, nil, HTTP09
	}
	protocol = line[last+1:]
	if !isProtocol(protocol) {
		return nil, nil, nil, notRequest(line)
	}
	target = line[first+1 : last]
	if len(target) == 0 || target[0] == ' ' || target[len(target)-1] == ' ' {
		target = bytes.Trim(target, " ") // nginx skips several blanks around the target
	}
	return method, target, protocol, judge(method, target, protocol)
}

// judge says why a request of these three well-formed parts cannot be sent again.
func judge(method, target, protocol []byte) Reason {
	switch {
	case len(target) == 0 || hasBreak(target):
		return BadTarget
	case method[0] == 'C' && string(method) == "CONNECT":
		return Connect
	case method[0] == 'P' && string(method) == "PRI" && string(target) == "*":
		return Preface
	case string(protocol) == "HTTP/0.9":
		return HTTP09
	}
	return ""
}

// notRequest gives the reason for a line that has not the shape of a request.
func notRequest(line []byte) Reason {
	switch {
	case line == nil:
		return Dash
	case len(line) == 0:
		return Empty
	case len(line) == 1 && line[0] == '-':
		return Dash
	case len(line) >= 2 && line[0] == 0x16 && line[1] == 0x03:
		return TLS
	}
	for _, c := range line {
		if c < ' ' || c >= 0x7f {
			return Binary
		}
	}
	return BadLine
}

// hasBreak reports bytes that would end a request line early or be refused by every server.
func hasBreak(b []byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	rest := b
	for len(rest) >= 8 {
		// Not zero when one of the eight bytes is below 0x20.
		x := binary.LittleEndian.Uint64(rest)
		if (x-0x20*ones)&^x&tops != 0 {
			break
		}
		rest = rest[8:]
	}
	for _, c := range rest {
		if c == '\n' || c == '\r' || c == 0 {
			return true
		}
	}
	return false
}

// looksLikeRequest reports a method in capitals, a target without a blank and a protocol.
func looksLikeRequest(b []byte) bool {
	last := bytes.LastIndexByte(b, ' ')
	first := bytes.IndexByte(b, ' ')
	return first > 0 && last > first+1 && isProtocol(b[last+1:]) && isUpper(b[:first]) && bytes.IndexByte(b[first+1:last], ' ') < 0
}

func isUpper(b []byte) bool {
	for _, c := range b {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return len(b) > 0
}

// isProtocol reports "HTTP/" digits, and perhaps a point and more digits.
func isProtocol(b []byte) bool {
	if string(b) == "HTTP/1.1" {
		return true
	}
	if len(b) < len("HTTP/1") || string(b[:5]) != "HTTP/" {
		return false
	}
	major, minor, point := bytes.Cut(b[5:], []byte("."))
	return allDigits(major) && (!point || allDigits(minor))
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return len(b) > 0
}

// isToken reports whether b is a token of RFC 9110, which a method has to be.
func isToken(b []byte) bool {
	for _, c := range b {
		if !tokenByte[c] {
			return false
		}
	}
	return len(b) > 0
}

var tokenByte = func() (t [256]bool) {
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		t[c] = true
	}
	return t
}()

// appendPath appends a path that nginx has decoded ($uri), encoded again where a request line needs it. Which bytes
// the client had encoded is not known, so the target is equivalent to the one sent, but not equal to it.
func appendPath(dst, path []byte) []byte {
	const hex = "0123456789ABCDEF"
	for _, c := range path {
		if c <= ' ' || c >= 0x7f || c == '%' || c == '?' || c == '#' || c == '"' {
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}
