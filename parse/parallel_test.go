package parse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

// lineReader is what both readers are.
type lineReader interface {
	Scan() bool
	Entry() (*Entry, *LineError)
	Line() int64
	Counts() Counts
	Format() *Format
	Envelope() Envelope
	Err() error
}

var (
	_ lineReader = (*Reader)(nil)
	_ lineReader = (*ParallelReader)(nil)
)

// story tells all that a reader yields, line by line.
func story(r lineReader) []string {
	var out []string
	for r.Scan() {
		e, bad := r.Entry()
		if bad != nil {
			out = append(out, fmt.Sprintf("%d %v %s %v", r.Line(), bad, bad.Text, r.Counts()))
		} else {
			out = append(out, fmt.Sprintf("%d %s %s %q %q %.200q %d %v", r.Line(), r.Format().Name(), brief(e), e.Headers, e.Request, e.UserAgent, len(e.UserAgent), r.Counts()))
		}
	}
	return append(out, fmt.Sprint(r.Counts(), r.Err(), r.Scan()))
}

// sameStory compares both readers on one log.
func sameStory(t interface{ Fatalf(string, ...any) }, open func() io.Reader, size, parsers int, formats ...*Format) {
	want := story(NewReader(open(), "x", formats...))
	r := open()
	p := newParallelReader(r, "x", parsers, formats)
	if s, ok := r.(*Source); ok && s.Envelope() != EnvelopeNone {
		p = NewParallelReader(r, "x", parsers, formats...)
	}
	p.blockSize = size
	defer p.Close()
	got := story(p)
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("line %d of %d:\n got %s\nwant %s", i, len(want), got[min(i, len(got)-1)], want[min(i, len(want)-1)])
		}
	}
}

func parallelFormats() []*Format {
	return []*Format{mustCompile("headers", combined+` "$http_accept" "$cookie_a"`, EscapeDefault), mustCompile("combined", combined, EscapeDefault)}
}

// Whatever the bytes are and however they come, the parallel reader yields what the serial one does.
func TestParallel(t *testing.T) {
	defer goleak.VerifyNone(t)
	formats := parallelFormats()
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(rapid.OneOf(
			rapid.SampledFrom([]string{lineGET, lineGET + ` "a\x22" "b"`, lineGET + ` "-" "c\x5C"`, "", " ", "bad", "\x00\x00" + lineGET, lineGET + "\r", "\xef\xbb\xbf" + lineGET, strings.Replace(lineGET, "curl", strings.Repeat("x", 500), 1)}),
			rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "bytes")) }),
		)).Draw(t, "lines")
		log := strings.Join(lines, "\n")
		chunk := rapid.IntRange(1, 1000).Draw(t, "chunk")
		fail := rapid.Bool().Draw(t, "fail")
		open := func() io.Reader {
			var r io.Reader = chunked{strings.NewReader(log), chunk}
			if fail {
				r = io.MultiReader(r, iotest.ErrReader(errors.New("broken")))
			}
			return r
		}
		sameStory(t, open, rapid.IntRange(1, 3000).Draw(t, "block"), rapid.IntRange(1, 3).Draw(t, "parsers"), formats...)
	})
}

// Lines that no block can hold, and logs in envelopes, are read all the same.
func TestParallelSerial(t *testing.T) {
	defer goleak.VerifyNone(t)
	formats := parallelFormats()
	long := strings.Repeat("x", MaxLine-len(lineGET))
	for _, log := range []string{
		lineGET + "\n" + strings.Repeat("y", 3*maxBlock) + "\n" + lineGET + "\nbad\n\n" + lineGET,
		lineGET + "\n" + strings.Repeat("\x00", 3*maxBlock) + lineGET + "\n" + lineGET,
		strings.Repeat(strings.Replace(lineGET, "curl", long, 1)+"\n", 3),
		"\xef\xbb\xbf" + strings.Repeat("y", MaxLine) + "\n" + lineGET,
	} {
		sameStory(t, func() io.Reader { return strings.NewReader(log) }, blockSize, 2, formats...)
		sameStory(t, func() io.Reader { return chunked{strings.NewReader(log), 100_000} }, 1000, 2, formats...)
	}
	cri := strings.Repeat("2024-02-06T19:00:01.123456789Z stdout F "+lineGET+"\n", 100)
	sameStory(t, func() io.Reader {
		s, err := OpenReader("x", strings.NewReader(cri))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}, 1000, 2, formats...)
}

// A reader that is closed early leaves nothing behind, and gives nothing more.
func TestParallelClose(t *testing.T) {
	defer goleak.VerifyNone(t)
	f, _ := Lookup("combined")
	log := bytes.Repeat([]byte(lineGET+"\n"), 20_000)
	for _, scans := range []int{0, 1, 5000} {
		p := newParallelReader(bytes.NewReader(log), "x", 2, []*Format{f})
		if e, bad := p.Entry(); e.Request != nil || bad != nil {
			t.Error("a line before the first")
		}
		for range scans {
			if !p.Scan() {
				t.Fatal(p.Err())
			}
		}
		for range 2 {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
		if p.Scan() {
			t.Error("a line after the end")
		}
	}
}

// Memory does not grow with the log.
func TestParallelAllocations(t *testing.T) {
	f, _ := Lookup("combined")
	count := func(lines int) float64 {
		log := bytes.Repeat([]byte(lineGET+"\n"), lines)
		return testing.AllocsPerRun(3, func() {
			p := newParallelReader(bytes.NewReader(log), "x", 2, []*Format{f})
			defer p.Close()
			for p.Scan() {
			}
			if p.Counts().Entries != int64(lines) {
				t.Error(p.Counts())
			}
		})
	}
	if few, many := count(20_000), count(200_000); many > few+100 {
		t.Errorf("%v allocations for 20,000 lines, %v for 200,000", few, many)
	}
}

// FuzzParallel: the same, for bytes that a fuzzer finds.
func FuzzParallel(f *testing.F) {
	f.Add([]byte(lineGET+"\n\nbad\r\n\x00\x00"+lineGET+` "a" "b"`), uint16(7))
	f.Add([]byte("\xef\xbb\xbf\n\xef\xbb\xbf"+lineGET+"\n\n"), uint16(1))
	formats := parallelFormats()
	f.Fuzz(func(t *testing.T, log []byte, size uint16) {
		sameStory(t, func() io.Reader { return bytes.NewReader(slices.Clone(log)) }, int(size)%4096+1, 2, formats...)
	})
}
