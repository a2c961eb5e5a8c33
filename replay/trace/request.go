package trace

import "time"

// A Request is one request of a trace: what was sent, when, and what the recorded answer was. It is also the row of
// a trace file; docs/trace-format.md describes the columns.
//
// Nil byte slices are fields that the log does not hold; empty ones were logged as empty.
type Request struct {
	// Offset is the arrival in nanoseconds since the start of the trace.
	Offset int64 `parquet:"offset_ns,delta,zstd"`

	Method   []byte `parquet:"method,string,dict,zstd"`
	Target   []byte `parquet:"target,zstd"` // the logged bytes, which need not be UTF-8
	Protocol []byte `parquet:"protocol,string,optional,dict,zstd"`
	Scheme   []byte `parquet:"scheme,string,optional,dict,zstd"`
	Host     []byte `parquet:"host,optional,dict,zstd"`

	Referer   []byte   `parquet:"referer,optional,dict,zstd"`
	UserAgent []byte   `parquet:"user_agent,optional,dict,zstd"`
	Headers   []Header `parquet:"headers,list"` // other logged request headers
	Body      []byte   `parquet:"body,optional,zstd"`

	Client []byte `parquet:"client,optional,dict,zstd"` // the address that sent it
	User   []byte `parquet:"user,optional,dict,zstd"`   // $remote_user

	// Connection and ConnectionRequests say on which connection of the log's server the request came, and as which of
	// that connection, from 1; or parse.Absent.
	Connection         int64 `parquet:"connection,zstd"`
	ConnectionRequests int64 `parquet:"connection_requests,zstd"`

	// Status and BodyBytes are the recorded answer; RequestTime and RequestLength what nginx measured, in
	// nanoseconds and bytes, or parse.Absent.
	Status        int32 `parquet:"status,zstd"`
	BodyBytes     int64 `parquet:"body_bytes,zstd"`
	RequestTime   int64 `parquet:"request_time_ns,zstd"`
	RequestLength int64 `parquet:"request_length,zstd"`

	Route string `parquet:"route,dict,zstd"`

	// Source and Line say which line of which log this was.
	Source string `parquet:"source,dict,zstd"`
	Line   int64  `parquet:"line,delta,zstd"`
}

// A Header is a logged request header other than Host, Referer and User-Agent. Name is in lower case.
type Header struct {
	Name  []byte `parquet:"name,string,dict,zstd"`
	Value []byte `parquet:"value,zstd"`
}

// A stamp is what a source says of the time of a request.
type stamp struct {
	// time is in nanoseconds since 1970: the end of the request, or its arrival when arrived is set.
	time int64
	// precision is how far the true time may lie behind time.
	precision time.Duration
	// arrived is set when the time is an arrival already, as that of a request from another trace.
	arrived bool
}

// Arrival is the offset as a duration.
func (r *Request) Arrival() time.Duration { return time.Duration(r.Offset) }
