package live

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ngxreplay/parse"

	"github.com/bmatcuk/doublestar/v4"
)

const (
	// grace is how long a file that was replaced must be quiet before it is let go: the workers of nginx open their new
	// log one after the other.
	grace = 3 * time.Second
	// rest is how long a file found in a directory must be quiet before it is closed. It is opened again when it grows.
	rest = time.Minute
	// memory is how long a file that has vanished is remembered, to know copies of it.
	memory = 10 * time.Minute
	// maxReading is how many files found in directories are read at once; more wait.
	maxReading = 128
	// maxProblems bounds what is said of inputs that cannot be read.
	maxProblems = 100
)

// A watch looks at names again and again, and knows the files behind them. It is used by one goroutine.
type watch struct {
	names     []string // files, patterns and directories
	fromStart bool     // read files that are named from their beginning; those that appear later always are
	begun     bool     // the first poll is over
	files     []*file
	drained   func() // handed to pipes
	// begin is called for every file that is to be read, with its bytes. It closes r where that can be closed.
	begin    func(f *file, r io.Reader) error
	problems []string
	refused  error // what is wrong with named files at the first poll
}

// A sighting is a file under a name at one poll.
type sighting struct {
	name  string
	info  os.FileInfo
	named bool // by an argument, or found by a pattern at the first poll
}

// poll looks once: it takes up new files, and reads what was written to those that it knows.
func (w *watch) poll(now time.Time) {
	byName := make(map[string]*file, len(w.files))
	for _, f := range w.files {
		f.present = false
		byName[f.name] = f
	}
	var strangers []sighting
	for _, s := range w.list() {
		f := byName[s.name]
		if f == nil || !os.SameFile(f.info, s.info) {
			f = w.find(s.info)
		}
		switch {
		case f == nil:
			strangers = append(strangers, s)
		case f != nil && !f.present:
			f.name, f.present, f.size, f.changed, f.replaced = s.name, true, s.info.Size(), s.info.ModTime(), time.Time{}
		}
	}
	slices.SortStableFunc(strangers, func(a, b sighting) int {
		return cmp.Or(a.info.ModTime().Compare(b.info.ModTime()), strings.Compare(a.name, b.name))
	})
	for _, s := range strangers {
		if w.find(s.info) == nil { // else it is another name of the one before
			w.meet(s, now)
		}
	}
	w.advance(now)
	w.begun = true
	w.files = slices.DeleteFunc(w.files, func(f *file) bool { return f.leave(now) })
}

// advance reads what was written to the files that are known.
func (w *watch) advance(now time.Time) {
	for _, f := range w.files {
		if !f.judged && !f.done {
			if err := w.judge(f); err != nil {
				w.say(f.name, err)
			}
		}
		if !f.judged {
			continue
		}
		if err := f.advance(now); err != nil {
			w.say(f.name, err)
		}
	}
}

// list finds what the names stand for now.
func (w *watch) list() []sighting {
	var all []sighting
	add := func(name string, named bool) {
		info, err := os.Stat(name)
		if err == nil && info.Mode().IsRegular() {
			all = append(all, sighting{name, info, named})
		}
	}
	for _, name := range w.names {
		info, err := os.Stat(name)
		switch {
		case err == nil && info.IsDir():
			entries, err := os.ReadDir(name)
			if err != nil {
				w.say(name, err)
			}
			for _, entry := range entries {
				if path := filepath.Join(name, entry.Name()); parse.NotLogName(path) == "" {
					add(path, false)
				}
			}
		case err != nil && isPattern(name):
			matches, err := doublestar.FilepathGlob(name)
			if err != nil {
				w.say(name, err)
			}
			for _, path := range matches {
				if !strings.HasPrefix(filepath.Base(path), ".") { // rsync's name for what is not complete
					add(path, !w.begun)
				}
			}
		default:
			add(name, true)
		}
	}
	return all
}

// isPattern reports whether a name that is no file may stand for several.
func isPattern(name string) bool { return strings.ContainsAny(name, "*?[{") }

func (w *watch) find(info os.FileInfo) *file {
	for _, f := range w.files {
		if os.SameFile(f.info, info) {
			return f
		}
	}
	return nil
}

// meet takes up a file that is not known by what it is: a new one, or a copy of one that is.
func (w *watch) meet(s sighting, now time.Time) {
	if !s.named && w.reading() >= maxReading {
		w.say(s.name, fmt.Errorf("waits, because %d logs are being read", maxReading))
		return
	}
	handle, err := os.Open(s.name)
	if err != nil {
		if s.named && !w.begun {
			w.refused = errors.Join(w.refused, err)
		}
		w.say(s.name, err)
		return
	}
	f := &file{name: s.name, info: s.info, named: s.named, present: true, size: s.info.Size(), handle: handle, begin: w.begin, grew: now}
	f.atEnd = s.named && !w.begun && !w.fromStart
	if replaced := w.replacedBy(s); replaced != nil {
		if f.look() == nil && replaced.continues(f) {
			return
		}
		replaced.replaced = now
	}
	w.files = append(w.files, f)
}

// judge decides what to do with a file as soon as there is something in it.
func (w *watch) judge(f *file) error {
	info, err := f.handle.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	f.judged, f.size = true, info.Size()
	if err := f.look(); err != nil {
		f.finish()
		return err
	}
	switch {
	case w.isCopy(f):
		f.finish()
	case f.archive && f.atEnd:
		f.finish()
		return errors.New("is compressed and will not grow: --follow=start reads it")
	case !f.archive:
		if f.atEnd {
			f.toEnd()
		}
		f.sample()
		f.out = newPipe(w.drained)
		if err := f.read(f.out); err != nil {
			if f.named && !w.begun {
				w.refused = errors.Join(w.refused, err)
			}
			return err
		}
	}
	return nil
}

func (w *watch) reading() int {
	n := 0
	for _, f := range w.files {
		if !f.named && f.lanes.Load() > 0 {
			n++
		}
	}
	return n
}

// replacedBy is the file that had the name of s and has none now.
func (w *watch) replacedBy(s sighting) *file {
	for _, f := range slices.Backward(w.files) {
		if f.name == s.name && !f.present && f.replaced.IsZero() {
			return f
		}
	}
	return nil
}

// isCopy reports whether f holds what was read already under another name: the copy that copytruncate makes, or a
// rotated log that was compressed.
func (w *watch) isCopy(f *file) bool {
	plain := f.name
	for _, suffix := range []string{".gz", ".zst", ".bz2", ".xz"} {
		plain = strings.TrimSuffix(plain, suffix)
	}
	for _, known := range w.files {
		if f.archive && known.name == plain && plain != f.name {
			return true
		}
		if known != f && !f.archive && (strings.HasPrefix(f.name, known.name) || strings.HasPrefix(known.name, f.name)) && known.began(f.head) {
			return true
		}
	}
	return false
}

// say keeps what is wrong with an input, once.
func (w *watch) say(name string, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		return // it was there a moment ago, and may come again
	}
	text := err.Error()
	if !strings.Contains(text, name) {
		text = name + ": " + text
	}
	if len(w.problems) < maxProblems && !slices.Contains(w.problems, text) {
		w.problems = append(w.problems, text)
	}
}

// close ends all pipes and closes all files.
func (w *watch) close() {
	for _, f := range w.files {
		f.finish()
	}
	w.files = nil
}
