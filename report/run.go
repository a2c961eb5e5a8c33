package report

import (
	"time"

	"ngxreplay/replay"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"
)

// Schema is the version of the document.
const Schema = "ngxreplay.run/1"

// A Run is the document of one run. All times are in nanoseconds, all sizes in bytes, all rates per second.
type Run struct {
	Schema      string       `json:"schema"`
	Tool        Tool         `json:"tool"`
	Environment Environment  `json:"environment"`
	Config      Config       `json:"config"`
	Trace       Trace        `json:"trace"`
	Ledger      trace.Ledger `json:"ledger"` // of the logs; each target has one of the requests
	Targets     []Target     `json:"targets"`
	Comparisons []Comparison `json:"comparisons"`
	Assertions  []Assertion  `json:"assertions"`
	Verdict     Verdict      `json:"verdict"`
	Reasons     []string     `json:"verdict_reasons"` // why it is not pass
	Notes       []string     `json:"notes"`           // what a reader should know before believing the numbers
}

// Tool is the program that made the run.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Go      string `json:"go"`
}

// Environment is the machine. Runs with the same Hash can be compared.
type Environment struct {
	Hash     string `json:"hash"`
	OS       string `json:"os"`
	Kernel   string `json:"kernel"`
	Arch     string `json:"arch"`
	CPU      string `json:"cpu"`
	CPUs     int    `json:"cpus"`
	Memory   int64  `json:"memory_bytes"`
	Hostname string `json:"hostname"`
}

// Config is what was asked for.
type Config struct {
	Started     time.Time      `json:"started"`
	Inputs      []string       `json:"inputs"`
	Targets     []string       `json:"targets"`
	Speed       float64        `json:"speed"`
	Rate        float64        `json:"rate,omitempty"` // 0 when speed was asked for
	Pace        string         `json:"pace"`           // trace, constant or max
	Ramp        string         `json:"ramp,omitempty"`
	Amplify     float64        `json:"amplify"` // clients for each of the trace
	Loop        int            `json:"loop"`    // how often the trace was replayed
	Mix         string         `json:"mix,omitempty"`
	Follow      string         `json:"follow,omitempty"`   // the logs were followed from their end or start, instead of read
	DelayNS     int64          `json:"delay_ns,omitempty"` // how far behind them the replay was to be
	MaxGapNS    int64          `json:"max_gap_ns,omitempty"`
	DurationNS  int64          `json:"duration_ns"` // 0: to the end of the trace
	Limit       int64          `json:"limit"`
	Seed        uint64         `json:"seed"`
	Spread      trace.Spread   `json:"spread"`
	Filter      trace.Filter   `json:"filter"`
	Connections int            `json:"connections"`
	PerClient   bool           `json:"per_client,omitempty"` // each client has connections of its own
	MaxInFlight int            `json:"max_in_flight"`
	TimeoutNS   int64          `json:"timeout_ns"`
	FirstByteNS int64          `json:"first_byte_timeout_ns,omitempty"` // 0: no limit of its own
	MaxBody     int64          `json:"max_body,omitempty"`              // bytes; 0: any
	Retry       int            `json:"retry,omitempty"`                 // most attempts beside the first
	SlackNS     int64          `json:"slack_ns"`                        // how late a request may leave so that several leave together
	SpinNS      int64          `json:"spin_ns,omitempty"`
	Threads     int            `json:"threads,omitempty"` // that send; 0: one
	Late        replay.Late    `json:"late"`              // what becomes of requests that the tool is late with
	Require     replay.Verdict `json:"require,omitempty"` // the least fidelity that has a verdict; "" is degraded
	HTTP        int            `json:"http,omitempty"`    // the version of HTTP that was asked for
	Host        string         `json:"host,omitempty"`
	Header      []wire.Header  `json:"header,omitempty"`      // with secrets masked
	Results     bool           `json:"results,omitempty"`     // results.parquet was asked for
	HashBodies  bool           `json:"hash_bodies,omitempty"` // bodies of answers were to be hashed
	Sending     Sending        `json:"sending,omitzero"`
	Dialing     Dialing        `json:"dialing,omitzero"`
}

// Trace is the traffic that was replayed.
type Trace struct {
	SHA256      string           `json:"sha256"`
	Requests    int64            `json:"requests"`
	SpanNS      int64            `json:"span_ns"`
	PrecisionNS int64            `json:"precision_ns"`
	StartNS     int64            `json:"start_ns"`            // since 1970
	BehindNS    int64            `json:"behind_ns,omitempty"` // how long after its arrival a request was due, when logs were followed
	Methods     map[string]int64 `json:"methods"`
	Sources     []trace.Source   `json:"sources"`
}

// A Target is how one target behaved.
type Target struct {
	Name       string         `json:"name"`
	Framework  string         `json:"framework"` // "" when the target does not tell
	Version    string         `json:"version"`
	URL        string         `json:"url"`
	Client     string         `json:"client,omitempty"` // what sent the requests, when it is not ngxreplay's own client for HTTP/1
	Ledger     replay.Ledger  `json:"ledger"`
	Fidelity   Fidelity       `json:"fidelity"`
	Overall    Statistics     `json:"overall"`
	FirstByte  Latency        `json:"first_byte"`   // first byte - sent
	FailedIn   Latency        `json:"failed_after"` // done - due of failed requests
	AsLogged   AsLogged       `json:"as_logged"`
	Routes     []Part         `json:"routes"`
	Methods    []Part         `json:"methods"`
	Windows    []Window       `json:"windows"`
	Mix        *traffic.Mixed `json:"mix,omitempty"`
	Bodies     *Bodies        `json:"bodies,omitempty"` // with --hash-bodies
	Resources  *Resources     `json:"resources"`        // null when the target's process is not known
	Errors     Errors         `json:"errors"`
	GRPC       Calls          `json:"grpc,omitempty"` // outcomes of calls of gRPC
	Slowest    []Exemplar     `json:"slowest"`        // the longest response times
	Tool       Usage          `json:"tool"`           // what ngxreplay itself used
	Opened     int64          `json:"connections_opened"`
	OpenAtOnce int            `json:"connections_at_once"`
	// Reconnected counts requests that were sent again on a new connection, because the target had closed the kept one
	// before anything of them reached it. Each counts once in the ledger.
	Reconnected int64 `json:"reconnected"`
	// Doubled counts requests that got a further connection of their client, because that which the log gives them was
	// still busy.
	Doubled int64 `json:"connections_doubled,omitempty"`
	// Retried counts the attempts beside the first ones that --retry asked for, and RetriedAfter the same by how the
	// attempt before had failed. AnsweredAfterRetry counts the requests that were answered, but not at the first attempt.
	Retried            int64                `json:"retried"`
	RetriedAfter       map[wire.Class]int64 `json:"retried_after,omitempty"`
	AnsweredAfterRetry int64                `json:"answered_after_retry"`
	// Trouble is what happened to the target as a whole, as "died after 3.2s (signal: killed)"; empty when nothing.
	Trouble   string `json:"trouble,omitempty"`
	ElapsedNS int64  `json:"elapsed_ns"` // from the start to the last answer
}

// An Exemplar is one of the slowest requests, and where the log has it.
type Exemplar struct {
	Source   string `json:"source"`
	Line     int64  `json:"line"`
	Method   string `json:"method"`
	Target   string `json:"target"` // with secrets masked
	Status   int    `json:"status"`
	Due      int64  `json:"due_ns"`
	Lag      int64  `json:"lag_ns"`
	Service  int64  `json:"service_ns"` // of the last attempt
	Response int64  `json:"response_ns"`
	Retries  int    `json:"retries,omitempty"` // attempts beside the first
}

// Usage is what the tool itself used while it replayed at a target.
type Usage struct {
	CPUNS      int64 `json:"cpu_ns"`
	PeakRSS    int64 `json:"peak_rss_bytes"` // since the program started
	GCs        int64 `json:"gcs"`
	GCPauseNS  int64 `json:"gc_pause_ns"`
	GCPauseMax int64 `json:"gc_pause_max_ns"`
}

// Errors are failures by class.
type Errors map[wire.Class]*replay.Failures

// AsLogged counts the answers that are what the log recorded.
type AsLogged struct {
	Status int64 `json:"status"` // an equivalent status
	Size   int64 `json:"size"`   // as many bytes of body
	Sized  int64 `json:"sized"`  // answers for which the log has a size
}

// Fidelity says how faithful the replay was. It is about the tool, not the target.
type Fidelity struct {
	Lag       Latency        `json:"lag"`
	Late      int64          `json:"late"` // left more than a millisecond after due
	RateError float64        `json:"rate_error"`
	Queued    int64          `json:"queued"` // waited for a free connection
	Deepest   int            `json:"deepest_queue"`
	TooLate   int64          `json:"too_late,omitempty"`   // dropped, because the tool was too late with them
	Held      int64          `json:"held,omitempty"`       // times that the sending waited for the recorder
	ShiftedNS int64          `json:"shifted_ns,omitempty"` // by which the plan was moved, because the tool was late
	Verdict   replay.Verdict `json:"verdict"`
	Reasons   []string       `json:"reasons"`
}

// Statistics describe the answered requests of a set.
type Statistics struct {
	Count    int64         `json:"count"`
	Failed   int64         `json:"failed"`
	Rate     float64       `json:"rate"` // answers a second, over the time in which requests were due or answered
	Response Latency       `json:"response"`
	Service  Latency       `json:"service"`
	Bytes    int64         `json:"bytes"`
	Status   map[int]int64 `json:"status"`
}

// A Part is a route or a method.
type Part struct {
	Name string `json:"name"`
	Statistics
}

// Latency summarises a histogram, which HDR holds whole (HdrHistogram V2, compressed, base64).
type Latency struct {
	Min  int64  `json:"min_ns"`
	Mean int64  `json:"mean_ns"`
	P50  int64  `json:"p50_ns"`
	P90  int64  `json:"p90_ns"`
	P95  int64  `json:"p95_ns"`
	P99  int64  `json:"p99_ns"`
	P999 int64  `json:"p999_ns"`
	Max  int64  `json:"max_ns"`
	HDR  string `json:"hdr"`
}

// A Window is one second of a replay.
type Window struct {
	Second    int   `json:"second"`
	Sent      int64 `json:"sent"`
	Responses int64 `json:"responses"`
	Failed    int64 `json:"failed"`
	Bytes     int64 `json:"bytes"`
	Late      int64 `json:"late"` // of sent, those that left over 1 ms late although a connection was free
	P50       int64 `json:"p50_ns"`
	P99       int64 `json:"p99_ns"`
	Max       int64 `json:"max_ns"`
}

// Resources are what a target used during its replay.
type Resources struct {
	CPUNS           int64   `json:"cpu_ns"`
	CPUPerRequestNS float64 `json:"cpu_per_request_ns"`
	PeakRSS         int64   `json:"peak_rss_bytes"`
	GCPauseP99NS    int64   `json:"gc_pause_p99_ns"` // -1 when the target does not tell
	GCPauses        int64   `json:"gc_pauses"`
}

// A Comparison sets a target against the first one.
type Comparison struct {
	Base   string  `json:"base"`
	Target string  `json:"target"`
	Metric string  `json:"metric"`
	Ratio  float64 `json:"ratio"` // target / base
}

// An Assertion is a demand on a run and whether it was met.
type Assertion struct {
	Expr    string  `json:"expr"`
	Verdict Verdict `json:"verdict"`
	Text    string  `json:"text"`
}

// A Verdict is the outcome of an assertion or of a run.
type Verdict string

const (
	Pass   Verdict = "pass"
	Fail   Verdict = "fail"
	NoData Verdict = "no data"
)
