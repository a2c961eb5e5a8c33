package wire

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

const nginxAnswer = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\nContent-Type: text/plain\r\nContent-Length: 200\r\nConnection: keep-alive\r\n\r\n"

// An answer is what a Reading says of one.
type answer struct {
	status int
	bytes  int64
	last   bool
}

// read reads b in pieces of that size, to the end of the connection.
func read(r *Reading, b string, size int) (answer, error) {
	for len(b) > 0 {
		n := min(size, len(b))
		// The bytes are a copy, and spoilt afterwards: a Reading must not hold on to them.
		piece := []byte(b[:n])
		done, err := r.Feed(piece)
		for i := range piece {
			piece[i] = '!'
		}
		if err != nil || done {
			return answer{r.Status, r.BodyBytes, r.Close || n < len(b)}, err
		}
		b = b[n:]
	}
	err := r.End()
	return answer{r.Status, r.BodyBytes, r.Close}, err
}

func TestReading(t *testing.T) {
	var r Reading
	f := func(head bool, wire string, want answer, class Class) {
		t.Helper()
		for _, size := range []int{1, 2, 7, 4096, len(wire) + 1} {
			if size < 7 && len(wire) > 10_000 {
				continue // slow, and nothing new
			}
			r.Begin(head, 1<<20)
			got, err := read(&r, wire, size)
			switch {
			case class != "" && (err == nil || Classify(err) != class):
				t.Errorf("by %d: %.60q: got %+v, %v, want %v", size, wire, got, err, class)
			case class == "" && (err != nil || got != want):
				t.Errorf("by %d: %.60q: got %+v, %v, want %+v", size, wire, got, err, want)
			}
		}
	}
	ok := func(status int, bytes int64) answer { return answer{status: status, bytes: bytes} }
	last := func(status int, bytes int64) answer { return answer{status: status, bytes: bytes, last: true} }

	f(false, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ok(200, 2), "")
	f(false, "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", ok(200, 0), "")
	f(true, "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", ok(200, 0), "")
	f(false, "HTTP/1.1 204 No Content\r\n\r\n", ok(204, 0), "")
	f(false, "HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n", ok(304, 0), "")
	f(false, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", ok(200, 1), "")
	f(false, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", last(101, 0), "")
	f(false, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", last(200, 1), "")
	f(false, "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", last(200, 1), "")
	f(false, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", ok(200, 1), "")
	f(false, "HTTP/1.1 200 OK\r\n\r\nuntil the end", last(200, 13), "")
	f(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nT: x\r\n\r\n", ok(200, 11), "")
	f(false, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 3*maxLine)+"\r\nContent-Length: 2\r\n\r\nok", ok(200, 2), "")
	f(false, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"+strings.Repeat("x", 100000), ok(200, 100000), "")

	f(false, "", answer{}, EOF)
	f(false, "HTTP/1.1 200 OK\r\nContent-Le", answer{}, EOF)
	f(false, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour", answer{}, EOF)
	f(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", answer{}, EOF)
	f(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", answer{}, EOF)
	f(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", answer{}, Protocol)
	f(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n", answer{}, Protocol)
	f(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n", answer{}, Protocol)
	f(false, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", answer{}, Protocol)
	f(false, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", answer{}, Protocol)
	f(false, "SSH-2.0-OpenSSH_9.2\r\n\r\n", answer{}, Protocol)
	f(false, "\x15\x03\x01\x00\x02\x02\x46\r\n\r\n", answer{}, Protocol)
	f(false, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", maxHead), answer{}, Protocol)
	f(false, "HTTP/1.1 200 OK\r\nConnection: Keep-Alive, Close\r\nContent-Length: 1\r\n\r\nx", last(200, 1), "")
	f(false, "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", answer{}, Protocol)
	f(false, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok?", last(200, 2), "")
	f(false, strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", maxInterim)+"HTTP/1.1 204 No Content\r\n\r\n", ok(204, 0), "")
	f(false, strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", maxInterim+1), answer{}, Protocol)
	f(false, "HTTP/1.1 100 Continue\r\n\r\n", answer{}, EOF)
	f(false, "HTTP/1.1 099 Low\r\n\r\n", answer{}, Protocol)
	f(false, "\n\n", answer{}, Protocol)
	f(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+strings.Repeat("0", maxLine+1)+"\r\n", answer{}, Protocol)
	f(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"+strings.Repeat("a: b\r\n", maxTrailers+1), answer{}, Protocol)
	f(false, "HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", answer{}, TooLarge)
	f(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n", answer{}, TooLarge)
	f(false, "HTTP/1.1 200 OK\r\n\r\n"+strings.Repeat("x", 1<<20+1), answer{}, TooLarge)
	f(true, "HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", ok(200, 0), "")
}

// A header that comes byte by byte is looked at once, not once a byte: a target could make us work for it.
func TestLongHeaderTakesLinearTime(t *testing.T) {
	wire := "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: " + strings.Repeat("x", maxHead-100) + "\r\n\r\n"
	var r Reading
	allocs := testing.AllocsPerRun(1, func() {
		r.Begin(false, 0)
		if got, err := read(&r, wire, 3); err != nil || got.status != 200 {
			t.Fatal(got, err)
		}
	})
	if allocs > maxHead+100 { // of the pieces that the test makes, and of kept as it grows
		t.Errorf("%v allocations", allocs)
	}
	r.Begin(false, 0)
	if cap(r.kept) > keepRoom {
		t.Errorf("%d bytes held between answers", cap(r.kept))
	}
}

// Whatever scanHead reads by itself, fasthttp reads the same way.
func FuzzScanHead(f *testing.F) {
	f.Add([]byte(nginxAnswer))
	f.Add([]byte("HTTP/1.1 204 \r\nA: b\r\nConnection: close\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200\r\ncontent-length: 007\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nX:y\r\nContent-Length:7 \r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, usual := scanHead(b)
		if end := findHeadEnd(b, 0); n != end {
			t.Fatalf("%q: ends at %d and %d", b, n, end)
		}
		if !usual {
			return
		}
		var want fasthttp.ResponseHeader
		want.DisableNormalizing()
		in := bufio.NewReaderSize(bytes.NewReader(b), 1<<20)
		if err := want.Read(in); err != nil {
			t.Fatalf("%q: fasthttp says %v", b, err)
		}
		length := int64(want.ContentLength())
		if want.StatusCode() == 204 || want.StatusCode() == 304 {
			length = h.length
		}
		if length != h.length || want.StatusCode() != h.status || want.ConnectionClose() != h.close || len(b)-in.Buffered() != n {
			t.Fatalf("%q: got %+v %d, want %d %v %d, %d", b, h, n, want.StatusCode(), want.ConnectionClose(), want.ContentLength(), len(b)-in.Buffered())
		}
	})
}

// What is wrong with a head is told without the cookies in it.
func TestComplaintsDoNotQuoteTheHead(t *testing.T) {
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nSet-Cookie: s=hunter2\r\nBad Line\r\n\r\n",
		"HTTP/1.1 2x0 OK\r\nSet-Cookie: s=hunter2\r\n\r\n",
		"HTTP/1.1 200 OK\r\nSet-Cookie: s=hunter2\r\nContent-Length: -1\r\n\r\n",
		"SSH-2.0\r\nSet-Cookie: s=hunter2\r\n\r\n",
	} {
		var r Reading
		r.Begin(false, 0)
		if _, err := r.Feed([]byte(text)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Split anywhere, an answer reads the same.
func FuzzSplit(f *testing.F) {
	f.Add(nginxAnswer+"xxxx", uint8(3), false)
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\nT: 1\r\n\r\n", uint8(1), false)
	f.Add("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", uint8(5), true)
	f.Add("HTTP/1.0 200 OK\r\n\r\nabc", uint8(5), false)
	f.Add("\n\nHTTP/1.1 200 OK\n\nabc", uint8(1), false)
	f.Fuzz(func(t *testing.T, b string, size uint8, noBody bool) {
		if size == 0 || len(b) > maxHead {
			return
		}
		var whole, parts Reading
		whole.Begin(noBody, 1000)
		parts.Begin(noBody, 1000)
		a, errA := read(&whole, b, len(b)+1)
		p, errP := read(&parts, b, int(size))
		if (errA == nil) != (errP == nil) || errA == nil && a != p || errA != nil && Classify(errA) != Classify(errP) {
			t.Fatalf("%q by %d: whole %+v %v, parts %+v %v", b, size, a, errA, p, errP)
		}
	})
}

func BenchmarkFeed(b *testing.B) {
	whole := []byte(nginxAnswer + strings.Repeat("x", 200))
	var r Reading
	b.SetBytes(int64(len(whole)))
	b.ReportAllocs()
	for b.Loop() {
		r.Begin(false, 0)
		if done, err := r.Feed(whole); !done || err != nil || r.BodyBytes != 200 {
			b.Fatal(r, err)
		}
	}
}

// BenchmarkFasthttpHeader is what reading the header alone costs in fasthttp, for comparison.
func BenchmarkFasthttpHeader(b *testing.B) {
	var h fasthttp.ResponseHeader
	h.DisableNormalizing()
	var reader bytes.Reader
	in := bufio.NewReaderSize(&reader, 4096)
	whole := []byte(nginxAnswer)
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset(whole)
		in.Reset(&reader)
		if err := h.Read(in); err != nil || h.ContentLength() != 200 {
			b.Fatal(err)
		}
	}
}
