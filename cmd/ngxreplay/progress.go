package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// startProgress shows what line returns until the returned function is called: redrawn in place on a terminal, one
// plain line an interval elsewhere. line is pulled, so the work it speaks of needs no knowledge of it; "" shows
// nothing.
func (t *terminal) startProgress(line func() string) (stop func()) {
	draw, every := t.plain, 5*time.Second
	if isTerminal(t.err) {
		draw, every = t.redraw, 200*time.Millisecond
	}
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				if text := line(); text != "" {
					draw(text)
				}
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		wait.Wait()
		if isTerminal(t.err) {
			fmt.Fprint(t.err, "\r\x1b[K")
		}
	}
}

func (t *terminal) plain(text string) { fmt.Fprintln(t.err, text) }

func (t *terminal) redraw(text string) {
	if width := terminalWidth(t.err); len(text) >= width {
		text = text[:max(width-1, 0)]
	}
	fmt.Fprint(t.err, "\r", text, "\x1b[K")
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// defaultWidth is that of a pipe or a file, in columns: enough for the comparison in one table, so that each target
// is one line to grep.
const defaultWidth = 180

func terminalWidth(w io.Writer) int {
	if file, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return defaultWidth
}
