package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"

	"github.com/valyala/fasthttp"
)

// A head is what is kept of a response's status line and header.
type head struct {
	status int
	length int64 // of the body, or one of the two below
	close  bool  // the connection ends with this response
}

// What a head says of its body when it gives no length.
const (
	lengthChunked = -1
	lengthToEnd   = -2
)

// maxHead bounds a status line with its header, in bytes.
const maxHead = 256 << 10

// scanHead reads a head that leaves no question, and finds the end of any other. n is the length of the head, 0 when
// its end is not in b. A head that is not usual is fasthttp's to judge: see readHead.
func scanHead(b []byte) (h head, n int, usual bool) {
	usual = len(b) > 14 && string(b[:9]) == "HTTP/1.1 " && isDigit(b[9]) && isDigit(b[10]) && isDigit(b[11]) &&
		(b[12] == ' ' || b[12] == '\r' && b[13] == '\n')
	if usual {
		h.status = int(b[9]-'0')*100 + int(b[10]-'0')*10 + int(b[11]-'0')
		usual = h.status >= 200
	}
	h.length = lengthToEnd
	at := bytes.IndexByte(b, '\n') + 1
	if at == 0 {
		return h, 0, false
	}
	usual = usual && b[at-2] == '\r' && isText(b[12:at-2])
	for {
		rest := b[at:]
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			return h, 0, false
		}
		at += end + 1
		if end == 0 {
			return h, at, false // ended by bare LFs
		}
		line := rest[:end-1]
		if rest[end-1] != '\r' {
			usual = false
			continue
		}
		if len(line) == 0 {
			return h, at, usual && (h.length >= 0 || h.status == 204 || h.status == 304)
		}
		usual = usual && h.field(line)
	}
}

// field takes one header line. It reports false for a line that fasthttp has to judge.
func (h *head) field(line []byte) bool {
	colon := 0
	for colon < len(line) && isNameByte(line[colon]) {
		colon++
	}
	if colon == 0 || colon == len(line) || line[colon] != ':' {
		return false
	}
	value := line[colon+1:]
	if len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	if !isText(value) {
		return false
	}
	switch colon {
	case len("content-length"):
		if !isName(line[:colon], "content-length") {
			return true
		}
		n, ok := digits(value)
		if !ok || h.length != lengthToEnd {
			return false
		}
		h.length = n
	case len("connection"):
		return !isName(line[:colon], "connection") || isName(value, "keep-alive")
	case len("transfer-encoding"):
		return !isName(line[:colon], "transfer-encoding")
	}
	return true
}

// findHeadEnd returns where the head at the start of b ends, or 0. from is where to begin: what lies before it was looked at.
func findHeadEnd(b []byte, from int) int {
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return 0
		}
		from += i + 1
		switch rest := b[from:]; {
		case len(rest) > 0 && rest[0] == '\n':
			return from + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return from + 2
		}
	}
}

// A judge has fasthttp read a head.
type judge struct {
	in     bytes.Reader
	buf    *bufio.Reader
	header fasthttp.ResponseHeader
}

// judges are shared, because few heads need one.
var judges = sync.Pool{New: func() any {
	j := &judge{buf: bufio.NewReaderSize(nil, maxHead)}
	j.header.DisableNormalizing()
	return j
}}

// longestComplaint is where fasthttp's errors, which quote what they read, are cut.
const longestComplaint = 200

// readHead reads the complete head b, however unusual, and returns how many of its bytes it takes.
func readHead(b []byte) (head, int, error) {
	j := judges.Get().(*judge)
	defer judges.Put(j)
	j.in.Reset(b)
	j.buf.Reset(&j.in)
	if err := j.header.Read(j.buf); err != nil {
		text := complaint(err.Error())
		return head{}, 0, fmt.Errorf("%w: %s", ErrProtocol, text[:min(len(text), longestComplaint)])
	}
	h := head{status: j.header.StatusCode(), close: j.header.ConnectionClose() || saysClose(b), length: lengthToEnd}
	if h.status < 100 {
		return head{}, 0, fmt.Errorf("%w: status %d", ErrProtocol, h.status)
	}
	switch n := j.header.ContentLength(); {
	case n >= 0:
		h.length = int64(n)
	case n == -1:
		h.length = lengthChunked
	}
	return h, len(b) - j.buf.Buffered() - j.in.Len(), nil
}

// complaint is an error of fasthttp without what it quotes beyond a line: the head may hold cookies and tokens.
func complaint(text string) string {
	for _, quote := range []string{`: response "`, ": buffer size=", `\r\n`, `\n`} {
		text, _, _ = strings.Cut(text, quote)
	}
	return text
}

// saysClose reports whether a Connection line of the head b holds the word close, which fasthttp only sees when it
// stands alone and in lower case.
func saysClose(b []byte) bool {
	for line := range bytes.Lines(b) {
		name, value, _ := bytes.Cut(line, []byte{':'})
		if !isName(bytes.TrimSpace(name), "connection") {
			continue
		}
		for word := range bytes.SplitSeq(value, []byte{','}) {
			if isName(bytes.TrimSpace(word), "close") {
				return true
			}
		}
	}
	return false
}

// isText reports whether b holds no control character. It looks at eight bytes at a time: a borrow may accuse the byte
// after a guilty one, but none without.
func isText(b []byte) bool {
	const each, high = 0x0101010101010101, 0x8080808080808080
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		del := x ^ 0x7f*each
		if ((x-0x20*each)&^x|(del-each)&^del)&high != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c-'0' < 10 }

// isNameByte reports whether c is one of the bytes that names of usual headers are made of.
func isNameByte(c byte) bool { return c|0x20-'a' < 26 || c == '-' || isDigit(c) || c == '_' }

// isName compares without case. lower is in lower case.
func isName(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c-'A' < 26 {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func digits(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// chunkSize reads the size in the first line of a chunk, without its extensions.
func chunkSize(line []byte) (n int64, err error) {
	i := 0
	for ; i < len(line); i++ {
		c := line[i]
		switch {
		case isDigit(c):
			c -= '0'
		case c|0x20-'a' < 6:
			c = c | 0x20 - 'a' + 10
		default:
			if i == 0 || c != ';' && c != ' ' && c != '\t' {
				return 0, errChunkSize
			}
			return n, nil
		}
		if n > 1<<56 {
			return 0, errChunkSize
		}
		n = n<<4 | int64(c)
	}
	if i == 0 {
		return 0, errChunkSize
	}
	return n, nil
}
