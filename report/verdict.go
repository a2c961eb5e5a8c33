package report

import (
	"fmt"
	"strings"

	"ngxreplay/replay"
	"ngxreplay/replay/wire"
)

// Judge sets the verdict of a run and its reasons: fail when an assertion failed; no data when a target could not be
// measured to its end, or its replay was not what was asked for; else pass.
func (run *Run) Judge() {
	run.Verdict, run.Reasons = Pass, []string{}
	worsen := func(v Verdict, reason string) {
		if run.Verdict != Fail {
			run.Verdict = v
		}
		run.Reasons = append(run.Reasons, reason)
	}
	for _, a := range run.Assertions {
		if a.Verdict != Pass {
			worsen(a.Verdict, a.Expr+": "+a.Text)
		}
	}
	for i := range run.Targets {
		switch t := &run.Targets[i]; {
		case !t.isWhole():
			worsen(NoData, t.Name+": "+t.flaw())
		case run.Config.Require == replay.Faithful && t.Fidelity.Verdict != replay.Faithful:
			worsen(NoData, fmt.Sprintf("%s: the replay was %s, and --require asks for faithful: %s", t.Name, t.Fidelity.Verdict, strings.Join(t.Fidelity.Reasons, "; ")))
		}
	}
	if len(run.Targets) == 0 {
		worsen(NoData, "no target was replayed at")
	}
}

// flaw is why a target was not measured whole.
func (t *Target) flaw() string {
	switch {
	case t.Trouble != "":
		return t.Trouble
	case t.Overall.Count == 0:
		return "nothing was answered"
	case t.Ledger.Abandoned > 0:
		return fmt.Sprintf("%d of %d requests were not sent", t.Ledger.Abandoned, t.Ledger.Scheduled)
	}
	return "the replay was not faithful: " + strings.Join(t.Fidelity.Reasons, "; ")
}

// A handful of failures at the end of a replay may be chance; refused connections hardly are.
const (
	fewFailures = 20
	fewRefusals = 2
)

// StoppedAnswering says that a target answered nothing from some second to the end, or nothing at all; empty when it
// did answer.
func StoppedAnswering(windows []Window, errors Errors) string {
	few := int64(fewFailures)
	if errors[wire.Refused] != nil {
		few = fewRefusals
	}
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
	case failed > few:
		return fmt.Sprintf("answered nothing from second %d to the end (%d requests)", last+1, failed)
	}
	return ""
}
