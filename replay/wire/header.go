package wire

// unsendable are the headers that frame the message or belong to the recorded connection, and would contradict what
// we send, and those that have fields of their own.
var unsendable = []string{"host", "user-agent", "referer", contentLength, "transfer-encoding", "connection", "keep-alive",
	"proxy-connection", "upgrade", "http2-settings", "expect", "te", "trailer"}

// IsSendable reports whether a logged header of that name can be sent again beside what [Format.Append] sends.
func IsSendable[N string | []byte](name N) bool {
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c == ':' || c >= 0x7f {
			return false
		}
	}
	for _, u := range unsendable {
		if isNamed(name, u) {
			return false
		}
	}
	return len(name) > 0
}

// replaces reports whether the user gave a header of that name.
func replaces[N string | []byte](headers []Header, name N) bool {
	for _, h := range headers {
		if isNamed(name, h.Name) {
			return true
		}
	}
	return false
}

// isNamed reports whether two names of headers are the same, which they are in whatever case.
func isNamed[N string | []byte](name N, other string) bool {
	if len(name) != len(other) {
		return false
	}
	for i := range len(name) {
		if lower(name[i]) != lower(other[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func appendHeader[V string | []byte](dst []byte, name string, value V) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = appendClean(dst, value)
	return append(dst, "\r\n"...)
}

// appendClean appends b with a space for each CR, LF and NUL.
func appendClean[V string | []byte](dst []byte, b V) []byte {
	start := len(dst)
	dst = append(dst, b...)
	for i := start; i < len(dst); i++ {
		if c := dst[i]; c <= '\r' && (c == '\r' || c == '\n' || c == 0) {
			dst[i] = ' '
		}
	}
	return dst
}
