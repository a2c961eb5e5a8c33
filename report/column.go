package report

import (
	"strings"

	"ngxreplay/replay"
)

// A tone is how a text should be taken. Renderers turn it into a colour, never into the only sign of a meaning.
type tone string

const (
	plain  tone = ""
	good   tone = "good"
	warn   tone = "warn"
	bad    tone = "bad"
	faint  tone = "faint"
	strong tone = "strong"
)

// A cell is a text of a table.
type cell struct {
	Text string
	Tone tone
}

// A column is one measure of every target, in one unit.
type column struct {
	Group string // what neighbours have in common, with the unit: "response ms"
	Name  string
	Cells []cell
}

// A block is columns that belong together and are not torn apart when there is no room for all.
type block []column

// longestLabel is where names of targets are cut, which are the user's.
const longestLabel = 32

// label names a target with what it runs.
func (t *Target) label() string {
	return excerpt(strings.TrimSpace(t.Name+" "+t.Version), longestLabel)
}

// labels are the row headers of a comparison.
func labels(run *Run) []cell {
	list := make([]cell, len(run.Targets))
	for i := range run.Targets {
		list[i].Text = run.Targets[i].label()
	}
	return list
}

// comparison sets the targets side by side, a row each. A target in trouble shows what was counted, but no
// percentile: those of half a run would be compared with those of a whole one.
func comparison(run *Run) []block {
	return []block{counted(run), timed(run), used(run)}
}

func counted(run *Run) block {
	sent := column{Name: "sent"}
	failed := column{Name: "failed"}
	throughput := column{Group: "throughput", Name: "responses/s"}
	for i := range run.Targets {
		t := &run.Targets[i]
		sent.Cells = append(sent.Cells, cell{Text: count(t.Ledger.Sent)})
		failed.Cells = append(failed.Cells, failures(t.Ledger))
		throughput.Cells = append(throughput.Cells, number(t.ifData(t.Overall.Rate), unit{size: 1}))
	}
	return block{sent, failed, throughput}
}

func failures(l replay.Ledger) cell {
	if l.Failed == 0 {
		return cell{Text: "0", Tone: faint}
	}
	return cell{Text: count(l.Failed), Tone: bad}
}

// timed are the latencies. All share one unit, so that they can be compared along a row too.
func timed(run *Run) block {
	measures := []struct {
		group, name string
		of          func(*Statistics) int64
	}{
		{"response", "p50", func(s *Statistics) int64 { return s.Response.P50 }},
		{"response", "p90", func(s *Statistics) int64 { return s.Response.P90 }},
		{"response", "p99", func(s *Statistics) int64 { return s.Response.P99 }},
		{"response", "p999", func(s *Statistics) int64 { return s.Response.P999 }},
		{"response", "max", func(s *Statistics) int64 { return s.Response.Max }},
		{"service", "p99", func(s *Statistics) int64 { return s.Service.P99 }},
	}
	var all []float64
	for i := range run.Targets {
		for _, m := range measures {
			all = append(all, run.Targets[i].ifData(float64(m.of(&run.Targets[i].Overall))))
		}
	}
	u := columnUnit(timeUnits, all)
	columns := make(block, len(measures))
	for i, m := range measures {
		columns[i] = column{Group: m.group + " " + u.name, Name: m.name}
		for row := range run.Targets {
			columns[i].Cells = append(columns[i].Cells, number(all[row*len(measures)+i], u))
		}
	}
	return columns
}

// used is what the targets consumed, and whether the comparison is fair to them.
func used(run *Run) block {
	var rss, pauses []float64
	for i := range run.Targets {
		_, peak, pause := run.Targets[i].usage()
		rss, pauses = append(rss, peak), append(pauses, pause)
	}
	sizes, times := columnUnit(sizeUnits, rss), columnUnit(timeUnits, pauses)
	micros := timeUnits[1]
	status := column{Group: "as logged %", Name: "status"}
	bytes := column{Group: "as logged %", Name: "size"}
	cpu := column{Group: "CPU " + micros.name, Name: "/request"}
	memory := column{Group: "RSS " + sizes.name, Name: "peak"}
	pause := column{Group: "GC pause " + times.name, Name: "p99"}
	fidelity := column{Name: "fidelity"}
	for i := range run.Targets {
		t := &run.Targets[i]
		perRequest, _, _ := t.usage()
		status.Cells = append(status.Cells, t.shareAsLogged(t.AsLogged.Status, t.Overall.Count))
		bytes.Cells = append(bytes.Cells, t.shareAsLogged(t.AsLogged.Size, t.AsLogged.Sized))
		cpu.Cells = append(cpu.Cells, number(perRequest, micros))
		memory.Cells = append(memory.Cells, number(rss[i], sizes))
		pause.Cells = append(pause.Cells, number(pauses[i], times))
		fidelity.Cells = append(fidelity.Cells, t.verdict())
	}
	return block{status, bytes, cpu, memory, pause, fidelity}
}

func number(v float64, u unit) cell {
	text := u.in(v)
	if text == missing {
		return cell{text, faint}
	}
	return cell{Text: text}
}

// ifData is v, or none when nothing can be said of the target.
func (t *Target) ifData(v float64) float64 {
	if !t.HasData() {
		return none
	}
	return v
}

// usage is CPU nanoseconds per request, peak bytes and the 99th percentile of GC pauses.
func (t *Target) usage() (cpu, rss, pause float64) {
	cpu, rss, pause = none, none, none
	r := t.Resources
	if r == nil || !t.HasData() {
		return
	}
	if r.CPUPerRequestNS > 0 {
		cpu = r.CPUPerRequestNS
	}
	if r.PeakRSS > 0 {
		rss = float64(r.PeakRSS)
	}
	if r.GCPauseP99NS >= 0 && r.GCPauses > 0 {
		pause = float64(r.GCPauseP99NS)
	}
	return
}

// shareAsLogged is n of the answers for which the log tells.
func (t *Target) shareAsLogged(n, told int64) cell {
	if !t.HasData() || told == 0 {
		return cell{missing, faint}
	}
	text := share(n, told)
	if n < told {
		return cell{text, warn}
	}
	return cell{Text: text}
}

// verdict is the fidelity of the replay, unless the target's trouble makes it pointless.
func (t *Target) verdict() cell {
	if t.Trouble != "" {
		return cell{"trouble", bad}
	}
	if t.Fidelity.Verdict == "" {
		return cell{missing, faint}
	}
	return cell{printable(string(t.Fidelity.Verdict)), fidelityTone(t.Fidelity.Verdict)}
}

func fidelityTone(v replay.Verdict) tone {
	switch v {
	case replay.Faithful:
		return good
	case replay.Degraded:
		return warn
	}
	return bad
}
