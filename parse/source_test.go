package parse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
)

// gzipped compresses each text as a member of its own.
func gzipped(t testing.TB, texts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, text := range texts {
		w := gzip.NewWriter(&b)
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func writeFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustOpen(t testing.TB, path string) *Source {
	t.Helper()
	src, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

func TestOpen(t *testing.T) {
	f := func(name string, data []byte, want, compression string) {
		t.Helper()
		s, err := Open(writeFile(t, name, data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		defer s.Close()
		if s.Compression != compression {
			t.Errorf("%s: compression %q", name, s.Compression)
		}
		peeked := string(s.Peek())
		if !strings.HasPrefix(want, peeked) || len(peeked) != min(len(want), PeekSize) {
			t.Errorf("%s: peeked %d bytes", name, len(peeked))
		}
		got, err := io.ReadAll(s)
		if err != nil || string(got) != want {
			t.Errorf("%s: read %d bytes, %v, want %d", name, len(got), err, len(want))
		}
	}
	big := strings.Repeat(lineGET+"\n", 10_000)
	f("plain.log", []byte(lineGET), lineGET, "")
	f("empty.log", nil, "", "")
	f("short.log", []byte("x"), "x", "")
	f("big.log", []byte(big), big, "")
	f("log.gz", gzipped(t, lineGET), lineGET, "gzip")
	f("no-suffix", gzipped(t, big), big, "gzip")
	f("plain.gz", []byte(lineGET), lineGET, "")
	f("members.gz", gzipped(t, lineGET+"\n", "", lineGET+"\n", big), lineGET+"\n"+lineGET+"\n"+big, "gzip")
	f("empty.gz", gzipped(t, ""), "", "gzip")
}

// A format that was changed long after the beginning is found, and looking for it consumes nothing.
func TestSample(t *testing.T) {
	old := strings.Repeat(lineGET+"\n", 10_000)
	for _, log := range []string{old + strings.Repeat(lineGET+` "-"`+"\n", 2000), old + strings.Repeat(lineGET+` "-"`+"\n", 2000) + old} {
		s := mustOpen(t, writeFile(t, "access.log", []byte(log)))
		d, err := Detect(s.Sample())
		if err != nil {
			t.Fatal(err)
		}
		r := NewReader(s, s.Name, d.Formats...)
		for r.Scan() {
		}
		if c := r.Counts(); len(d.Formats) != 2 && len(log) < 2*len(old) || c.Lines != int64(strings.Count(log, "\n")) || c.Lines != c.Entries && len(d.Formats) == 2 {
			t.Errorf("%v, %+v", d.Formats, c)
		}
	}
	for _, data := range [][]byte{nil, []byte(lineGET), gzipped(t, old), []byte(strings.Repeat("x", 2*PeekSize)), []byte(lineGET + "\n" + strings.Repeat("x", 2*PeekSize))} {
		s := mustOpen(t, writeFile(t, "access.log", data))
		if sample := s.Sample(); len(sample) > PeekSize {
			t.Errorf("%d bytes", len(sample))
		}
	}
}

func TestOpenErrors(t *testing.T) {
	_, err := Open(filepath.Join(t.TempDir(), "missing.log"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	f := func(path, want string) {
		t.Helper()
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	dir := t.TempDir()
	f(dir, "is a directory: name the files in it")
	f("/dev/null", "is a device: name a file, or - for standard input")
	f(writeFile(t, "a.xz", []byte("\xfd7zXZ\x00abc")), "the xz data is cut off")
	f(writeFile(t, "cut.gz", gzipped(t, lineGET)[:5]), "the gzip data is cut off")
	f(writeFile(t, "bad.gz", []byte("\x1f\x8bnot really gzip")), "no gzip data")
	if _, err := OpenReader("-", iotest.ErrReader(errors.New("broken"))); err == nil || err.Error() != "read -: broken" {
		t.Error(err)
	}
}

func TestOpenReader(t *testing.T) {
	for _, in := range []io.Reader{
		strings.NewReader(lineGET), iotest.OneByteReader(strings.NewReader(lineGET)), bytes.NewReader(gzipped(t, lineGET)),
		iotest.OneByteReader(bytes.NewReader(gzipped(t, lineGET[:20], lineGET[20:]))),
	} {
		s, err := OpenReader(Stdin, in)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got := string(s.Peek()); got != lineGET {
				t.Errorf("peeked %q", got)
			}
		}
		r := newCombined(s)
		if got := readAll(r); len(got) != 1 || got[0] != "1: /" || r.Err() != nil {
			t.Error(got, r.Err())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A truncated archive yields all its readable lines and an error that says so.
func TestTruncatedGzip(t *testing.T) {
	var log strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&log, strings.Replace(lineGET, "GET /", "GET /%d", 1)+"\n", i*7919)
	}
	data := gzipped(t, log.String())
	for _, cut := range []int{len(data) / 2, len(data) - 9, len(data) - 8, len(data) - 1} {
		s, err := OpenReader("cut.gz", bytes.NewReader(data[:cut]))
		if err != nil {
			t.Fatal(err)
		}
		s.Peek()
		r := newCombined(s)
		lines := readAll(r)
		c := r.Counts()
		if c.Lines != c.Entries+c.Malformed+c.Blank || c.Malformed > 1 || c.Entries < 2000 || int(c.Lines) != len(lines) {
			t.Errorf("cut at %d: %+v", cut, c)
		}
		if err := r.Err(); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "the gzip data is cut off") {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
	damaged := bytes.Clone(data)
	damaged[len(damaged)-6] ^= 1 // the checksum
	s, err := OpenReader("bad.gz", bytes.NewReader(damaged))
	if err != nil {
		t.Fatal(err)
	}
	r := newCombined(s)
	if n := len(readAll(r)); n != 5000 || r.Err() == nil || !strings.Contains(r.Err().Error(), "damaged gzip data") {
		t.Error(n, r.Err())
	}
	s, err = OpenReader("tail.gz", bytes.NewReader(append(bytes.Clone(data), "garbage after the end"...)))
	if err != nil {
		t.Fatal(err)
	}
	r = newCombined(s)
	if n := len(readAll(r)); n != 5000 || r.Err() == nil || !strings.Contains(r.Err().Error(), "no gzip data") {
		t.Error(n, r.Err())
	}
}

// FuzzGzip: any bytes and any damage end in lines that add up.
func FuzzGzip(f *testing.F) {
	f.Add(gzipped(f, lineGET+"\n", lineGET), 10, byte(1))
	f.Add([]byte("\x1f\x8b\x08"), 0, byte(0))
	f.Fuzz(func(t *testing.T, data []byte, at int, flip byte) {
		if len(data) > 0 {
			data = bytes.Clone(data)
			data[uint(at)%uint(len(data))] ^= flip
		}
		s, err := OpenReader("fuzz", bytes.NewReader(data))
		if err != nil {
			return
		}
		s.Peek()
		r := newCombined(s)
		for n := 0; r.Scan() && n < 10_000; n++ {
		}
		if c := r.Counts(); c.Lines != c.Entries+c.Malformed+c.Blank {
			t.Fatalf("%+v", c)
		}
	})
}

// What copytruncate leaves at the beginning of a log must not hide its lines, wherever they come from.
func TestManyNULsAtTheBeginning(t *testing.T) {
	line := "192.0.2.1 - - [07/Feb/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"\n"
	for _, n := range []int{1, PeekSize - 1, PeekSize, 3*PeekSize + 5} {
		s, err := OpenReader("x", strings.NewReader(strings.Repeat("\x00", n)+strings.Repeat(line, 10)))
		if err != nil {
			t.Fatal(err)
		}
		d, err := Detect(s.Sample())
		if err != nil && n >= PeekSize {
			t.Fatalf("%d NULs: %v", n, err)
		}
		format := d.Format
		if format == nil {
			format, _ = Lookup("combined")
		}
		r := NewReader(s, "x", format)
		entries := 0
		for r.Scan() {
			if e, _ := r.Entry(); e != nil {
				entries++
			}
		}
		if entries != 10 || r.Err() != nil {
			t.Errorf("%d NULs: %d entries, %v", n, entries, r.Err())
		}
	}
}
