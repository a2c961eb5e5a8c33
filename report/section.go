package report

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"ngxreplay/replay"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"
)

// A section is a titled list of statements, the same in every rendering.
type section struct {
	Title string
	Items []item
}

// An item is what there is to say about one thing.
type item struct {
	Label string
	Lines []cell
}

// sections are the statements of a run in reading order. Those with nothing to say are left out.
func sections(run *Run) []section {
	all := []section{
		{"Trouble", troubles(run)},
		{"Ledger", ledger(run)},
		{"Mix", mix(run)},
		{"Failed requests", failed(run)},
		{"Sent again", again(run)},
		{"Bodies", bodies(run)},
		{"Calls of gRPC", calls(run)},
		{"Slowest requests", slowest(run)},
		{"Fidelity", fidelity(run)},
		{"Noise", unlabelled(noise(run), plain)},
		{"Notes", unlabelled(run.Notes, plain)},
		{"Assertions", assertions(run)},
	}
	return slices.DeleteFunc(all, func(s section) bool { return len(s.Items) == 0 })
}

func unlabelled(texts []string, tone tone) []item {
	if len(texts) == 0 {
		return nil
	}
	var lines []cell
	for _, text := range texts {
		lines = append(lines, cell{printable(text), tone})
	}
	return []item{{Lines: lines}}
}

func troubles(run *Run) []item {
	var items []item
	for i := range run.Targets {
		if t := &run.Targets[i]; t.Trouble != "" {
			text := printable(t.Trouble) + ": its numbers are not those of a whole run"
			items = append(items, item{excerpt(t.Name, longestLabel), []cell{{text, bad}}})
		}
	}
	return items
}

// ledger shows that the sums add up: of the logs, then of the targets. Targets to which everything was sent and that
// answered it all share a line.
func ledger(run *Run) []item {
	log := item{"log", logEquations(&run.Ledger)}
	if err := run.Ledger.Check(); err != nil {
		log.Lines = append(log.Lines, cell{printable(err.Error()), bad})
	}
	items := []item{log}
	var clean []string
	for i := range run.Targets {
		t := &run.Targets[i]
		if l := t.Ledger; l == (replay.Ledger{Requests: l.Requests, Scheduled: l.Requests, Sent: l.Requests, Responses: l.Requests}) &&
			l.Requests == run.Trace.Requests {
			clean = append(clean, excerpt(t.Name, longestLabel))
			continue
		}
		of := item{excerpt(t.Name, longestLabel), targetEquations(t.Ledger)}
		if err := t.Ledger.Check(); err != nil {
			of.Lines = append(of.Lines, cell{printable(err.Error()), bad})
		}
		items = append(items, of)
	}
	if len(clean) > 0 {
		n := count(run.Trace.Requests)
		line := cell{Text: fmt.Sprintf("%s scheduled = %s sent = %s responses", n, n, n)}
		items = slices.Insert(items, 1, item{strings.Join(clean, ", "), []cell{line}})
	}
	return items
}

func logEquations(l *trace.Ledger) []cell {
	return []cell{
		{Text: equation(l.Lines, "lines", term{l.Entries, "entries", ""}, term{l.Malformed, "malformed", ""}, term{l.Blank, "blank", ""})},
		{Text: equation(l.Entries, "entries", term{l.Requests, "requests", ""},
			term{trace.Total(l.Filtered), "filtered", tally(l.Filtered)},
			term{trace.Total(l.Unreplayable), "unreplayable", tally(l.Unreplayable)})},
	}
}

func targetEquations(l replay.Ledger) []cell {
	lines := []cell{
		{Text: equation(l.Scheduled, "scheduled", term{l.Sent, "sent", ""}, term{l.Dropped, "dropped", ""}, term{l.Abandoned, "abandoned", ""})},
		{Text: equation(l.Sent, "sent", term{l.Responses, "responses", ""}, term{l.Failed, "failed", ""})},
	}
	if l.Beyond != 0 || l.Requests != l.Scheduled {
		lines = slices.Insert(lines, 0, cell{Text: scaled(l)})
	}
	return lines
}

// scaled says how the requests of the trace became those that were scheduled. What there is none of is left out.
func scaled(l replay.Ledger) string {
	terms := []term{{l.Scheduled, "scheduled", ""}}
	for _, t := range []term{{l.Thinned, "of clients left out", ""}, {l.Beyond, "due after the end", ""}} {
		if t.n != 0 {
			terms = append(terms, t)
		}
	}
	left := count(l.Requests) + tie + "requests"
	for _, t := range []term{{l.Repeated, "repeated", ""}, {l.Copied, "of copied clients", ""}} {
		if t.n != 0 {
			left += " +" + tie + count(t.n) + tie + t.name
		}
	}
	_, right, _ := strings.Cut(equation(l.Requests, "requests", terms...), "=")
	return left + " =" + right
}

// mix tells what became of each class of a mix, for each target that it differs for.
func mix(run *Run) []item {
	var items []item
	var told *traffic.Mixed
	for i := range run.Targets {
		t := &run.Targets[i]
		if t.Mix == nil || told != nil && reflect.DeepEqual(told, t.Mix) {
			continue
		}
		if told != nil {
			items = append(items, item{excerpt(t.Name, longestLabel), []cell{{Text: "ended at another place:"}}})
		}
		told = t.Mix
		for _, class := range t.Mix.Classes {
			items = append(items, item{excerpt(class.Class, longestLabel), []cell{{Text: classShare(class)}}})
		}
		if n := unnamed(t.Mix); n > 0 {
			text := fmt.Sprintf("%s, %s %% of the log: left out", plural(n, "request", "requests"), digits(100*float64(n)/float64(t.Mix.Requests)))
			items = append(items, item{"no class", []cell{{Text: text, Tone: faint}}})
		}
	}
	return items
}

// unnamed is how many requests of the log are of no class of a mix.
func unnamed(m *traffic.Mixed) int64 {
	n := m.Requests
	for _, class := range m.Classes {
		n -= class.Requests
	}
	return n
}

func classShare(s traffic.Share) string {
	text := fmt.Sprintf("%s requests, %s %% of the log; weight %s, %s %% asked; %s sent, %s %% achieved",
		count(s.Requests), digits(100*s.Log), printable(s.Weight), digits(100*s.Asked), count(s.Drawn), digits(100*s.Achieved))
	if s.Cycles > 0 {
		text += "; began again " + plural(s.Cycles, "time", "times")
	}
	if s.LeftOut > 0 {
		text += "; " + count(s.LeftOut) + " never sent"
	}
	return text
}

// A term is an addend of an equation.
type term struct {
	n       int64
	name    string
	details string
}

func equation(total int64, name string, terms ...term) string {
	var b strings.Builder
	fmt.Fprint(&b, count(total), tie, name)
	for i, t := range terms {
		sign := "+"
		if i == 0 {
			sign = "="
		}
		fmt.Fprint(&b, " ", sign, tie, count(t.n), tie, t.name)
		if t.details != "" {
			fmt.Fprintf(&b, " (%s)", t.details)
		}
	}
	return b.String()
}

// failed lists why requests failed, the commonest class first, each with an example.
func failed(run *Run) []item {
	var items []item
	for i := range run.Targets {
		t := &run.Targets[i]
		if len(t.Errors) == 0 {
			continue
		}
		of := item{Label: excerpt(t.Name, longestLabel)}
		for _, class := range t.Errors.classes() {
			text := fmt.Sprintf("%s %s", count(t.Errors.count(class)), printable(string(class)))
			if f := t.Errors[class]; f != nil && len(f.Examples) > 0 {
				text += ": " + excerpt(f.Examples[0], longestError)
			}
			of.Lines = append(of.Lines, cell{text, bad})
		}
		items = append(items, of)
	}
	return items
}

// slowestShown is how many of the slowest requests of a target are listed; run.json has all that were kept.
const slowestShown = 3

// slowest lists the requests with the longest response times, and where the log has them.
func slowest(run *Run) []item {
	var items []item
	for i := range run.Targets {
		t := &run.Targets[i]
		of := item{Label: excerpt(t.Name, longestLabel)}
		for _, e := range t.Slowest[:min(len(t.Slowest), slowestShown)] {
			text := fmt.Sprintf("%s%s, status %d: %s (%s:%d)", latency(e.Response), afterRetries(e.Retries), e.Status,
				excerpt(e.Method+" "+e.Target, longestTarget), excerpt(e.Source, longestTarget), e.Line)
			of.Lines = append(of.Lines, cell{Text: text})
		}
		if len(of.Lines) > 0 {
			items = append(items, of)
		}
	}
	return items
}

// longestTarget is where a request is cut.
const longestTarget = 100

// longestError is where the text of an error is cut.
const longestError = 240

// classes returns the classes of failures, the commonest first.
func (e Errors) classes() []wire.Class {
	return slices.SortedFunc(maps.Keys(e), func(a, b wire.Class) int {
		return cmp.Or(cmp.Compare(e.count(b), e.count(a)), cmp.Compare(a, b))
	})
}

func (e Errors) count(class wire.Class) int64 {
	if f := e[class]; f != nil {
		return f.Count
	}
	return 0
}

// fidelity tells how late requests left, and why a replay was not what was asked for.
func fidelity(run *Run) []item {
	var items []item
	for i := range run.Targets {
		t := &run.Targets[i]
		f := &t.Fidelity
		if f.Verdict == "" {
			continue
		}
		first := cell{printable(string(f.Verdict)), fidelityTone(f.Verdict)}
		if f.Lag.Max > 0 {
			first.Text += fmt.Sprintf(": lag p50 %s, p99 %s, max %s", latency(f.Lag.P50), latency(f.Lag.P99), latency(f.Lag.Max))
		}
		of := item{excerpt(t.Name, longestLabel), []cell{first}}
		for _, reason := range f.Reasons {
			of.Lines = append(of.Lines, cell{Text: printable(reason)})
		}
		items = append(items, of)
	}
	return items
}

func assertions(run *Run) []item {
	var items []item
	for _, a := range run.Assertions {
		text := printable(a.Expr)
		if a.Text != "" {
			text += ": " + printable(a.Text)
		}
		items = append(items, item{printable(string(a.Verdict)), []cell{{text, a.Verdict.tone()}}})
	}
	return items
}

func (v Verdict) tone() tone {
	switch v {
	case Pass:
		return good
	case Fail:
		return bad
	}
	return warn
}
