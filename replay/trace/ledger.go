package trace

import (
	"fmt"

	"ngxreplay/parse"
)

// A Ledger accounts for every line of the logs and every entry among them.
//
//	lines   = entries + malformed + blank
//	entries = requests + filtered + unreplayable
//
// A request that came from another trace counts as a line and an entry.
type Ledger struct {
	Lines        int64                  `json:"lines"`
	Entries      int64                  `json:"entries"`
	Malformed    int64                  `json:"malformed"`
	Blank        int64                  `json:"blank"`
	Requests     int64                  `json:"requests"`
	Filtered     map[Rule]int64         `json:"filtered"`
	Unreplayable map[parse.Reason]int64 `json:"unreplayable"`
}

func newLedger() Ledger {
	return Ledger{Filtered: map[Rule]int64{}, Unreplayable: map[parse.Reason]int64{}}
}

// count takes what a reader has read since it was counted last.
func (l *Ledger) count(now, before parse.Counts) {
	l.Lines += now.Lines - before.Lines
	l.Entries += now.Entries - before.Entries
	l.Malformed += now.Malformed - before.Malformed
	l.Blank += now.Blank - before.Blank
}

// Check returns an error that names the equation that does not hold: a bug of this program.
func (l *Ledger) Check() error {
	if l.Lines != l.Entries+l.Malformed+l.Blank {
		return fmt.Errorf("ledger: %d lines, but %d entries + %d malformed + %d blank: a bug of ngxreplay, please report it",
			l.Lines, l.Entries, l.Malformed, l.Blank)
	}
	if filtered, unreplayable := Total(l.Filtered), Total(l.Unreplayable); l.Entries != l.Requests+filtered+unreplayable {
		return fmt.Errorf("ledger: %d entries, but %d requests + %d filtered + %d unreplayable: a bug of ngxreplay, please report it",
			l.Entries, l.Requests, filtered, unreplayable)
	}
	return nil
}

// Total is the sum of the counts.
func Total[K comparable](counts map[K]int64) int64 {
	var total int64
	for _, n := range counts {
		total += n
	}
	return total
}
