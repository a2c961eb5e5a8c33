package trace

import (
	"fmt"
	"time"

	"ngxreplay/replay/route"
)

// Schema is the version of the trace file that this package writes and reads.
const Schema = "ngxreplay.trace/1"

// Info says what a trace is and where it came from. It is kept in the metadata of the trace file.
type Info struct {
	Schema string `json:"schema"`
	// SHA256 identifies the traffic: the requests, their order and their offsets, not where they were read.
	SHA256   string `json:"sha256"`
	Requests int64  `json:"requests"`
	// SpanNS is the offset of the last request.
	SpanNS int64 `json:"span_ns"`
	// PrecisionNS is how far a request may have arrived from where the trace has it, by the clock of the log.
	PrecisionNS int64 `json:"precision_ns"`
	// StartNS is the arrival of the first request, in nanoseconds since 1970.
	StartNS int64            `json:"start_ns"`
	Spread  Spread           `json:"spread"`
	Seed    uint64           `json:"seed"`
	Methods map[string]int64 `json:"methods"`
	Routes  []route.Route    `json:"routes"`
	Sources []Source         `json:"sources"`
	Ledger  Ledger           `json:"ledger"`
	// Filter and Limit are what was kept of the sources. Globs and expression are left out of an anonymized trace.
	Filter Filter `json:"filter,omitzero"`
	Limit  int64  `json:"limit,omitempty"`
	// Anonymized says that pseudonyms stand for what identifies people.
	Anonymized bool `json:"anonymized,omitempty"`

	// MaxGapNS is the longest idle gap that was allowed; 0 when any was. GapsCut were longer, and lost CutNS in all.
	MaxGapNS int64     `json:"max_gap_ns"`
	GapsCut  int64     `json:"gaps_cut"`
	CutNS    int64     `json:"cut_ns"`
	Outliers []Outlier `json:"outliers,omitempty"`
}

// Span is the offset of the last request.
func (i *Info) Span() time.Duration { return time.Duration(i.SpanNS) }

// Findings say in words what is odd about the times of the traffic, and what was done about it.
func (i *Info) Findings() []string {
	findings := timeFindings(i.Sources, i.Outliers, i.MaxGapNS)
	if i.GapsCut > 0 {
		findings = append(findings, fmt.Sprintf("%d idle gaps longer than %v were cut to that (--max-gap): %v in all",
			i.GapsCut, time.Duration(i.MaxGapNS), time.Duration(i.CutNS).Round(time.Millisecond)))
	}
	return findings
}

func timeFindings(sources []Source, outliers []Outlier, maxGap int64) []string {
	var findings []string
	for _, source := range sources {
		if jumps := source.Jumps.describe(source.Name); jumps != "" {
			findings = append(findings, jumps+": a clock that was set, logs put together, or lines that nginx wrote late; requests are sorted by their times")
		}
	}
	for _, o := range outliers {
		if maxGap == 0 || o.GapNS <= maxGap {
			findings = append(findings, o.String()+": --since, --until or --max-gap leaves the gap out")
		}
	}
	return findings
}

// A Source is one file that went into a trace.
type Source struct {
	Name       string `json:"name"`
	Format     string `json:"format"`      // the log_format string that most lines fit, or the schema of a trace
	FormatName string `json:"format_name"` // "" when it is not a known one
	Escape     string `json:"escape"`
	// Formats are all that the log is in. DetectedShare of the lines looked at fit one of them; 0 when they were given.
	Formats       []string `json:"formats"`
	DetectedShare float64  `json:"detected_share"`
	// Guessed are the columns whose meaning nothing but their content tells.
	Guessed        []string `json:"guessed"`
	Compression    string   `json:"compression"`
	Envelope       string   `json:"envelope"` // what the lines are wrapped in: syslog, CRI, ...
	PrecisionNS    int64    `json:"precision_ns"`
	HasRequestTime bool     `json:"has_request_time"`
	HasHost        bool     `json:"has_host"`
	HasBody        bool     `json:"has_body"`
	InexactTarget  bool     `json:"inexact_target"` // the format holds $uri, which is not what the client sent
	Lines          int64    `json:"lines"`
	Entries        int64    `json:"entries"`
	Malformed      int64    `json:"malformed"`
	Anonymized     bool     `json:"anonymized,omitempty"` // an anonymized trace
	Jumps          Jumps    `json:"jumps"`

	// SHA256 and Bytes are those of the file as it lies there, compressed or not; only a build computes them.
	SHA256 string `json:"sha256,omitempty"`
	Bytes  int64  `json:"bytes,omitempty"`
}

// see notes what a request of a trace has: only its requests tell, where a log's format does.
func (s *Source) see(r *Request) {
	s.HasRequestTime = s.HasRequestTime || r.RequestTime >= 0
	s.HasHost = s.HasHost || r.Host != nil
	s.HasBody = s.HasBody || r.Body != nil
}
