package live

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A tester is a *testing.T or a *rapid.T.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// A watched folder is looked at by explicit polls, and what is read of each file is kept by the name it had.
type watched struct {
	tester
	*watch
	dir  string
	now  time.Time
	step time.Duration // between two looks; 0 is a second
	read map[string]*bytes.Buffer
	from map[string][]io.Reader
}

func watchIn(t *testing.T, fromStart bool, names ...string) *watched {
	dir := t.TempDir()
	w := &watched{tester: t, dir: dir, now: time.Now(), read: map[string]*bytes.Buffer{}}
	for i, name := range names {
		names[i] = filepath.Join(dir, name)
	}
	w.watch = &watch{names: names, fromStart: fromStart, drained: func() {}}
	w.begin = func(f *file, r io.Reader) error {
		name := filepath.Base(f.name)
		if w.read[name] == nil {
			w.read[name] = new(bytes.Buffer)
		}
		if p, ok := r.(*pipe); ok {
			w.sinks(name, p)
			return nil
		}
		z, err := gzip.NewReader(r)
		if err != nil {
			return err
		}
		_, err = w.read[name].ReadFrom(z)
		f.lanes.Add(-1)
		return err
	}
	t.Cleanup(w.close)
	return w
}

func (w *watched) sinks(name string, p *pipe) {
	if w.from == nil {
		w.from = map[string][]io.Reader{}
	}
	w.from[name] = append(w.from[name], p)
}

// look polls, a step later than the last time, and takes what came.
func (w *watched) look() {
	w.Helper()
	w.now = w.now.Add(cmp.Or(w.step, time.Second))
	w.poll(w.now)
	for name, pipes := range w.from {
		for _, r := range pipes {
			p := r.(*pipe)
			w.read[name].Write(p.buf[p.start:])
			p.start = len(p.buf)
		}
	}
}

func (w *watched) path(name string) string { return filepath.Join(w.dir, name) }

func (w *watched) append(name, text string) {
	w.Helper()
	f, err := os.OpenFile(w.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		w.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		w.Fatal(err)
	}
}

func (w *watched) do(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// all is what was read of all files together, as sorted lines: none may be there twice.
func (w *watched) all() []string {
	var lines []string
	for _, b := range w.read {
		lines = append(lines, strings.SplitAfter(b.String(), "\n")...)
	}
	lines = slices.DeleteFunc(lines, func(l string) bool { return l == "" })
	slices.Sort(lines)
	return lines
}

func (w *watched) want(lines ...int) {
	w.Helper()
	var want []string
	for _, n := range lines {
		want = append(want, line(n))
	}
	slices.Sort(want)
	if got := w.all(); !slices.Equal(got, want) {
		w.Fatalf("read %q\nwant %q", got, want)
	}
}

func line(n int) string { return fmt.Sprintf("line %03d of a log that somebody writes\n", n) }

func TestANamedFileIsFollowedFromItsEnd(t *testing.T) {
	w := watchIn(t, false, "access.log")
	w.append("access.log", line(1)+line(2)[:9])
	w.look()
	if got := w.read["access.log"].String(); got != line(2)[:9] {
		t.Errorf("began at %q, not with the line that was half written", got)
	}
	w.append("access.log", line(2)[9:]+line(3)[:5])
	w.look()
	w.append("access.log", line(3)[5:])
	w.look()
	w.want(2, 3)
}

func TestAFileThatComesLaterIsReadFromItsStart(t *testing.T) {
	w := watchIn(t, false, "access.log")
	w.look()
	w.append("access.log", line(1))
	w.look()
	w.append("access.log", line(2))
	w.look()
	w.want(1, 2)
}

// nginx writes to the renamed file until it is told to open its log again, and each worker does so in its own time.
func TestRenameAndReopen(t *testing.T) {
	w := watchIn(t, true, "access.log")
	w.append("access.log", line(1))
	w.look()
	w.do(os.Rename(w.path("access.log"), w.path("access.log.1")))
	for range 100 {
		w.look() // however long it takes
	}
	w.append("access.log.1", line(2))
	w.look()
	w.append("access.log", line(3))
	w.append("access.log.1", line(4))
	w.look()
	w.append("access.log.1", line(5))
	w.append("access.log", line(6))
	w.look()
	w.want(1, 2, 3, 4, 5, 6)
	for range 5 {
		w.look()
	}
	if len(w.files) != 1 {
		t.Errorf("the old file is still open")
	}
	w.append("access.log", line(7))
	w.look()
	w.want(1, 2, 3, 4, 5, 6, 7)
}

func TestDeletedAndMadeAgain(t *testing.T) {
	w := watchIn(t, true, "access.log")
	for n := range 5 {
		w.append("access.log", line(n))
		w.look()
		w.do(os.Remove(w.path("access.log")))
		if n%2 == 0 {
			w.look()
		}
	}
	w.want(0, 1, 2, 3, 4)
}

func TestTruncate(t *testing.T) {
	for _, test := range []struct {
		name  string
		after string
	}{
		{"to less than was read", line(4)},
		{"and grown to what was read", line(4) + line(5) + line(6)},
		{"and grown beyond what was read", line(4) + line(5) + line(6) + line(7)},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := watchIn(t, true, "access.log")
			w.append("access.log", line(1)+line(2)+line(3))
			w.look()
			w.do(os.Truncate(w.path("access.log"), 0))
			w.append("access.log", test.after)
			w.look()
			w.append("access.log", line(8)) // a file of the same size shows what it is when it grows
			w.look()
			want := []int{1, 2, 3, 8}
			for n := 4; n < 4+strings.Count(test.after, "\n"); n++ {
				want = append(want, n)
			}
			w.want(want...)
		})
	}
}

// In a directory, rotation shows a log under new names. Nothing is read twice.
func TestRotationInADirectory(t *testing.T) {
	for name, rotate := range map[string]func(w *watched){
		"rename": func(w *watched) {
			w.do(os.Rename(w.path("access.log"), w.path("access.log.1")))
		},
		"copytruncate": func(w *watched) {
			b, err := os.ReadFile(w.path("access.log"))
			w.do(err)
			w.append("access.log.1", string(b))
			w.do(os.Truncate(w.path("access.log"), 0))
		},
		"copytruncate, seen in between": func(w *watched) {
			b, err := os.ReadFile(w.path("access.log"))
			w.do(err)
			w.append("access.log.1", string(b))
			w.look()
			w.do(os.Truncate(w.path("access.log"), 0))
		},
		"rename and compress": func(w *watched) {
			b, err := os.ReadFile(w.path("access.log"))
			w.do(err)
			w.do(os.Rename(w.path("access.log"), w.path("access.log.1")))
			w.look()
			w.do(os.WriteFile(w.path("access.log.1.gz"), zipped(string(b)), 0o600))
			w.do(os.Remove(w.path("access.log.1")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := watchIn(t, false, "")
			w.append("access.log", line(1)+line(2))
			w.look()
			for n := 3; n < 9; n += 2 {
				if n > 3 && name != "rename and compress" {
					w.do(os.Rename(w.path("access.log.1"), w.path(fmt.Sprintf("access.log.%d", n))))
				} else if n > 3 {
					w.do(os.Rename(w.path("access.log.1.gz"), w.path(fmt.Sprintf("access.log.%d.gz", n))))
				}
				rotate(w)
				w.append("access.log", line(n))
				w.look()
				w.append("access.log", line(n+1))
				w.look()
			}
			w.look()
			w.look()
			w.want(1, 2, 3, 4, 5, 6, 7, 8)
		})
	}
}

func zipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.Bytes()
}

// rsync writes a hidden file beside the log and moves it over it.
func TestRsyncReplacesAFileByOneWithMoreInIt(t *testing.T) {
	for name, pause := range map[string]int{"soon": 1, "after the file was put to rest": 100} {
		t.Run(name, func(t *testing.T) {
			w := watchIn(t, false, "")
			w.append("web-access.log", line(1)+line(2))
			for range pause {
				w.look()
			}
			w.append(".web-access.log.Xy12ab", line(1)+line(2)+line(3))
			w.look()
			w.do(os.Rename(w.path(".web-access.log.Xy12ab"), w.path("web-access.log")))
			for range pause {
				w.look()
			}
			w.append("web-access.log", line(4)) // --inplace
			w.look()
			w.want(1, 2, 3, 4)
		})
	}
}

func TestSlices(t *testing.T) {
	w := watchIn(t, false, "")
	w.append("access-1205.log", line(2))
	w.append("access-1200.log", line(1))
	w.do(os.Chtimes(w.path("access-1200.log"), w.now, w.now.Add(-time.Minute)))
	w.append("error.log", "an error\n")
	var order []string
	begin := w.begin
	w.begin = func(f *file, r io.Reader) error {
		order = append(order, filepath.Base(f.name))
		return begin(f, r)
	}
	w.look()
	w.append(".access-1210.log.gz.abc", string(zipped(line(3))))
	w.look()
	w.do(os.Rename(w.path(".access-1210.log.gz.abc"), w.path("access-1210.log.gz")))
	w.look()
	if len(order) != 2 {
		t.Errorf("an archive was read before it was known to be whole: %v", order)
	}
	w.append("access-1210.log.gz", string(zipped(line(4)))) // it grew after all
	for range 4 {
		w.look()
	}
	w.want(1, 2, 3, 4)
	if want := []string{"access-1200.log", "access-1205.log", "access-1210.log.gz"}; !slices.Equal(order, want) {
		t.Errorf("read in the order %v", order)
	}
	for range 100 {
		w.look()
	}
	for _, f := range w.files {
		if f.handle != nil {
			t.Errorf("%s is still open", f.name)
		}
	}
	w.append("access-1205.log", line(5))
	w.look()
	w.want(1, 2, 3, 4, 5)
}

func TestAPatternIsExpandedAgain(t *testing.T) {
	w := watchIn(t, false, "*.log")
	w.append("a.log", line(1))
	w.look()
	w.append("b.log", line(2))
	w.append("a.log", line(3))
	w.append("c.txt", line(4))
	w.look()
	w.want(2, 3)
}

// What is not wanted yet stays in the file.
func TestReadingWaitsForRoom(t *testing.T) {
	w := watchIn(t, true, "access.log")
	w.append("access.log", strings.Repeat(line(1), 4*pipeSize/len(line(1))))
	w.poll(w.now)
	p := w.files[0].out
	if p.room() != 0 || len(p.buf) != pipeSize {
		t.Errorf("%d bytes in the pipe", len(p.buf))
	}
	drained := 0
	p.drain = func() { drained++; w.advance(w.now) }
	p.end()
	n, err := io.Copy(io.Discard, p)
	if want := int64(4 * pipeSize / len(line(1)) * len(line(1))); err != nil || n != want || drained < 3 {
		t.Errorf("%d of %d bytes, %v, drained %d times", n, want, err, drained)
	}
}
