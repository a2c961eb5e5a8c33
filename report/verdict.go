package report

import "fmt"

// Judge is the verdict of a run: no data when a target could not be measured to its end, fail when an assertion
// failed, else pass.
func Judge(run *Run) Verdict {
	verdict := Pass
	for _, a := range run.Assertions {
		if a.Verdict != Pass && verdict != Fail {
			verdict = a.Verdict
		}
	}
	if verdict == Fail {
		return verdict
	}
	for i := range run.Targets {
		if !run.Targets[i].HasData() {
			return NoData
		}
	}
	if len(run.Targets) == 0 {
		return NoData
	}
	return verdict
}

// fewFailures is how many failures at the end of a replay may be chance.
const fewFailures = 20

// StoppedAnswering says that a target answered nothing from some second to the end, or nothing at all; empty when it
// did answer. A handful of failures at the very end proves nothing and is left to the numbers.
func StoppedAnswering(windows []Window) string {
	var failed, answered int64
	last := -1 // the last window with an answer
	for i, w := range windows {
		answered += w.Responses
		if w.Responses > 0 {
			last, failed = i, 0
		} else {
			failed += w.Failed
		}
	}
	switch {
	case answered == 0 && failed > 0:
		return fmt.Sprintf("answered none of %d requests", failed)
	case failed > fewFailures:
		return fmt.Sprintf("answered nothing from second %d to the end (%d requests)", last+1, failed)
	}
	return ""
}
