package trace

import "time"

// A Request is one request of a trace: what was sent, when, and what the recorded answer was. It is also the row of
// a trace file: see columns, and docs/trace-format.md.
//
// Nil byte slices are fields that the log does not hold; empty ones were logged as empty.
type Request struct {
	// Offset is the arrival in nanoseconds since the start of the trace.
	Offset int64

	Method   []byte
	Target   []byte // the logged bytes, which need not be UTF-8
	Protocol []byte
	Scheme   []byte
	Host     []byte

	Referer   []byte
	UserAgent []byte
	Headers   []Header // other logged request headers
	Body      []byte

	Client []byte // the address that sent it
	User   []byte // $remote_user

	// Connection and ConnectionRequests say on which connection of the log's server the request came, and as which of
	// that connection, from 1; or parse.Absent.
	Connection         int64
	ConnectionRequests int64

	// Status and BodyBytes are the recorded answer; RequestTime and RequestLength what nginx measured, in
	// nanoseconds and bytes, or parse.Absent.
	Status        int32
	BodyBytes     int64
	RequestTime   int64
	RequestLength int64

	Route string

	// Source and Line say which line of which log this was.
	Source string
	Line   int64
}

// A Header is a logged request header other than Host, Referer and User-Agent. Name is in lower case.
type Header struct {
	Name  []byte
	Value []byte
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
