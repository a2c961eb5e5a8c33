package live

import (
	"fmt"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A writer is nginx: it has a log open, whatever that is called by now.
type writer struct {
	*watched
	name    string
	file    *os.File
	written []int
	rotated int
}

func (w *writer) reopen() {
	if w.file != nil {
		w.do(w.file.Close())
	}
	var err error
	w.file, err = os.OpenFile(w.path(w.name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	w.do(err)
}

func (w *writer) write(f *os.File) {
	n := len(w.written)
	w.written = append(w.written, n)
	_, err := f.WriteString(line(n))
	w.do(err)
}

// Whatever is done to a log, in whatever order, each line is read once. Lines that are truncated away before anybody has
// looked are lost, so the test looks before it truncates.
func TestNoLineIsLostOrDoubled(t *testing.T) {
	for name, input := range map[string]string{"a file": "access.log", "a directory": ""} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				w := &writer{watched: watchIn(t, true, input), name: "access.log"}
				defer w.close()
				w.tester, w.step = rt, 100*time.Millisecond
				w.reopen()
				defer func() { w.do(w.file.Close()) }()
				rt.Repeat(map[string]func(*rapid.T){
					"write": func(*rapid.T) { w.write(w.file) },
					"write in two parts": func(rt *rapid.T) {
						n := len(w.written)
						w.written = append(w.written, n)
						at := rapid.IntRange(1, len(line(n))-1).Draw(rt, "at")
						_, err := w.file.WriteString(line(n)[:at])
						w.do(err)
						w.look()
						_, err = w.file.WriteString(line(n)[at:])
						w.do(err)
					},
					"look": func(*rapid.T) { w.look() },
					"rename, and write to the old one until it is opened again": func(rt *rapid.T) {
						if _, err := os.Stat(w.path(w.name)); err != nil {
							return
						}
						w.look() // nginx keeps its log longer than a look takes, before it is renamed again
						w.rotated++
						w.do(os.Rename(w.path(w.name), w.path(fmt.Sprint(w.name, ".", w.rotated))))
						for range rapid.IntRange(0, 3).Draw(rt, "lines") {
							w.write(w.file)
						}
						if rapid.Bool().Draw(rt, "look") {
							w.look()
						}
						old := w.file
						w.file = nil
						w.reopen()
						w.write(w.file)
						w.write(old)
						w.do(old.Close())
						w.look()
					},
					"copy and truncate": func(rt *rapid.T) {
						w.look()
						content, err := os.ReadFile(w.path(w.name))
						w.do(err)
						w.rotated++
						w.do(os.WriteFile(w.path(fmt.Sprint(w.name, ".", w.rotated)), content, 0o600))
						if rapid.Bool().Draw(rt, "look") {
							w.look()
						}
						w.do(os.Truncate(w.path(w.name), 0))
					},
					"nobody writes for an hour": func(*rapid.T) {
						w.look()
						entries, err := os.ReadDir(w.dir)
						w.do(err)
						for _, entry := range entries {
							past := time.Now().Add(-time.Hour)
							w.do(os.Chtimes(w.path(entry.Name()), past, past))
						}
						w.look()
					},
				})
				w.look()
				w.look()
				w.want(w.written...)
			})
		})
	}
}
