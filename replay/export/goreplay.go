package export

import (
	"bytes"
	"fmt"

	"ngxreplay/replay/trace"
)

// goreplay writes the files that `gor --input-file` reads: for each request a line "1 ID TIMESTAMP" with nanoseconds
// since 1970, its bytes, and a separator, which is a line of its own.
type goreplay struct {
	target
	message message
	count   int64
}

const (
	goreplayLine      = "🐵🙈🙉\n"
	goreplaySeparator = "\n" + goreplayLine
)

func newGoReplay(t target) Writer { return &goreplay{target: t} }

func (w *goreplay) Write(r *trace.Request) error {
	m := &w.message
	m.fill(&w.wire, r)
	if bytes.Contains(m.raw, []byte(goreplayLine)) {
		return UnfitError("its body holds GoReplay's separator")
	}
	w.count++
	fmt.Fprintf(w.out, "1 %024x %d\n", w.count, w.info.StartNS+r.Offset)
	w.out.Write(m.raw)
	_, err := w.out.WriteString(goreplaySeparator)
	return err // of any of the three: a bufio.Writer keeps its first
}

func (w *goreplay) Close() error { return w.out.Flush() }
