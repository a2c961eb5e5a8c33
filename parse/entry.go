package parse

import "time"

// Absent marks a number that the format does not hold or that the line gives as "-".
const Absent = -1

// An Entry is one parsed line.
//
// Its byte slices are decoded (escapes undone) and borrowed: they point into the reader's buffers and are valid
// until the next call of [Reader.Scan]. Clone what must be kept. A field that the format does not hold, or that was
// not found ("-"), is nil; one that nginx found empty is empty and not nil.
type Entry struct {
	// Time is when nginx wrote the line, which is when the request ended, in nanoseconds since 1970 (UTC).
	Time int64
	// Precision is how far the true time may lie behind Time: 1 s for $time_local and $time_iso8601, 1 ms for $msec,
	// and what the fraction tells in logs of others. 1 ms also when Time is that of the [Envelope], which is taken
	// where the log's own has only seconds and agrees with it. 0 when there is no time.
	Precision time.Duration
	// RequestTime is $request_time: from the first byte read of the request to the last byte sent of the response.
	// Absent when not logged.
	RequestTime time.Duration

	// UpstreamTime is the sum of $upstream_response_time over all upstreams tried. Absent when not logged, and for
	// a response that nginx made itself.
	UpstreamTime time.Duration

	// Request is the request line as nginx read it. It is also rebuilt from $request_method and $request_uri when
	// only these are logged.
	Request  []byte
	Method   []byte
	Target   []byte // request target: the bytes the client sent, between method and protocol
	Protocol []byte // "HTTP/1.1"; nil when the format does not tell
	// Unreplayable is why this entry is no HTTP request that could be sent again; empty when it is one.
	// Method, Target and Protocol are also set for Connect, Preface, HTTP09 and BadTarget.
	Unreplayable Reason

	Status        int   // 0 when absent; nginx also writes 000, 009, 499 and 494 to 497
	BodyBytes     int64 // $body_bytes_sent, or Absent
	BytesSent     int64 // $bytes_sent, headers included, or Absent
	RequestLength int64 // $request_length, or Absent

	Connection         int64 // $connection: the number of the client's connection, or Absent
	ConnectionRequests int64 // $connection_requests: which request of that connection this was, from 1, or Absent

	Client       []byte // $remote_addr
	User         []byte // $remote_user
	ForwardedFor []byte // $http_x_forwarded_for
	Scheme       []byte // $scheme
	Host         []byte // $http_host, else $host, else $server_name
	Referer      []byte // $http_referer
	UserAgent    []byte // $http_user_agent
	Body         []byte // $request_body
	// Headers are the other request headers in the format ($http_*), in its order, absent ones left out. Cookies that
	// are logged one by one ($cookie_*) come last, as one "cookie" header, unless $http_cookie is there.
	Headers []Header

	// What nginx wrote of the upstreams it tried: lists, which [Entry.Upstreams] takes apart.
	UpstreamAddr   []byte // $upstream_addr
	UpstreamStatus []byte // $upstream_status
	UpstreamTimes  []byte // $upstream_response_time
}

// A Header is a logged request header. Name is in lower case with dashes, as "accept-language".
type Header struct{ Name, Value []byte }

// A Reason is why an entry cannot be replayed. The set is closed and small, so that reasons can be counted.
type Reason string

const (
	TLS       Reason = "tls"        // a TLS handshake sent to a plain port
	Binary    Reason = "binary"     // control or high bytes where a request line should be
	Empty     Reason = "empty"      // ""
	Dash      Reason = "dash"       // "-": nginx found no request
	Connect   Reason = "connect"    // CONNECT asks for a tunnel
	Preface   Reason = "pri"        // the HTTP/2 connection preface
	HTTP09    Reason = "http09"     // "GET /": no protocol, so no header and no status in the answer
	BadTarget Reason = "bad-target" // a request target with CR, LF, NUL or nothing in it
	BadLine   Reason = "bad-line"   // anything else that is no request line
)
