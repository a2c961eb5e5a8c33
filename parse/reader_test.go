package parse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

const lineGET = `1.2.3.4 - - [07/Feb/2024:00:00:01 +0500] "GET / HTTP/1.1" 200 12 "-" "curl"`

// readAll gives each line of a log as its number and what became of it.
func readAll(r *Reader) []string {
	var out []string
	for r.Scan() {
		e, bad := r.Entry()
		switch {
		case bad != nil && e != nil:
			out = append(out, "both")
		case bad != nil:
			out = append(out, fmt.Sprintf("%d: %d: %s", r.Line(), bad.Column, bad.Reason))
		default:
			out = append(out, fmt.Sprintf("%d: %s", r.Line(), e.Target))
		}
	}
	return out
}

func newCombined(r io.Reader) *Reader {
	f, _ := Lookup("combined")
	return NewReader(r, "access.log", f)
}

func TestReader(t *testing.T) {
	f := func(log string, want Counts, lines ...string) {
		t.Helper()
		want.Lines = want.Entries + want.Malformed + want.Blank
		readers := map[string]io.Reader{
			"whole":    strings.NewReader(log),
			"one byte": iotest.OneByteReader(strings.NewReader(log)),
			"half":     iotest.HalfReader(strings.NewReader(log)),
			"data err": iotest.DataErrReader(strings.NewReader(log)),
		}
		for name, in := range readers {
			r := newCombined(in)
			if got := readAll(r); strings.Join(got, "\n") != strings.Join(lines, "\n") {
				t.Errorf("%.100q, %s:\n got %q\nwant %q", log, name, got, lines)
			}
			if r.Counts() != want || r.Err() != nil {
				t.Errorf("%.100q, %s: got %+v, %v, want %+v", log, name, r.Counts(), r.Err(), want)
			}
			if r.Scan() {
				t.Errorf("%.100q, %s: a line after the end", log, name)
			}
		}
	}
	f("", Counts{})
	f("\n", Counts{Blank: 1})
	f(" \t\r\n\n", Counts{Blank: 2})
	f(lineGET, Counts{Entries: 1}, "1: /")
	f(lineGET+"\n", Counts{Entries: 1}, "1: /")
	f(lineGET+"\r\n"+lineGET+"\r", Counts{Entries: 2}, "1: /", "2: /")
	f(lineGET+"\r\r\n", Counts{Malformed: 1}, "1: 76: expected the end of the line")
	f("\n"+lineGET+"\n\nbad\n"+lineGET, Counts{Entries: 2, Malformed: 1, Blank: 2}, "2: /", `4: 4: expected " - "`, "5: /")
	f("\xef\xbb\xbf"+lineGET+"\n", Counts{Entries: 1}, "1: /")
	f("\xef\xbb\xbfbad\n", Counts{Malformed: 1}, `1: 7: expected " - "`)
	// Runs of NUL, as copytruncate leaves them.
	nul := strings.Repeat("\x00", 5000)
	f(nul+lineGET+"\n"+lineGET, Counts{Entries: 2}, "1: /", "2: /")
	f(lineGET+"\n"+nul, Counts{Entries: 1, Malformed: 1}, "1: /", "2: 1: nothing but NUL bytes")
	f(nul+"\n"+nul+"bad\n", Counts{Malformed: 2}, "1: 1: nothing but NUL bytes", `2: 5004: expected " - "`)
	f("1.2.3.4 - "+nul+"\n", Counts{Malformed: 1}, `1: 5011: expected " ["`)
}

func TestReaderLongLines(t *testing.T) {
	long := func(n int) string { // a line of n bytes that fits
		return strings.Replace(lineGET, "curl", strings.Repeat("x", n-len(lineGET)+4), 1)
	}
	f := func(log string, want ...string) {
		t.Helper()
		r := newCombined(strings.NewReader(log))
		if got := readAll(r); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got %q, want %q", got, want)
		}
		if c := r.Counts(); c.Lines != c.Entries+c.Malformed+c.Blank || r.Err() != nil {
			t.Errorf("%+v, %v", c, r.Err())
		}
	}
	tooLong := fmt.Sprintf(": %d: line too long", MaxLine+1)
	f(long(MaxLine)+"\n"+lineGET, "1: /", "2: /")
	f(long(MaxLine)+"\r\n"+lineGET, "1: /", "2: /")
	f(long(MaxLine), "1: /")
	f(long(MaxLine+1)+"\n"+lineGET, "1"+tooLong, "2: /")
	f(long(MaxLine+2)+"\n"+lineGET, "1"+tooLong, "2: /")
	f(long(5*MaxLine)+"\n"+lineGET+"\n"+long(3*MaxLine), "1"+tooLong, "2: /", "3"+tooLong)
	f(strings.Repeat("\x00", 3*MaxLine)+lineGET, "1: /")
}

// An endless line must not fill the memory.
func TestReaderEndlessLine(t *testing.T) {
	r := newCombined(io.LimitReader(endless{}, 1<<30))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if got := readAll(r); len(got) != 1 {
		t.Fatal(got)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 8*MaxLine {
		t.Errorf("%d bytes were allocated", used)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestReaderErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	r := newCombined(io.MultiReader(strings.NewReader(lineGET+"\n"+lineGET), iotest.ErrReader(broken)))
	want := []string{"1: /", "2: 1: line cut off by a read error"}
	if got := readAll(r); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", got)
	}
	if err := r.Err(); !errors.Is(err, broken) || err.Error() != "access.log:2: disk on fire" {
		t.Error(err)
	}
	if c := r.Counts(); c != (Counts{Lines: 2, Entries: 1, Malformed: 1}) {
		t.Errorf("%+v", c)
	}
	r = newCombined(stuck{})
	if r.Scan() || !errors.Is(r.Err(), io.ErrNoProgress) {
		t.Error(r.Err())
	}
	r = newCombined(liar{})
	if r.Scan() || r.Err() == nil {
		t.Error(r.Err())
	}
}

type stuck struct{}

func (stuck) Read(p []byte) (int, error) { return 0, nil }

type liar struct{}

func (liar) Read(p []byte) (int, error) { return len(p) + 1, nil }

func TestLineError(t *testing.T) {
	r := newCombined(strings.NewReader("\nev\x1b[31mil\x07\xff " + strings.Repeat("x", 300)))
	if !r.Scan() {
		t.Fatal("no line")
	}
	_, bad := r.Entry()
	if want := `access.log:2:12: expected " - "`; bad.Error() != want {
		t.Errorf("got %s, want %s", bad, want)
	}
	if want := `ev\x1b[31mil\x07\xff ` + strings.Repeat("x", 188) + "..."; bad.Text != want {
		t.Errorf("got %s", bad.Text)
	}
}

// FuzzReader: the counts add up, and the lines do not depend on how the bytes come in.
func FuzzReader(f *testing.F) {
	f.Add([]byte(lineGET+"\n\nbad\r\n\x00\x00"+lineGET), uint16(3), false)
	f.Add([]byte("\xef\xbb\xbf"+lineGET+"\n\x00\n"), uint16(1), true)
	f.Fuzz(func(t *testing.T, log []byte, chunk uint16, fail bool) {
		whole := newCombined(bytes.NewReader(log))
		want := readAll(whole)
		var in io.Reader = chunked{bytes.NewReader(log), int(chunk)%100 + 1}
		if fail {
			in = io.MultiReader(in, iotest.ErrReader(io.ErrUnexpectedEOF))
		}
		r := newCombined(in)
		got := readAll(r)
		if !fail && strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("got %q, want %q", got, want)
		}
		if fail != (r.Err() != nil) {
			t.Fatal(r.Err())
		}
		for _, r := range []*Reader{whole, r} {
			c := r.Counts()
			if c.Lines != c.Entries+c.Malformed+c.Blank {
				t.Fatalf("%+v", c)
			}
		}
		lines := bytes.Count(log, []byte("\n"))
		if len(log) > 0 && log[len(log)-1] != '\n' {
			lines++
		}
		if whole.Counts().Lines != int64(lines) {
			t.Fatalf("%d lines were counted, there are %d", whole.Counts().Lines, lines)
		}
	})
}

// A chunked reader returns at most n bytes at once.
type chunked struct {
	r io.Reader
	n int
}

func (c chunked) Read(p []byte) (int, error) { return c.r.Read(p[:min(len(p), c.n)]) }
