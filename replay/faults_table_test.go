package replay_test

import (
	"slices"
	"strings"
	"time"

	"ngxreplay/internal/hostile"
	"ngxreplay/replay/wire"
)

// Parts of answers. What stands in braces is replaced: see hostile.Good.
const (
	head    = "HTTP/1.1 {status} Good\r\n{connection}"
	sized   = head + "Content-Length: {size}\r\n\r\n"
	chunked = head + "Transfer-Encoding: chunked\r\n\r\n"
)

func write(text string) hostile.Script { return hostile.Script{hostile.Write(text)} }

// then writes a text and goes on with other steps.
func then(text string, steps ...hostile.Step) hostile.Script {
	return append(write(text), steps...)
}

// last writes an answer after which the client must not use the connection again: the next request on it would get an
// answer that is nobody's.
func last(text string) hostile.Script {
	return then(text, hostile.ReadHead, hostile.Write("HTTP/1.1 599 Kept\r\nContent-Length: 0\r\n\r\n"))
}

// faults are all of them.
func faults() []fault {
	return slices.Concat(slowFaults(), brokenFaults(), staleFaults(), lengthFaults(), chunkFaults(), interimFaults(),
		bodilessFaults(), extraFaults(), versionFaults(), headFaults(), uploadFaults())
}

// Slow and silent servers.
func slowFaults() []fault {
	const slow, fast = 20 * time.Millisecond, time.Millisecond
	return []fault{
		{name: "never answers", steps: hostile.Script{hostile.Hang}, want: wire.Timeout},
		{name: "never reads again", steps: hostile.Script{hostile.Ignore}, want: wire.Timeout},
		{name: "one byte and no more", steps: then("H", hostile.Hang), want: wire.Timeout},
		{name: "slow header", steps: hostile.Script{hostile.Trickle(1, slow, head+"X: "+strings.Repeat("x", 1000))}, want: wire.Timeout},
		{name: "slow body", steps: then(sized, hostile.Trickle(1, slow, "{body}")), want: wire.Timeout},
		{name: "slow chunks", steps: then(chunked, hostile.Forever(hostile.Pause(slow), hostile.Write("1\r\nx\r\n"))), want: wire.Timeout},
		{name: "stalls after the header", steps: then(sized, hostile.Hang), want: wire.Timeout},
		{name: "stalls in the body", steps: then(sized+"half", hostile.Hang), want: wire.Timeout},
		{name: "stalls in a chunk", steps: then(chunked+"5\r\nhel", hostile.Hang), want: wire.Timeout},
		{name: "stalls before the last chunk", steps: then(chunked+"5\r\nhello\r\n", hostile.Hang), want: wire.Timeout},
		{name: "10 GB body", steps: then(head+"Content-Length: 10000000000\r\n\r\n",
			hostile.Forever(hostile.Pause(fast), hostile.Write(strings.Repeat("x", 64<<10)))), want: wire.Timeout},
		{name: "byte by byte", steps: hostile.Script{hostile.Trickle(1, 0, hostile.Good)}},
		{name: "chunks byte by byte", steps: hostile.Script{hostile.Trickle(1, 0, chunked+"5\r\nhello\r\n0\r\nT: x\r\n\r\n")}, size: 5},
		{name: "slow but in time", steps: hostile.Script{hostile.Trickle(40, fast, hostile.Good)}},
	}
}

// Connections that end at every stage of an answer.
func brokenFaults() []fault {
	list := []fault{
		{name: "half closed before the answer", steps: hostile.Script{hostile.CloseWrite, hostile.Hang}, want: wire.EOF},
		{name: "half closed in the body", steps: then(sized+"half", hostile.CloseWrite, hostile.Hang), want: wire.EOF},
		{name: "half closed after the answer", steps: then(hostile.Good, hostile.CloseWrite, hostile.Hang), stale: true},
		{name: "closes with a capital", steps: then("HTTP/1.1 {status} Good\r\nConnection: Close\r\nContent-Length: {size}\r\n\r\n{body}", hostile.Close)},
		{name: "says that it closes, and does not", steps: last("HTTP/1.1 {status} Good\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n{body}")},
		{name: "closes by a list", steps: then("HTTP/1.1 {status} Good\r\nConnection: x, close\r\nContent-Length: {size}\r\n\r\n{body}", hostile.Close)},
	}
	for _, at := range []struct{ stage, text string }{
		{"before the answer", ""},
		{"in the status line", "HTTP/1.1 2"},
		{"in the header", head + "Content-Le"},
		{"after the header", sized},
		{"in the body", sized + "half"},
		{"in the size of a chunk", chunked + "5"},
		{"in a chunk", chunked + "5\r\nhel"},
		{"after a chunk", chunked + "5\r\nhello"},
		{"before the last chunk", chunked + "5\r\nhello\r\n"},
		{"in the trailers", chunked + "5\r\nhello\r\n0\r\nT: x\r\n"},
		{"after an interim answer", "HTTP/1.1 100 Continue\r\n\r\n"},
	} {
		list = append(list,
			fault{name: "closes " + at.stage, steps: then(at.text, hostile.Close), want: wire.EOF},
			fault{name: "resets " + at.stage, steps: then(at.text, hostile.Reset), want: wire.Reset})
	}
	return list
}

// Kept connections that the server ends without a word. The next request may already be on its way.
func staleFaults() []fault {
	secondOnly := func(c *hostile.Conn) bool { return c.Served >= 2 }
	return []fault{
		{name: "closes after the answer", steps: then(hostile.Good, hostile.Close), stale: true},
		{name: "resets after the answer", steps: then(hostile.Good, hostile.Reset), stale: true},
		{name: "closes after two", steps: then(hostile.Good, hostile.If(secondOnly, hostile.Script{hostile.Close}, nil)), stale: true},
		{name: "closes when idle", steps: then(hostile.Good, hostile.Pause(5*time.Millisecond), hostile.Close), gap: 5 * time.Millisecond, stale: true},
		{name: "resets when idle", steps: then(hostile.Good, hostile.Pause(5*time.Millisecond), hostile.Reset), gap: 5 * time.Millisecond, stale: true},
	}
}

// Lengths that are not those of the body.
func lengthFaults() []fault {
	length := func(text string) hostile.Script { return write(head + "Content-Length: " + text + "\r\n\r\nhello") }
	return []fault{
		{name: "length too small", steps: last(head + "Content-Length: 3\r\n\r\nhello"), size: 3},
		{name: "length zero", steps: last(head + "Content-Length: 0\r\n\r\nhello"), size: empty},
		{name: "length too large", steps: append(length("9"), hostile.Close), want: wire.EOF},
		{name: "length too large and open", steps: append(length("9"), hostile.Hang), want: wire.Timeout},
		{name: "length twice", steps: length("5\r\nContent-Length: 5"), want: wire.Protocol},
		{name: "two lengths", steps: length("5\r\nContent-Length: 3"), want: wire.Protocol},
		{name: "length list", steps: length("5, 5"), want: wire.Protocol},
		{name: "length negative", steps: length("-5"), want: wire.Protocol},
		{name: "length with a plus", steps: length("+5"), want: wire.Protocol},
		{name: "length no number", steps: length("five"), want: wire.Protocol},
		{name: "length empty", steps: length(""), want: wire.Protocol},
		{name: "length beyond 64 bits", steps: length("99999999999999999999"), want: wire.Protocol},
		{name: "length and chunks", steps: write(head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), size: 5},
		{name: "until the end", steps: then("HTTP/1.1 {status} Good\r\n\r\n{body}", hostile.Close)},
		{name: "until an end that never comes", steps: then("HTTP/1.1 {status} Good\r\n\r\n{body}", hostile.Hang), want: wire.Timeout},
	}
}

// Bad chunks.
func chunkFaults() []fault {
	chunks := func(text string) hostile.Script { return write(chunked + text) }
	return []fault{
		{name: "chunk size no number", steps: chunks("zz\r\nhello\r\n0\r\n\r\n"), want: wire.Protocol},
		{name: "chunk size empty", steps: chunks("\r\nhello\r\n0\r\n\r\n"), want: wire.Protocol},
		{name: "chunk size negative", steps: chunks("-5\r\nhello\r\n0\r\n\r\n"), want: wire.Protocol},
		{name: "chunk size with 0x", steps: chunks("0x5\r\nhello\r\n0\r\n\r\n"), want: wire.Protocol},
		{name: "chunk size beyond 64 bits", steps: chunks("fffffffffffffffff\r\nhello\r\n0\r\n\r\n"), want: wire.Protocol},
		{name: "chunk size of 2^62", steps: append(chunks("4000000000000000\r\nhello"), hostile.Close), want: wire.Protocol},
		{name: "chunk without its end", steps: chunks("5\r\nhello0\r\n\r\n"), want: wire.Protocol},
		{name: "chunk longer than its size", steps: chunks("3\r\nhello\r\n0\r\n\r\n"), want: wire.Protocol},
		{name: "chunk size without end", steps: then(chunked, hostile.Forever(hostile.Write(strings.Repeat("0", 1000)))), want: wire.Protocol},
		{name: "chunk extension", steps: chunks("5;a=b;c=\"d\"\r\nhello\r\n0;e\r\n\r\n"), size: 5},
		{name: "chunk size with zeros", steps: chunks("00000005\r\nhello\r\n000\r\n\r\n"), size: 5},
		{name: "chunk lines without CR", steps: chunks("5\nhello\n0\n\n"), size: 5},
		{name: "trailers", steps: chunks("5\r\nhello\r\n0\r\n" + strings.Repeat("T: x\r\n", 100) + "\r\n"), size: 5},
		{name: "trailers without end", steps: then(chunked+"5\r\nhello\r\n0\r\n", hostile.Forever(hostile.Write(strings.Repeat("T: x\r\n", 100)))), want: wire.Protocol},
		{name: "an unknown transfer encoding", steps: write(head + "Transfer-Encoding: gzip\r\n\r\nhello"), want: wire.Protocol},
	}
}

// Answers before the answer.
func interimFaults() []fault {
	const hint = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
	return []fault{
		{name: "100 first", steps: then("HTTP/1.1 100 Continue\r\n\r\n", hostile.Write(hostile.Good))},
		{name: "102 first, slowly", steps: hostile.Script{hostile.Repeat(3, hostile.Write("HTTP/1.1 102 Processing\r\n\r\n"), hostile.Pause(time.Millisecond)), hostile.Write(hostile.Good)}},
		{name: "100 and the answer at once", steps: write("HTTP/1.1 100 Continue\r\n\r\n" + hostile.Good)},
		{name: "103 ten times", steps: write(strings.Repeat(hint, 10) + hostile.Good)},
		{name: "103 with a length", steps: write("HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n" + hostile.Good)},
		{name: "103 without end", steps: hostile.Script{hostile.Forever(hostile.Write(strings.Repeat(hint, 10)))}, want: wire.Protocol},
		{name: "100 without end, slowly", steps: hostile.Script{hostile.Forever(hostile.Write("HTTP/1.1 100 Continue\r\n\r\n"), hostile.Pause(30*time.Millisecond))}, want: wire.Timeout},
		{name: "101", steps: last("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"), status: 101, size: empty},
		{name: "101 and talk", steps: then("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n\x81\x05hello", hostile.Hang), status: 101, size: empty},
	}
}

// Answers that have no body, with one.
func bodilessFaults() []fault {
	return []fault{
		{name: "204", steps: write("HTTP/1.1 204 No Content\r\n{connection}\r\n"), status: 204, size: empty},
		{name: "204 with a body", steps: last("HTTP/1.1 204 No Content\r\n{connection}Content-Length: 5\r\n\r\nhello"), status: 204, size: empty},
		{name: "304 with a length", steps: write("HTTP/1.1 304 Not Modified\r\n{connection}Content-Length: 5\r\n\r\n"), status: 304, size: empty},
		{name: "304 with a body", steps: last("HTTP/1.1 304 Not Modified\r\n{connection}Content-Length: 5\r\n\r\nhello"), status: 304, size: empty},
		{name: "HEAD", method: "HEAD", steps: write(sized), size: empty},
		{name: "HEAD with a body", method: "HEAD", steps: last(hostile.Good), size: empty},
		{name: "HEAD with chunks announced", method: "HEAD", steps: write(chunked), size: empty},
	}
}

// Answers that nobody asked for. What comes with the answer ends the connection; what comes later ends it too, as long
// as it comes before the next request.
func extraFaults() []fault {
	const extra = "HTTP/1.1 599 Extra\r\nContent-Length: 0\r\n\r\n"
	return []fault{
		{name: "two answers at once", steps: last(hostile.Good + extra)},
		{name: "the answer twice", steps: last(hostile.Good + hostile.Good)},
		{name: "an empty line after the answer", steps: last(hostile.Good + "\r\n")},
		{name: "a body after 200 and length 0", steps: last(head + "Content-Length: 0\r\n\r\n" + extra), size: empty},
	}
}

// Other protocols, and other versions of this one.
func versionFaults() []fault {
	return []fault{
		{name: "HTTP/1.0", steps: then("HTTP/1.0 {status} Good\r\nContent-Length: {size}\r\n\r\n{body}", hostile.Close)},
		{name: "HTTP/1.0 not closed", steps: last("HTTP/1.0 {status} Good\r\nContent-Length: {size}\r\n\r\n{body}")},
		{name: "HTTP/1.0 until the end", steps: then("HTTP/1.0 {status} Good\r\n\r\n{body}", hostile.Close)},
		{name: "HTTP/1.0 kept", steps: write("HTTP/1.0 {status} Good\r\nConnection: keep-alive\r\nContent-Length: {size}\r\n\r\n{body}"), stale: true}, // where nothing is kept, it lies
		{name: "HTTP/0.9", steps: then("<html>{body}</html>\r\n\r\n", hostile.Close), want: wire.Protocol},
		{name: "HTTP/2", steps: then("\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80\x00\x04\x00\x01\x00\x00\x00\x05\x00\xff\xff\xff\r\n\r\n", hostile.Close), want: wire.Protocol},
		{name: "HTTP/2 preface", steps: then("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", hostile.Close), want: wire.Protocol},
		{name: "SSH", steps: then("SSH-2.0-OpenSSH_9.2\r\n\r\n", hostile.Close), want: wire.Protocol},
		{name: "TLS", steps: then("\x15\x03\x01\x00\x02\x02\x46\r\n\r\n", hostile.Close), want: wire.Protocol},
		{name: "a request", steps: then("GET / HTTP/1.1\r\nHost: x\r\n\r\n", hostile.Close), want: wire.Protocol},
	}
}

// Bad status lines and headers.
func headFaults() []fault {
	const length = "Content-Length: 5\r\n\r\nhello"
	line := func(text string) hostile.Script { return write(text + "\r\n{connection}" + length) }
	field := func(text string) hostile.Script { return write(head + text + "\r\n" + length) }
	bomb := hostile.Forever(hostile.Write(strings.Repeat("X: y\r\n", 1000)))
	return []fault{
		{name: "no status", steps: line("HTTP/1.1"), want: wire.Protocol},
		{name: "status no number", steps: line("HTTP/1.1 abc OK"), want: wire.Protocol},
		{name: "status of four digits", steps: line("HTTP/1.1 2000 OK"), want: wire.Protocol},
		{name: "status negative", steps: line("HTTP/1.1 -20 OK"), want: wire.Protocol},
		{name: "no version", steps: line("HTTP {status} OK"), want: wire.Protocol},
		{name: "status without a reason", steps: line("HTTP/1.1 {status}"), size: 5},
		{name: "lines without CR", steps: write(strings.ReplaceAll(hostile.Good, "\r\n", "\n")), or: []wire.Class{wire.Protocol}},
		{name: "header without a colon", steps: field("no colon here"), want: wire.Protocol},
		{name: "header without a name", steps: field(": x"), want: wire.Protocol},
		{name: "NUL in a header", steps: field("X: a\x00b"), want: wire.Protocol},
		{name: "NUL in a name", steps: field("X\x00Y: a"), want: wire.Protocol},
		{name: "200 KiB header", steps: field("X: " + strings.Repeat("x", 200<<10)), size: 5},
		{name: "300 KiB header", steps: field("X: " + strings.Repeat("x", 300<<10)), want: wire.Protocol},
		{name: "header of many lines without end", steps: then(head, bomb), want: wire.Protocol},
		{name: "header line without end", steps: then(head, hostile.Forever(hostile.Write(strings.Repeat("x", 10_000)))), want: wire.Protocol},
		{name: "417", steps: write("HTTP/1.1 417 Expectation Failed\r\n{connection}Content-Length: 0\r\n\r\n"), status: 417, size: empty},
	}
}

// Requests with a body that a socket does not hold, and servers that do not take it.
func uploadFaults() []fault {
	const large = 8 << 20 // more than the socket buffers of both sides
	const status = "HTTP/1.1 {status} Good\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	upload := func(f fault) fault {
		f.method, f.body = "POST", large
		return f
	}
	return []fault{
		upload(fault{name: "reads a large body slowly", steps: hostile.Script{hostile.ReadSlowly(20, time.Millisecond), hostile.Answer}}),
		upload(fault{name: "never reads a large body", steps: hostile.Script{hostile.Ignore}, want: wire.Timeout}),
		upload(fault{name: "resets in a large body", steps: hostile.Script{hostile.Reset}, want: wire.Reset}),
		upload(fault{name: "answers before it reads a large body", steps: then(hostile.Good, hostile.ReadBody)}),
		upload(fault{name: "answers before a large body and drains it", steps: then(status, hostile.ReadBody, hostile.Close), size: empty}),
		upload(fault{name: "answers before a large body and closes", steps: then(status, hostile.Close), size: empty, or: []wire.Class{wire.Reset}}),
		{name: "resets a POST", method: "POST", body: 10, steps: hostile.Script{hostile.ReadBody, hostile.Reset}, want: wire.Reset},
		{name: "closes on a POST", method: "POST", body: 10, steps: hostile.Script{hostile.ReadBody, hostile.Close}, want: wire.EOF},
	}
}
