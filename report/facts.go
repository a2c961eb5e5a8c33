package report

import (
	"fmt"
	"strings"
	"time"

	"ngxreplay/replay"
	"ngxreplay/replay/trace"
)

// A fact is a name and a value.
type fact struct{ Name, Value string }

type facts struct {
	Title string
	Facts []fact
}

// add appends a fact, unless there is nothing to tell.
func (f *facts) add(name, value string) {
	if value != "" {
		f.Facts = append(f.Facts, fact{name, printable(value)})
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// positive is the count, or what a zero stands for.
func positive(n int64, zero string) string {
	if n > 0 {
		return count(n)
	}
	return zero
}

func configFacts(run *Run) facts {
	c := &run.Config
	f := facts{Title: "What was asked for"}
	if !c.Started.IsZero() {
		f.add("started", c.Started.UTC().Format(time.RFC3339))
	}
	f.add("inputs", strings.Join(c.Inputs, ", "))
	f.add("targets", strings.Join(c.Targets, ", "))
	f.add("pace", pace(c))
	if c.Loop > 1 {
		f.add("loops", count(int64(c.Loop)))
	}
	if c.Amplify > 0 && c.Amplify != 1 {
		f.add("amplify", clients(c.Amplify))
	}
	f.add("mix", c.Mix)
	if c.Follow != "" {
		f.add("followed", fmt.Sprintf("from the %s of the logs, %s behind", c.Follow, span(c.DelayNS)))
	}
	if c.MaxGapNS > 0 {
		f.add("idle gaps cut to", span(c.MaxGapNS))
	}
	if c.DurationNS > 0 {
		f.add("at most", span(c.DurationNS))
	}
	f.add("limit", positive(c.Limit, "none"))
	f.add("spread", fmt.Sprintf("%s, seed %d", c.Spread, c.Seed))
	f.add("filter", filterText(&c.Filter))
	if c.PerClient {
		f.add("connections", "each client its own")
	} else {
		f.add("connections", positive(int64(c.Connections), "as many as needed"))
	}
	f.add("in flight at most", positive(int64(c.MaxInFlight), "no limit"))
	if c.TimeoutNS > 0 {
		f.add("timeout", timeoutText(c))
	}
	if c.Retry > 0 {
		f.add("retries", "up to "+count(int64(c.Retry)))
	}
	f.add("exactness", exactness(c))
	f.addIf(c.HashBodies, "bodies of answers", "hashed")
	f.addIf(c.Results, "rows", "one a request, in results.parquet")
	f.addIf(c.HTTP > 1, "HTTP", fmt.Sprint(c.HTTP))
	f.add("host", c.Host)
	for _, h := range c.Header {
		f.add("header", h.Name+": "+h.Value)
	}
	f.addSending(&c.Sending)
	f.addDialing(&c.Dialing)
	return f
}

func timeoutText(c *Config) string {
	if c.FirstByteNS > 0 {
		return fmt.Sprintf("%s, the first byte %s", latency(c.TimeoutNS), latency(c.FirstByteNS))
	}
	return latency(c.TimeoutNS)
}

// exactness says how exactly requests were to leave, and what was to become of late ones; "" is the default.
func exactness(c *Config) string {
	var parts []string
	if c.SlackNS > 0 {
		parts = append(parts, latency(c.SlackNS)+" of slack")
	}
	if c.SpinNS > 0 {
		parts = append(parts, "spinning for "+latency(c.SpinNS))
	}
	if c.Threads > 1 {
		parts = append(parts, fmt.Sprintf("%d threads", c.Threads))
	}
	switch c.Late {
	case replay.LateDrop:
		parts = append(parts, "late requests dropped")
	case replay.LateShift:
		parts = append(parts, "the plan shifted by lateness")
	}
	return strings.Join(parts, ", ")
}

func filterText(f *trace.Filter) string {
	var parts []string
	add := func(name string, values []string) {
		if len(values) > 0 {
			parts = append(parts, name+" "+strings.Join(values, " "))
		}
	}
	add("method", f.Methods)
	add("status", f.Statuses)
	add("path", f.Paths)
	add("not", f.Excludes)
	if f.SkipNoise {
		parts = append(parts, "no noise")
	}
	if !f.Since.IsZero() {
		parts = append(parts, "since "+f.Since.Format(time.RFC3339))
	}
	if !f.Until.IsZero() {
		parts = append(parts, "until "+f.Until.Format(time.RFC3339))
	}
	if f.Sample > 0 {
		parts = append(parts, fmt.Sprintf("%.4g %% of the clients (%s)", 100*f.Sample, f.Identity))
	}
	if f.Shard.Of > 0 {
		parts = append(parts, fmt.Sprintf("part %s of the clients (%s)", f.Shard, f.Identity))
	}
	if f.Where != "" {
		parts = append(parts, "where "+f.Where)
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, "; ")
}

func environmentFacts(run *Run) facts {
	e := &run.Environment
	f := facts{Title: "Where"}
	f.add("host", e.Hostname)
	if e.CPU != "" {
		f.add("processor", fmt.Sprintf("%d × %s", e.CPUs, e.CPU))
	}
	if e.Memory > 0 {
		f.add("memory", size(e.Memory))
	}
	f.add("system", strings.TrimSpace(e.OS+" "+e.Kernel+" "+e.Arch))
	f.add("tool", strings.TrimSpace(run.Tool.Name+" "+run.Tool.Version))
	f.add("built with", run.Tool.Go)
	f.add("environment", e.Hash)
	f.add("trace sha256", run.Trace.SHA256)
	if run.Trace.StartNS > 0 {
		f.add("trace begins", time.Unix(0, run.Trace.StartNS).UTC().Format(time.RFC3339))
	}
	f.add("methods", strings.ReplaceAll(tally(run.Trace.Methods), tie, " "))
	return f
}

func targetFacts(t *Target) []fact {
	var f facts
	f.add("client", t.Client)
	l := &t.Fidelity.Lag
	if l.Max > 0 {
		f.add("lag (the tool's delay)", fmt.Sprintf("p50 %s, p99 %s, max %s", latency(l.P50), latency(l.P99), latency(l.Max)))
	}
	f.add("left over 1 ms late", count(t.Fidelity.Late))
	if t.Opened > 0 {
		f.add("connections opened", fmt.Sprintf("%s, %s at once", count(t.Opened), count(int64(t.OpenAtOnce))))
	}
	if t.Doubled > 0 {
		f.add("connections doubled", count(t.Doubled)+" requests: the connection that the log gives them was still busy")
	}
	for _, line := range sentAgain(t) {
		f.add(line.Name, line.Value)
	}
	queued := "none"
	if t.Fidelity.Queued > 0 {
		queued = fmt.Sprintf("%s, up to %s at once", count(t.Fidelity.Queued), count(int64(t.Fidelity.Deepest)))
	}
	f.add("waited for a connection", queued)
	f.add("rate error", digits(100*t.Fidelity.RateError)+" %")
	if t.FirstByte.Max > 0 {
		f.add("first byte after sending", fmt.Sprintf("p50 %s, p99 %s", latency(t.FirstByte.P50), latency(t.FirstByte.P99)))
	}
	if t.FailedIn.Max > 0 {
		f.add("failed after", fmt.Sprintf("p50 %s, max %s", latency(t.FailedIn.P50), latency(t.FailedIn.Max)))
	}
	f.add("statuses", strings.ReplaceAll(statuses(t.Overall.Status), tie, " "))
	f.add("bodies", size(t.Overall.Bytes))
	if t.Bodies != nil {
		f.add("hashes of bodies", t.Bodies.cell().Text)
	}
	f.add("lasted", span(t.ElapsedNS))
	if u := t.Tool; u.CPUNS > 0 {
		f.add("the tool itself", fmt.Sprintf("%s processor time, at most %s memory, %s garbage collections, the longest pause %s",
			latency(u.CPUNS), size(u.PeakRSS), count(u.GCs), latency(u.GCPauseMax)))
	}
	if r := t.Resources; r != nil {
		f.add("processor time", latency(r.CPUNS))
		f.add("memory at most", size(r.PeakRSS))
		if r.GCPauseP99NS >= 0 {
			f.add("garbage collections", count(r.GCPauses))
		}
	}
	return f.Facts
}

func sourceFacts(s *trace.Source) []fact {
	var f facts
	f.add("format", s.FormatName)
	f.add("escape", s.Escape)
	f.add("clock", "to "+precision(s.PrecisionNS))
	f.add("$request_time", yes(s.HasRequestTime))
	f.add("host", yes(s.HasHost))
	f.add("lines", count(s.Lines))
	f.add("entries", count(s.Entries))
	f.add("malformed", count(s.Malformed))
	return f.Facts
}
