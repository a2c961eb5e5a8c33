package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ngxreplay/replay/wire"
)

// sentAgain says which requests left more than once, and why.
func sentAgain(t *Target) []fact {
	var f []fact
	if t.Reconnected > 0 {
		why := "the target had closed the kept connection before the request reached it"
		if t.Client == ClientHTTP2 {
			why = "the target had ended the connection, or took no more on it, before it took the request"
		}
		f = append(f, fact{"reconnected", count(t.Reconnected) + ": " + why})
	}
	if t.Retried > 0 {
		f = append(f, fact{"retried", fmt.Sprintf("%s (%s); %s answered only after that", count(t.Retried), retriedAfter(t.RetriedAfter),
			plural(t.AnsweredAfterRetry, "request was", "requests were"))})
	}
	return f
}

// retriedAfter lists the failures that were followed by another attempt, the commonest first.
func retriedAfter(after map[wire.Class]int64) string {
	classes := slices.SortedFunc(maps.Keys(after), func(a, b wire.Class) int {
		return cmp.Or(cmp.Compare(after[b], after[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, class := range classes {
		parts = append(parts, count(after[class])+" "+string(class))
	}
	return strings.Join(parts, ", ")
}

// afterRetries tells of a request that was sent again; "" of others.
func afterRetries(n int) string {
	if n == 0 {
		return ""
	}
	return " with " + plural(int64(n), "retry", "retries")
}

// again lists what was sent again, for each target that it happened with.
func again(run *Run) []item {
	var items []item
	for i := range run.Targets {
		t := &run.Targets[i]
		of := item{Label: excerpt(t.Name, longestLabel)}
		for _, fact := range sentAgain(t) {
			of.Lines = append(of.Lines, cell{Text: fact.Name + " " + printable(fact.Value)})
		}
		if len(of.Lines) > 0 {
			items = append(items, of)
		}
	}
	return items
}

// RetryNotes say what attempts beside the first mean for the numbers of a target.
func RetryNotes(t *Target) []string {
	if t.Retried == 0 {
		return nil
	}
	return []string{"requests were sent again (--retry): response times count from when a request was due and hold all of its attempts, " +
		"service times are those of the last one, and a failed attempt that was followed by another is not among the failures"}
}
