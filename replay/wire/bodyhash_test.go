package wire

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/valyala/fasthttp"
)

// hashOf reads an answer in pieces of that size and returns the hash of its body.
func hashOf(t *testing.T, r *Reading, head bool, text string, size int) (sum uint64, hashed bool) {
	t.Helper()
	r.Begin(head, 0)
	if _, err := read(r, text, size); err != nil {
		t.Fatalf("%.60q by %d: %v", text, size, err)
	}
	return r.BodyHash()
}

// The hash is that of the body that net/http reads.
func TestBodyHash(t *testing.T) {
	long := strings.Repeat("0123456789", 2000)
	for _, c := range []struct {
		method, text string
		hashed       bool
	}{
		{"GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true},
		{"GET", "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + long, true},
		{"GET", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", true},
		{"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nT: x\r\n\r\n", true},
		{"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4e20\r\n" + long + "\r\n0\r\n\r\n", true},
		{"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true},
		{"GET", "HTTP/1.1 200 OK\r\n\r\nuntil the end", true},
		{"GET", "HTTP/1.0 200 OK\r\n\r\nuntil the end", true},
		{"GET", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00", true},
		{"GET", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true},
		{"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false},
		{"GET", "HTTP/1.1 204 No Content\r\n\r\n", false},
		{"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false},
		{"GET", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", false},
	} {
		response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(withoutInterim(c.text))), &http.Request{Method: c.method})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		want := uint64(0)
		if c.hashed {
			want = xxhash.Sum64(body)
		}
		var r Reading
		r.HashBodies()
		for _, size := range []int{1, 3, 64, 4096, len(c.text) + 1} {
			if got, hashed := hashOf(t, &r, c.method == "HEAD", c.text, size); got != want || hashed != c.hashed {
				t.Errorf("%s %.60q by %d: %x %v, want %x", c.method, c.text, size, got, hashed, want)
			}
		}
		var plain Reading
		if got, hashed := hashOf(t, &plain, c.method == "HEAD", c.text, 4096); got != 0 || hashed {
			t.Errorf("%.60q: hashed %x unasked", c.text, got)
		}
	}
}

// withoutInterim cuts the answers with a status of 1xx that come before another, of which net/http knows nothing.
func withoutInterim(text string) string {
	if first, rest, _ := strings.Cut(text, "\r\n\r\n"); strings.HasPrefix(first, "HTTP/1.1 103") {
		return rest
	}
	return text
}

// The sum is known to other programs: printf hello | xxh64sum
func TestBodyHashIsXXH64(t *testing.T) {
	var r Reading
	r.HashBodies()
	if got, _ := hashOf(t, &r, false, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 3); got != 0x26c7827d889f6da3 {
		t.Errorf("%016x", got)
	}
}

// An answer that is not complete has no hash, and nothing of it is in the next one's.
func TestBodyHashOfAnIncompleteAnswer(t *testing.T) {
	var r Reading
	r.HashBodies()
	r.Begin(false, 0)
	if done, err := r.Feed([]byte("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")); done || err != nil {
		t.Fatal(done, err)
	}
	if sum, hashed := r.BodyHash(); hashed {
		t.Errorf("%x", sum)
	}
	if got, _ := hashOf(t, &r, false, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 100); got != xxhash.Sum64String("hello") {
		t.Errorf("%x", got)
	}
}

// However a body is framed and split, its hash is that of its bytes, as fasthttp reads them.
func FuzzBodyHash(f *testing.F) {
	f.Add([]byte("hello world"), uint8(0), uint8(3), uint8(4))
	f.Add([]byte(""), uint8(1), uint8(1), uint8(1))
	f.Add(bytes.Repeat([]byte("a\r\n0\r\n\r\n"), 50), uint8(1), uint8(5), uint8(13))
	f.Add([]byte("HTTP/1.1 200 OK\r\n\r\n"), uint8(2), uint8(7), uint8(2))
	f.Fuzz(func(t *testing.T, body []byte, framing, size, chunk uint8) {
		if size == 0 || chunk == 0 {
			return
		}
		text := ""
		switch framing % 4 {
		case 0:
			text = fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		case 1, 2: // with a header that makes the head fasthttp's to judge
			odd := ""
			if framing%4 == 2 {
				odd = "X:\r\n folded\r\n"
			}
			var chunks strings.Builder
			for rest := body; len(rest) > 0; rest = rest[min(int(chunk), len(rest)):] {
				n := min(int(chunk), len(rest))
				fmt.Fprintf(&chunks, "%x\r\n%s\r\n", n, rest[:n])
			}
			text = "HTTP/1.1 200 OK\r\n" + odd + "Transfer-Encoding: chunked\r\n\r\n" + chunks.String() + "0\r\n\r\n"
		case 3:
			text = fmt.Sprintf("HTTP/1.0 200 OK\r\n\r\n%s", body)
		}
		var oracle fasthttp.Response
		if err := oracle.Read(bufio.NewReader(strings.NewReader(text))); err != nil {
			t.Fatalf("%q: fasthttp says %v", text, err)
		}
		var r Reading
		r.HashBodies()
		r.Begin(false, 0)
		_, err := read(&r, text, int(size))
		sum, hashed := r.BodyHash()
		if err != nil || !hashed || sum != xxhash.Sum64(body) || sum != xxhash.Sum64(oracle.Body()) || r.BodyBytes != int64(len(body)) {
			t.Fatalf("%q by %d: %x %v %v, %d bytes; want %x", text, size, sum, hashed, err, r.BodyBytes, xxhash.Sum64(body))
		}
	})
}

func BenchmarkBodyHash(b *testing.B) {
	for _, size := range []int{200, 16 << 10} {
		whole := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n%s", size, strings.Repeat("x", size))
		for _, on := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d/%v", size, on), func(b *testing.B) {
				var r Reading
				if on {
					r.HashBodies()
				}
				b.SetBytes(int64(len(whole)))
				b.ReportAllocs()
				for b.Loop() {
					r.Begin(false, 0)
					done, err := r.Feed(whole)
					if _, hashed := r.BodyHash(); !done || err != nil || hashed != on {
						b.Fatal(r, err)
					}
				}
			})
		}
	}
}
