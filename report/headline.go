package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// headline says in a few lines what was replayed, how, and where. The first is the title.
func headline(run *Run) []string {
	lines := []string{title(run), recording(run), place(run)}
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" })
}

func title(run *Run) string {
	requests, behind := plural(run.Trace.Requests, "request", "requests"), ""
	if run.Config.Follow != "" {
		if run.Trace.BehindNS > 0 {
			behind = fmt.Sprintf(", %s behind production", tied(span(run.Trace.BehindNS)))
		}
		return "Shadowed " + requests + behind + lasted(run)
	}
	n, over := scheduled(run), tied(span(run.Trace.SpanNS))
	made := scaling(&run.Config)
	switch {
	case made != "":
		over = fmt.Sprintf("made of %s recorded over %s (%s)", count(run.Trace.Requests), over, made)
		requests = plural(n, "request", "requests")
	case n < run.Trace.Requests:
		over, requests = "recorded over "+over, count(n)+" of "+requests
	default:
		over = "recorded over " + over
	}
	return fmt.Sprintf("Replayed %s, %s, at %s%s", requests, over, pace(&run.Config), lasted(run))
}

// scaling says what made the requests of the replay of those of the trace: "" when they are the same.
func scaling(c *Config) string {
	var parts []string
	if c.Loop > 1 {
		parts = append(parts, count(int64(c.Loop))+" loops")
	}
	if c.Amplify > 0 && c.Amplify != 1 {
		parts = append(parts, clients(c.Amplify))
	}
	if c.Mix != "" {
		parts = append(parts, "mix "+excerpt(c.Mix, longestTarget))
	}
	return strings.Join(parts, ", ")
}

// clients is how many there are of each of the log.
func clients(amplify float64) string { return decimal(amplify) + " × the clients" }

// decimal is a number as it was asked for.
func decimal(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// scheduled is how many requests a target was to get: all, unless the replay was to end before the trace.
func scheduled(run *Run) int64 {
	if len(run.Targets) == 0 {
		return run.Trace.Requests
	}
	var most int64
	for i := range run.Targets {
		most = max(most, run.Targets[i].Ledger.Scheduled)
	}
	return most
}

func pace(c *Config) string {
	if c.Pace == "max" {
		return "the pace of the targets, without a schedule"
	}
	var also string
	if c.Pace == "constant" {
		also = ", at equal distances"
	}
	if c.Ramp != "" {
		also += ", ramped " + printable(c.Ramp)
	}
	if c.Rate > 0 {
		return "a mean of " + digits(c.Rate) + " requests/s" + also
	}
	return "speed " + decimal(c.Speed) + also
}

// lasted is how long the replay took: the longest, with several targets.
func lasted(run *Run) string {
	var longest int64
	for i := range run.Targets {
		longest = max(longest, run.Targets[i].ElapsedNS)
	}
	switch {
	case longest == 0:
		return ""
	case len(run.Targets) == 1:
		return ", in " + tied(span(longest))
	}
	return fmt.Sprintf(", in %s for each of %d targets", tied(span(longest)), len(run.Targets))
}

func recording(run *Run) string {
	var formats []string
	for _, source := range run.Trace.Sources {
		name := excerpt(source.FormatName, longestLabel)
		if name != "" && !slices.Contains(formats, name) {
			formats = append(formats, name)
		}
	}
	var parts []string
	switch len(formats) {
	case 0:
	case 1:
		parts = append(parts, "log format "+formats[0])
	default:
		parts = append(parts, "log formats "+enumerate(formats))
	}
	if run.Trace.PrecisionNS > 0 {
		parts = append(parts, "arrivals known to "+precision(run.Trace.PrecisionNS))
	}
	if run.Trace.SHA256 != "" {
		parts = append(parts, "trace "+short(run.Trace.SHA256))
	}
	return strings.Join(parts, " · ")
}

// precision writes the resolution of a log's clock.
func precision(ns int64) string {
	switch time.Duration(ns) {
	case time.Second:
		return "the second"
	case time.Millisecond:
		return "the millisecond"
	}
	return latency(ns)
}

func place(run *Run) string {
	e := &run.Environment
	var parts []string
	if e.CPU != "" {
		parts = append(parts, fmt.Sprintf("%d × %s", e.CPUs, excerpt(e.CPU, 60)))
	}
	if e.Memory > 0 {
		parts = append(parts, size(e.Memory))
	}
	if system := strings.TrimSpace(e.OS + " " + e.Kernel + " " + e.Arch); system != "" {
		parts = append(parts, excerpt(system, 60))
	}
	if e.Hash != "" {
		parts = append(parts, "environment "+short(e.Hash))
	}
	return strings.Join(parts, " · ")
}

// made says which program made the run, and when.
func made(run *Run) string {
	text := printable(strings.TrimSpace(run.Tool.Name + " " + run.Tool.Version))
	if !run.Config.Started.IsZero() {
		text += " · " + run.Config.Started.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	return text
}

// short is enough of a hash to tell two apart by eye.
func short(hash string) string { return printable(hash[:min(len(hash), 12)]) }
