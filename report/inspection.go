package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"ngxreplay/parse"
	"ngxreplay/replay/trace"
)

// An Inspection is what is in some logs or traces, and what would be sent of them.
type Inspection struct {
	Format           string                 `json:"format"` // of the first source
	FormatName       string                 `json:"format_name"`
	Escape           string                 `json:"escape"`
	Lines            int64                  `json:"lines"`
	Entries          int64                  `json:"entries"`
	Malformed        int64                  `json:"malformed"`
	Blank            int64                  `json:"blank"`
	Unreplayable     map[parse.Reason]int64 `json:"unreplayable"`
	Requests         int64                  `json:"requests"`
	Filtered         int64                  `json:"filtered"`
	FilteredBy       map[trace.Rule]int64   `json:"filtered_by"`
	First            time.Time              `json:"first"`
	Last             time.Time              `json:"last"`
	PrecisionNS      int64                  `json:"precision_ns"`
	HasRequestTime   bool                   `json:"has_request_time"`
	HasHost          bool                   `json:"has_host"`
	HasBody          bool                   `json:"has_body"`
	Methods          map[string]int64       `json:"methods"`
	Status           map[string]int64       `json:"status"`
	Protocols        map[string]int64       `json:"protocols"`
	Hosts            int                    `json:"hosts"`
	Clients          int                    `json:"clients"`
	PeakSecond       int64                  `json:"peak_second"`
	PeakSecondAt     time.Time              `json:"peak_second_at"`
	BodyBytes        int64                  `json:"body_bytes"`
	Curve            []trace.Bucket         `json:"curve"` // entries over time
	Routes           []RouteShare           `json:"routes"`
	MalformedSamples []MalformedSample      `json:"malformed_samples"`
	Sources          []trace.Source         `json:"sources"`
	Problems         []string               `json:"problems"` // inputs that could not be read to their end
	Warnings         []string               `json:"warnings"`
	Outliers         []trace.Outlier        `json:"outliers"`        // requests far from the others
	Trace            *trace.Info            `json:"trace,omitempty"` // when a single trace was inspected
}

// A MalformedSample is a line that does not match its format.
type MalformedSample struct {
	Source string `json:"source"`
	Line   int64  `json:"line"`
	Column int    `json:"column"`
	Reason string `json:"reason"`
	Text   string `json:"text"` // cut, escaped, secrets masked
}

// NewInspection makes the document of a survey.
func NewInspection(s *trace.Survey) *Inspection {
	in := &Inspection{
		Lines: s.Ledger.Lines, Entries: s.Ledger.Entries, Malformed: s.Ledger.Malformed, Blank: s.Ledger.Blank,
		Unreplayable: s.Ledger.Unreplayable, Requests: s.Ledger.Requests,
		Filtered: trace.Total(s.Ledger.Filtered), FilteredBy: s.Ledger.Filtered,
		First: s.First.UTC(), Last: s.Last.UTC(), PrecisionNS: int64(s.Precision),
		Methods: s.Methods, Status: s.Status, Protocols: s.Protocols,
		Hosts: s.Hosts, Clients: s.Clients, PeakSecond: s.PeakSecond, PeakSecondAt: s.PeakAt.UTC(),
		BodyBytes: s.BodyBytes, Curve: s.Curve, Routes: routeShares(s),
		MalformedSamples: []MalformedSample{}, Sources: s.Sources, Problems: []string{},
		Outliers: append([]trace.Outlier{}, s.Outliers...),
	}
	for i, source := range s.Sources {
		if i == 0 {
			in.Format, in.FormatName, in.Escape = source.Format, source.FormatName, source.Escape
		}
		in.HasRequestTime = in.HasRequestTime || source.HasRequestTime
		in.HasHost = in.HasHost || source.HasHost
		in.HasBody = in.HasBody || source.HasBody
	}
	for _, p := range s.Problems {
		in.Problems = append(in.Problems, p.Text)
	}
	for _, m := range s.Malformed {
		in.MalformedSamples = append(in.MalformedSamples, MalformedSample{m.Source, m.Line, m.Column, m.Reason, Mask(m.Text)})
	}
	in.Warnings = append(in.warnings(), s.Findings()...)
	if s.Uncounted > 0 {
		in.Warnings = append(in.Warnings, fmt.Sprintf("peak second and rate leave out %d entries: the log spans too many different minutes", s.Uncounted))
	}
	return in
}

// warnings are what matters to somebody who wants to replay this.
func (in *Inspection) warnings() []string {
	warnings := []string{}
	add := func(when bool, format string, args ...any) {
		if when {
			warnings = append(warnings, fmt.Sprintf(format, args...))
		}
	}
	isLog := len(in.Sources) > 0 && in.FormatName != "trace"
	writes := in.Methods["POST"] + in.Methods["PUT"] + in.Methods["PATCH"]
	add(in.Requests == 0, "no request can be replayed")
	add(isLog && in.PrecisionNS >= int64(time.Second), "times are whole seconds: requests are spread inside them; log $msec for the real times")
	add(isLog && !in.HasRequestTime, "no $request_time: requests are replayed when they ended, not when they arrived")
	add(isLog && !in.HasHost, "no host in the log: the target's own is sent; --host sends another")
	add(writes > 0 && !in.HasBody, "%d POST, PUT and PATCH requests: bodies are not in the log and are sent empty", writes)
	add(in.Status["304"] > 0, "%d answers were 304: conditional headers are not in the log, so targets will answer 200", in.Status["304"])
	add(in.Clients == 1 && in.Requests > 1, "all requests come from one address: is this the log of a server behind a balancer?")
	for _, s := range in.Sources {
		add(len(s.Guessed) > 0, "%s: guessed from their content: %s; give the format with --log-format if one is wrong", s.Name, strings.Join(s.Guessed, ", "))
		add(s.InexactTarget, "%s: the format holds $uri, which is decoded and rewritten: log $request or $request_uri for what the client sent", s.Name)
	}
	add(in.Malformed*10 > in.Lines, "%d of %d lines do not match the format: is it the right one? (--log-format)", in.Malformed, in.Lines)
	return warnings
}

// WriteInspection writes it for people.
func WriteInspection(w io.Writer, in *Inspection) error {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-13s %s\n", name, printable(fmt.Sprintf(format, args...)))
	}
	for _, s := range in.Sources {
		if s.Lines == 0 {
			row("source", "%s: no lines", s.Name)
			continue
		}
		row("source", "%s", describeSource(&s))
		for _, format := range s.Formats {
			row("", "  %s", format)
		}
	}
	row("lines", "%d = %d entries + %d malformed + %d blank", in.Lines, in.Entries, in.Malformed, in.Blank)
	row("entries", "%d = %d requests + %d filtered%s + %d unreplayable%s", in.Entries, in.Requests,
		in.Filtered, details(in.FilteredBy), trace.Total(in.Unreplayable), details(in.Unreplayable))
	if in.PeakSecond > 0 {
		row("time", "%s to %s (%v), known to %v", in.First.Format(time.RFC3339), in.Last.Format(time.RFC3339), in.Last.Sub(in.First), time.Duration(in.PrecisionNS))
		row("peak second", "%d at %s", in.PeakSecond, in.PeakSecondAt.Format(time.RFC3339))
		row("rate", "%s %v each", sparkline(in.Curve), in.Curve[0].Length)
	}
	row("clients", "%d", in.Clients)
	if in.Hosts > 0 {
		row("hosts", "%d", in.Hosts)
	}
	row("methods", "%s", counts(in.Methods))
	row("statuses", "%s", counts(in.Status))
	row("protocols", "%s", counts(in.Protocols))
	if in.Trace != nil {
		row("trace", "sha256 %s", in.Trace.SHA256)
	}
	in.writeRoutes(&b)
	for _, m := range in.MalformedSamples {
		fmt.Fprintf(&b, "malformed     %s:%d:%d: %s: %s\n", printable(m.Source), m.Line, m.Column, printable(m.Reason), printable(m.Text))
	}
	for _, warning := range in.Warnings {
		fmt.Fprintf(&b, "note          %s\n", printable(warning))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// describeSource is a line about a source: its size, its format, and how that is known.
func describeSource(s *trace.Source) string {
	text := fmt.Sprintf("%s: %d lines, %s", s.Name, s.Lines, cmp.Or(s.FormatName, "a format of its own"))
	if len(s.Formats) > 1 {
		text += fmt.Sprintf(" and %d more", len(s.Formats)-1)
	}
	if s.DetectedShare > 0 {
		text += fmt.Sprintf(" (detected: %.4g %% of the lines looked at fit)", 100*s.DetectedShare)
	}
	if s.Envelope != "" {
		text += ", in " + s.Envelope
	}
	if s.Compression != "" {
		text += ", " + s.Compression
	}
	return text
}

// sparkline draws the curve with one character a bucket, from nothing to the fullest.
func sparkline(curve []trace.Bucket) string {
	levels := []rune(" ▁▂▃▄▅▆▇█")
	var fullest int64
	for _, b := range curve {
		fullest = max(fullest, b.Entries)
	}
	line := make([]rune, len(curve))
	for i, b := range curve {
		level := int64(0)
		if b.Entries > 0 { // anything at all is more than nothing
			level = 1 + b.Entries*int64(len(levels)-2)/fullest
		}
		line[i] = levels[level]
	}
	return string(line)
}

// counts lists a map, the largest count first.
func counts[K ~string](m map[K]int64) string {
	keys := slices.SortedFunc(maps.Keys(m), func(a, b K) int {
		return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b))
	})
	parts := make([]string, len(keys))
	for i, key := range keys {
		parts[i] = fmt.Sprintf("%s %d", key, m[key])
	}
	return cmp.Or(strings.Join(parts, ", "), "none")
}

func details[K ~string](m map[K]int64) string {
	if len(m) == 0 {
		return ""
	}
	return " (" + counts(m) + ")"
}
