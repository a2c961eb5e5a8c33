package parse

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
)

// Two archives one after another, of the same line each. Go has no writers for these two.
const (
	twoBzip2 = "QlpoOTFBWSZTWRf6J28AABbfgAAQUAv+kAPARAoaBBIAIABUU0AAAAA1TeqeUGamhiaaGh1qXtp0ysnrs4DBSHxStpQymJuMrKBTijRQouIUQVQFk802wGip4jffe+LuSKcKEgL/RO3gQlpoOTFBWSZTWRf6J28AABbfgAAQUAv+kAPARAoaBBIAIABUU0AAAAA1TeqeUGamhiaaGh1qXtp0ysnrs4DBSHxStpQymJuMrKBTijRQouIUQVQFk802wGip4jffe+LuSKcKEgL/RO3g"
	twoXZ    = "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4ABLAEhdABiLgqlgj4qos1e4/UyEVdPpigsgVhyDF7zUrTMVtY3GvzEvy0O8wnOXyNvrt5AgD1X11faFuYNvBVN0RbzzLmZlSH009FaAAAD5DpmIQLuiwAABZEwzFn1eH7bzfQEAAAAABFla/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4ABLAEhdABiLgqlgj4qos1e4/UyEVdPpigsgVhyDF7zUrTMVtY3GvzEvy0O8wnOXyNvrt5AgD1X11faFuYNvBVN0RbzzLmZlSH009FaAAAD5DpmIQLuiwAABZEwzFn1eH7bzfQEAAAAABFla"
)

func zstded(t testing.TB, texts ...string) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	for _, text := range texts {
		b = w.EncodeAll([]byte(text), b)
	}
	return b
}

func decoded(t testing.TB, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Every compression is known by its content, and archives follow one another in a file.
func TestCompressions(t *testing.T) {
	line := lineGET + "\n"
	f := func(name string, data []byte) {
		t.Helper()
		for _, in := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data))} {
			s, err := OpenReader(name, in)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			got, err := io.ReadAll(s)
			if string(got) != line+line || err != nil || s.Compression != name {
				t.Errorf("%s: got %q, %v, %s", name, got, err, s.Compression)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	f("gzip", gzipped(t, line, line))
	f("zstd", zstded(t, line, line))
	f("bzip2", decoded(t, twoBzip2))
	f("xz", decoded(t, twoXZ))
}

// Wherever an archive is cut, its lines come up to there and then an error that says so; and whichever byte is
// damaged, the lines still add up.
func TestDamagedArchives(t *testing.T) {
	var log strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&log, strings.Replace(lineGET, "GET /", "GET /%d", 1)+"\n", i*7919)
	}
	f := func(name string, data []byte) {
		t.Helper()
		for cut := len(data) - 1; cut > 10; cut -= 1 + len(data)/40 {
			s, err := OpenReader(name, bytes.NewReader(data[:cut]))
			if err == nil {
				s.Peek()
				r := newCombined(s)
				readAll(r)
				err = r.Err()
				if c := r.Counts(); c.Lines != c.Entries+c.Malformed+c.Blank || c.Malformed > 1 {
					t.Errorf("%s cut at %d: %+v", name, cut, c)
				}
			}
			if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "the "+name+" data is cut off") {
				t.Errorf("%s cut at %d of %d: %v", name, cut, len(data), err)
			}
			damaged := bytes.Clone(data)
			damaged[cut] ^= 0x55
			if s, err = OpenReader(name, bytes.NewReader(damaged)); err == nil {
				r := newCombined(s)
				readAll(r)
				if c := r.Counts(); c.Lines != c.Entries+c.Malformed+c.Blank {
					t.Errorf("%s damaged at %d: %+v", name, cut, c)
				}
			}
		}
	}
	f("gzip", gzipped(t, log.String()))
	f("zstd", zstded(t, log.String()))
	f("bzip2", decoded(t, twoBzip2)[:len(decoded(t, twoBzip2))/2])
	f("xz", decoded(t, twoXZ)[:len(decoded(t, twoXZ))/2])
}

// FuzzArchive: whatever a file looks compressed with, it ends in lines that add up.
func FuzzArchive(f *testing.F) {
	f.Add(gzipped(f, lineGET+"\n", lineGET))
	f.Add(zstded(f, lineGET+"\n", lineGET))
	f.Add(decoded(f, twoBzip2))
	f.Add(decoded(f, twoXZ))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := OpenReader("fuzz", bytes.NewReader(data))
		if err != nil {
			return
		}
		r := newCombined(s)
		for n := 0; r.Scan() && n < 10_000; n++ {
		}
		if c := r.Counts(); c.Lines != c.Entries+c.Malformed+c.Blank {
			t.Fatalf("%+v", c)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
