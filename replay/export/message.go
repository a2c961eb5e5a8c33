package export

import (
	"bytes"
	"strings"

	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire"
)

// A message is a request as it would be sent, taken apart. Its bytes are those of raw.
type message struct {
	raw      []byte
	method   []byte
	target   []byte
	protocol []byte
	headers  []field
	body     []byte
	hasHost  bool // the log says to which host
}

// A field is a header line.
type field struct{ name, value []byte }

// fill takes the bytes apart that format writes for r. They hold no CR, LF or NUL but at the ends of lines.
func (m *message) fill(format *wire.Format, r *trace.Request) {
	m.raw = format.Append(m.raw[:0], r, wire.Sending{})
	head, body, _ := bytes.Cut(m.raw, []byte("\r\n\r\n"))
	m.body, m.hasHost = body, len(r.Host) > 0
	line, head, _ := bytes.Cut(head, []byte("\r\n"))
	m.method, line, _ = bytes.Cut(line, []byte{' '})
	last := max(bytes.LastIndexByte(line, ' '), 0)
	m.target, m.protocol = line[:last], bytes.TrimLeft(line[last:], " ")
	m.headers = m.headers[:0]
	for len(head) > 0 {
		line, head, _ = bytes.Cut(head, []byte("\r\n"))
		name, value, _ := bytes.Cut(line, []byte(": "))
		m.headers = append(m.headers, field{name, value})
	}
}

func (m *message) has(name string) bool {
	for _, h := range m.headers {
		if strings.EqualFold(string(h.name), name) {
			return true
		}
	}
	return false
}

// check says why a tool that builds requests of its own from parts could not send m.
func (m *message) check() error {
	if !isToken(m.method) {
		return UnfitError("its method is no HTTP token")
	}
	for _, h := range m.headers {
		if !isToken(h.name) {
			return UnfitError("the name of a header is no HTTP token")
		}
	}
	return nil
}

// isToken reports whether name is a token of RFC 9110.
func isToken(name []byte) bool {
	for _, c := range name {
		if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return len(name) > 0
}

// path returns the part of a target that follows the host in a URL: of an absolute one, what follows its host.
func path(target []byte) ([]byte, error) {
	if i := bytes.Index(target, []byte("://")); i > 0 && !bytes.ContainsAny(target[:i], "/?#") {
		target = target[i+3:]
		if i = bytes.IndexAny(target, "/?#"); i < 0 {
			return []byte("/"), nil
		}
		if target = target[i:]; target[0] != '/' {
			target = append([]byte("/"), target...)
		}
	}
	if len(target) == 0 || target[0] != '/' {
		return nil, UnfitError("its target is no path, and fits no URL")
	}
	return target, nil
}

// appendURLPath appends a path with query so that what parses URLs takes it: bytes that cannot stand in one, and
// percent signs that begin no encoding, are percent-encoded. A # would begin a fragment, which is not sent.
func appendURLPath(dst, path []byte) []byte {
	const digits = "0123456789ABCDEF"
	for i, c := range path {
		ok := c > ' ' && c < 0x7f && !strings.ContainsRune("#\"<>\\^`{|}", rune(c))
		if c == '%' {
			ok = i+2 < len(path) && isHex(path[i+1]) && isHex(path[i+2])
		}
		if ok {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

// url is the URL of m at base.
func (m *message) url(base string) (string, error) {
	p, err := path(m.target)
	if err != nil {
		return "", err
	}
	return string(appendURLPath([]byte(base), p)), nil
}

// isOwn reports whether a header is for the tool to write: it knows the length of the body, and the host that it sends
// to.
func (m *message) isOwn(h field) bool {
	return bytes.EqualFold(h.name, []byte("content-length")) || !m.hasHost && bytes.EqualFold(h.name, []byte("host"))
}
