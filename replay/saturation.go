package replay

import "fmt"

// saturated is the share of a second's requests that must have left late by our own fault for the generator to count as
// saturated in that second.
const saturated = 0.10

// saturation finds the longest run of seconds in which the generator was saturated, and says so; "" when there is
// none. A second in which nothing was due to leave breaks no run.
func saturation(windows []Window) string {
	var best, run struct{ from, to, late, sent int64 }
	for i, w := range windows {
		switch {
		case w.Sent == 0:
			continue
		case float64(w.Late) <= saturated*float64(w.Sent):
			run.sent = 0
			continue
		case run.sent == 0:
			run.from, run.late = int64(i), 0
		}
		run.to, run.late, run.sent = int64(i), run.late+w.Late, run.sent+w.Sent
		if run.late > best.late {
			best = run
		}
	}
	if best.sent == 0 {
		return ""
	}
	until := fmt.Sprintf("from %d s to %d s", best.from, best.to+1)
	if best.to == int64(len(windows))-1 {
		until = fmt.Sprintf("from %d s on", best.from)
	}
	return fmt.Sprintf("generator saturated %s: %.0f %% of %d requests left more than %v late although a connection was free",
		until, 100*float64(best.late)/float64(best.sent), best.sent, lateness)
}
