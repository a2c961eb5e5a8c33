package results

import (
	"fmt"

	"ngxreplay/replay"
	"ngxreplay/replay/trace"
)

// columns are those beside the columns of a trace: see docs/results-format.md.
func (t *table) columns() []trace.Beside {
	number := func(name string, of func(*fact) (int64, bool)) trace.Beside {
		return trace.Beside{Name: name, Number: func(row int) (int64, bool) { return of(&t.facts[row]) }}
	}
	text := func(name string, of func(*fact) (string, bool)) trace.Beside {
		return trace.Beside{Name: name, Repeats: true, Text: func(row int) (string, bool) { return of(&t.facts[row]) }}
	}
	return []trace.Beside{
		number("seq", func(f *fact) (int64, bool) { return f.Number, true }),
		number("loop", func(f *fact) (int64, bool) { return int64(f.loop), true }),
		number("copy", func(f *fact) (int64, bool) { return int64(f.copy), true }),
		text("target_name", func(f *fact) (string, bool) { return f.target, true }),
		text("outcome", func(f *fact) (string, bool) { return fates[f.Fate], true }),
		text("error_class", func(f *fact) (string, bool) { return string(f.Failed), f.Failed != "" }),
		number("attempts", func(f *fact) (int64, bool) { return int64(f.Attempts), true }),
		number("due_ns", func(f *fact) (int64, bool) { return int64(f.Due), true }),
		number("sent_ns", func(f *fact) (int64, bool) { return int64(f.Sent), f.Fate != replay.Dropped }),
		number("first_byte_ns", func(f *fact) (int64, bool) { return int64(f.First), f.First != 0 }),
		number("done_ns", func(f *fact) (int64, bool) { return int64(f.Done), f.Fate != replay.Dropped }),
		number("response_status", func(f *fact) (int64, bool) { return int64(f.Status), f.Fate == replay.Answered }),
		number("response_bytes", func(f *fact) (int64, bool) { return f.Bytes, f.Fate == replay.Answered }),
		text("response_hash", func(f *fact) (string, bool) { return fmt.Sprintf("%016x", f.Hash), f.Hashed }),
	}
}

// fates are the values of the column outcome.
var fates = [...]string{replay.Answered: "answered", replay.Failed: "failed", replay.Dropped: "dropped"}
