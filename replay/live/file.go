package live

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	"ngxreplay/parse"
)

const (
	// printSize is how many bytes tell that a file is still what it was.
	printSize = 256
	// leastHead is how many bytes at the beginning of two files must be the same for them to be one log.
	leastHead = 32
	// sampleSize is how much of a file is looked at to find its format and its routes.
	sampleSize = 256 << 10
	// chunk is how much is read at once.
	chunk = 64 << 10
)

// A file is one that is known to the watch, whatever it is called at the moment.
type file struct {
	name    string // the last that it was seen under
	info    os.FileInfo
	named   bool
	present bool  // has a name at this poll
	size    int64 // at the last sighting

	handle          *os.File  // nil when it is at rest or done
	out             *pipe     // of a plain log
	changed, rested time.Time // when it was written to, at the last sighting and when it was closed
	pos             int64     // up to here it was read
	lf              bool      // the last byte read was a line feed, or none was read
	head            []byte    // the first bytes
	before          []byte    // the first bytes before it was truncated
	print           []byte    // the last bytes read

	archive bool
	stable  int // polls at which an archive had the same size
	begin   func(f *file, r io.Reader) error
	lanes   atomic.Int32 // that read it; set down by them

	first  []byte // whole lines that tell the format, if there were any at the beginning
	atEnd  bool   // begin at the end, not at the beginning
	judged bool   // it is known what to do with it, which an empty file does not tell
	done   bool   // nothing will be read from it any more

	grew     time.Time
	replaced time.Time // since when another file has its name
}

// look reads the first bytes.
func (f *file) look() error {
	head, err := f.readAt(0, printSize)
	if err != nil {
		return err
	}
	f.head, f.lf = head, true
	source, err := parse.OpenReader(f.name, bytes.NewReader(head))
	f.archive = err != nil || source.Compression != "" // what is cut off begins like an archive at least
	if err == nil {
		return source.Close()
	}
	return nil
}

// readAt reads up to n bytes at pos: fewer at the end of the file.
func (f *file) readAt(pos int64, n int) ([]byte, error) {
	buf := make([]byte, n)
	got, err := f.handle.ReadAt(buf, pos)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return buf[:got], nil
}

// toEnd moves behind the last whole line.
func (f *file) toEnd() {
	from := max(0, f.size-chunk)
	tail, err := f.readAt(from, int(f.size-from))
	if err != nil {
		return // reading it will say so again
	}
	f.pos = from + int64(bytes.LastIndexByte(tail, '\n')+1)
	if i := f.pos - from; i == 0 && from > 0 {
		f.pos = f.size // a line that long is none
	}
	f.print, _ = f.readAt(max(0, f.pos-printSize), int(min(f.pos, printSize)))
}

// sample takes the lines before the position, or else those after it, to tell the format.
func (f *file) sample() {
	from, cut := max(0, f.pos-sampleSize), f.pos > sampleSize
	if f.pos == 0 {
		from = 0
	}
	lines, err := f.readAt(from, int(min(f.size-from, sampleSize)))
	if err != nil {
		return
	}
	if cut {
		_, lines, _ = bytes.Cut(lines, []byte{'\n'})
	}
	f.first = lines[:bytes.LastIndexByte(lines, '\n')+1]
}

// advance reads what was written since the last time.
func (f *file) advance(now time.Time) error {
	switch {
	case f.done:
		return nil
	case f.archive:
		return f.await(now)
	case f.handle == nil && (!f.present || f.size == f.pos && f.changed.Equal(f.rested)):
		return nil
	case f.handle == nil:
		if err := f.wake(); err != nil {
			return err
		}
	}
	info, err := f.handle.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	if !f.isSame(size) { // also when nothing seems to have changed: times on disk are too coarse to tell
		f.restart()
	}
	for f.pos < size {
		n := min(int64(f.out.room()), size-f.pos, chunk)
		if n <= 0 {
			f.grew = now
			return nil
		}
		b, err := f.readAt(f.pos, int(n))
		if err != nil {
			return err
		}
		if len(b) == 0 {
			break // truncated just now; the next poll sees it
		}
		f.took(b, now)
	}
	if !f.named && (now.Sub(f.grew) >= rest || now.Sub(info.ModTime()) >= rest) {
		f.sleep()
		f.rested = info.ModTime()
	}
	return nil
}

// took hands b on and remembers where it ended.
func (f *file) took(b []byte, now time.Time) {
	f.out.write(b)
	if f.pos < printSize && int64(len(f.head)) == f.pos {
		f.head = append(f.head[:f.pos:f.pos], b[:min(len(b), printSize-int(f.pos))]...)
	}
	f.pos += int64(len(b))
	f.lf = b[len(b)-1] == '\n'
	f.print = append(f.print, b[max(0, len(b)-printSize):]...)
	f.print = append([]byte(nil), f.print[max(0, len(f.print)-printSize):]...)
	f.grew = now
}

// isSame reports whether the file still holds what was read of it. One that was truncated and grew to the position since
// then does not.
func (f *file) isSame(size int64) bool {
	return size >= f.pos && f.holds(f.print, f.pos)
}

func (f *file) holds(print []byte, end int64) bool {
	b, err := f.readAt(end-int64(len(print)), len(print))
	return err != nil || bytes.Equal(b, print) // an error is no sign of a new beginning; reading will meet it again
}

// restart begins again after the file was truncated. A line that was half written ends there.
func (f *file) restart() {
	if !f.lf {
		f.out.write([]byte{'\n'})
	}
	f.before = f.head
	f.pos, f.head, f.print, f.lf = 0, nil, nil, true
}

// began reports whether a log with that head is this one.
func (f *file) began(head []byte) bool {
	for _, own := range [][]byte{f.head, f.before} {
		if n := min(len(own), len(head)); n >= leastHead && bytes.Equal(own[:n], head[:n]) {
			return true
		}
	}
	return false
}

// continues takes the place of f, which has lost its name to next, when next is the same log with more in it: rsync
// writes a new file and moves it over the old one.
func (f *file) continues(next *file) bool {
	if f.archive || next.archive || f.done || !f.judged || f.pos == 0 || next.size < f.pos || !f.began(next.head) || !next.holds(f.print, f.pos) {
		return false
	}
	f.info, f.size, f.present, f.replaced = next.info, next.size, true, time.Time{}
	if f.handle != nil {
		_ = f.handle.Close() // it was only read
		f.handle = next.handle
		return true
	}
	f.handle, f.out = next.handle, newPipe(f.out.drain)
	return f.read(f.out) == nil
}

// read lets somebody read r. A file whose lines cannot be read is done with.
func (f *file) read(r io.Reader) error {
	f.lanes.Add(1)
	err := f.begin(f, r)
	if err != nil {
		f.lanes.Add(-1)
		f.finish()
	}
	return err
}

// await waits until an archive has had the same size at three polls in a row, and hands it on.
func (f *file) await(now time.Time) error {
	info, err := f.handle.Stat()
	if err != nil {
		return err
	}
	if info.Size() != f.pos {
		f.pos, f.stable, f.grew = info.Size(), 0, now
		return nil
	}
	if f.stable++; f.stable >= 2 {
		handle := f.handle
		f.done, f.handle = true, nil
		return f.read(handle) // which closes it
	}
	return nil
}

// sleep closes a file that nobody writes to any more, and wake opens it again.
func (f *file) sleep() {
	f.out.end()
	_ = f.handle.Close() // it was only read
	f.handle = nil
}

func (f *file) wake() error {
	handle, err := os.Open(f.name)
	if err != nil {
		return err
	}
	f.handle, f.out = handle, newPipe(f.out.drain)
	return f.read(f.out)
}

// leave reports whether the file can be forgotten, which has no name any more. One that an argument names is kept until
// its successor is there: nginx writes to the old one until it is told to open the new one.
func (f *file) leave(now time.Time) bool {
	if f.present {
		return false
	}
	quiet := now.Sub(f.grew)
	replaced := !f.replaced.IsZero() && now.Sub(f.replaced) >= grace && quiet >= grace
	if !f.done && (replaced || !f.named && quiet >= rest) {
		f.finish()
	}
	return f.done && quiet >= memory || f.done && f.named
}

// finish ends the reading.
func (f *file) finish() {
	f.done = true
	if f.out != nil {
		f.out.end()
	}
	if f.handle != nil {
		_ = f.handle.Close() // it was only read
		f.handle = nil
	}
}
