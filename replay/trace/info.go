package trace

import (
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
	// Anonymized says that pseudonyms stand for what identifies people.
	Anonymized bool `json:"anonymized,omitempty"`
}

// Span is the offset of the last request.
func (i *Info) Span() time.Duration { return time.Duration(i.SpanNS) }

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
}
