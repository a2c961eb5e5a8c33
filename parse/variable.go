package parse

import "strings"

// A field is the place in an Entry that a variable fills.
type field uint8

const (
	fieldNone field = iota // read and dropped
	fieldTimeLocal
	fieldTimeISO
	fieldMsec
	fieldRequest
	fieldMethod
	fieldURI      // $request_uri
	fieldPath     // $uri: decoded and rewritten
	fieldArgs     // $args
	fieldPathArgs // $uri$is_args$args, read as one
	fieldProtocol
	fieldStatus
	fieldBodyBytes
	fieldBytesSent
	fieldRequestLength
	fieldConnection
	fieldConnectionRequests
	fieldRequestTime
	fieldUpstreamTime
	fieldClient
	fieldUser
	fieldForwardedFor
	fieldScheme
	fieldHost
	fieldReferer
	fieldUserAgent
	fieldBody
	fieldHeader
	fieldCookie
	fieldUpstreamAddr
	fieldUpstreamStatus
)

// A grammar is what a variable's value can look like, which tells where it ends.
type grammar uint8

const (
	gramText      grammar = iota // anything, blanks too
	gramWord                     // anything without a blank; may be empty
	gramList                     // words joined by ", " and " : " (the upstreams tried, and those after an internal redirect)
	gramInt                      // digits, or "-"
	gramStatus                   // three digits, or "-"
	gramDecimal                  // digits, point, digits, or "-"
	gramTimeLocal                // 02/Jan/2006:15:04:05 -0700
	gramTimeISO                  // 2006-01-02T15:04:05-07:00
	gramMark                     // "?" or nothing: $is_args
)

// String says what was expected, for messages.
func (g grammar) String() string {
	switch g {
	case gramInt:
		return "a number"
	case gramStatus:
		return "a status of three digits"
	case gramDecimal:
		return "a number of seconds"
	case gramTimeLocal:
		return "a time like 02/Jan/2006:15:04:05 -0700"
	case gramTimeISO:
		return "a time like 2006-01-02T15:04:05-07:00"
	case gramList, gramWord:
		return "a word"
	}
	return "a value"
}

// A variable is what the reader knows of an nginx variable.
type variable struct {
	field   field
	grammar grammar
	// rank orders variables that fill the same field: the highest one found wins.
	rank int8
}

// variables are those that fill an entry or have a grammar that helps to find their end. Any other variable is read
// as text and dropped.
var variables = map[string]variable{
	"time_local":   {fieldTimeLocal, gramTimeLocal, 0},
	"time_iso8601": {fieldTimeISO, gramTimeISO, 0},
	"msec":         {fieldMsec, gramDecimal, 1},

	"request":         {fieldRequest, gramText, 0},
	"request_method":  {fieldMethod, gramWord, 0},
	"request_uri":     {fieldURI, gramText, 0},
	"uri":             {fieldPath, gramText, 0},
	"document_uri":    {fieldPath, gramText, 0},
	"args":            {fieldArgs, gramText, 0},
	"query_string":    {fieldArgs, gramText, 0},
	"is_args":         {fieldNone, gramMark, 0},
	"server_protocol": {fieldProtocol, gramWord, 0},

	"status":                 {fieldStatus, gramStatus, 0},
	"body_bytes_sent":        {fieldBodyBytes, gramInt, 0},
	"bytes_sent":             {fieldBytesSent, gramInt, 0},
	"request_length":         {fieldRequestLength, gramInt, 0},
	"request_time":           {fieldRequestTime, gramDecimal, 0},
	"upstream_response_time": {fieldUpstreamTime, gramList, 0},

	"remote_addr":         {fieldClient, gramWord, 3},
	"the_real_ip":         {fieldClient, gramWord, 2},
	"realip_remote_addr":  {fieldClient, gramWord, 1},
	"proxy_protocol_addr": {fieldClient, gramWord, 0},

	"remote_user":          {fieldUser, gramText, 0},
	"scheme":               {fieldScheme, gramWord, 0},
	"http_host":            {fieldHost, gramText, 3},
	"host":                 {fieldHost, gramWord, 2},
	"server_name":          {fieldHost, gramWord, 1},
	"http_referer":         {fieldReferer, gramText, 0},
	"http_user_agent":      {fieldUserAgent, gramText, 0},
	"http_x_forwarded_for": {fieldForwardedFor, gramText, 0},
	"request_body":         {fieldBody, gramText, 0},
	"content_type":         {fieldHeader, gramText, 0},
	"content_length":       {fieldHeader, gramText, 0},

	"upstream_addr":            {fieldUpstreamAddr, gramList, 0},
	"upstream_status":          {fieldUpstreamStatus, gramList, 0},
	"upstream_response_length": {fieldNone, gramList, 0},
	"upstream_bytes_received":  {fieldNone, gramList, 0},
	"upstream_bytes_sent":      {fieldNone, gramList, 0},
	"upstream_connect_time":    {fieldNone, gramList, 0},
	"upstream_header_time":     {fieldNone, gramList, 0},
	"upstream_queue_time":      {fieldNone, gramList, 0},

	"connection":            {fieldConnection, gramInt, 0},
	"connection_requests":   {fieldConnectionRequests, gramInt, 0},
	"connection_time":       {fieldNone, gramDecimal, 0},
	"gzip_ratio":            {fieldNone, gramDecimal, 0},
	"pid":                   {fieldNone, gramInt, 0},
	"remote_port":           {fieldNone, gramInt, 0},
	"server_port":           {fieldNone, gramInt, 0},
	"hostname":              {fieldNone, gramWord, 0},
	"nginx_version":         {fieldNone, gramWord, 0},
	"pipe":                  {fieldNone, gramWord, 0},
	"req_id":                {fieldNone, gramWord, 0},
	"request_completion":    {fieldNone, gramWord, 0},
	"request_id":            {fieldNone, gramWord, 0},
	"server_addr":           {fieldNone, gramWord, 0},
	"ssl_cipher":            {fieldNone, gramWord, 0},
	"ssl_protocol":          {fieldNone, gramWord, 0},
	"upstream_cache_status": {fieldNone, gramWord, 0},
}

// variableOf returns what is known of the variable. $http_NAME is a request header, whatever the name, and $cookie_NAME
// a cookie. $word_3, $list_3 and $text_3 are columns of an inferred format whose meaning is not known.
func variableOf(name string) variable {
	v, ok := variables[name]
	if ok {
		return v
	}
	switch kind, rest, _ := strings.Cut(name, "_"); {
	case kind == "http":
		v.field = fieldHeader
	case kind == "cookie":
		v.field = fieldCookie
	case kind == "word" && allDigits([]byte(rest)):
		v.grammar = gramWord
	case kind == "list" && allDigits([]byte(rest)):
		v.grammar = gramList
	}
	return v
}

// headerName returns the header that a variable of fieldHeader holds: "accept-language" for http_accept_language, and
// the cookie that one of fieldCookie holds.
func headerName(variable string) string {
	if cookie, ok := strings.CutPrefix(variable, "cookie_"); ok {
		return cookie
	}
	return strings.ReplaceAll(strings.TrimPrefix(strings.ToLower(variable), "http_"), "_", "-")
}

// slot returns the text field of the entry that f fills, or nil when f is no such field.
func (e *Entry) slot(f field) *[]byte {
	switch f {
	case fieldRequest:
		return &e.Request
	case fieldMethod:
		return &e.Method
	case fieldURI:
		return &e.Target
	case fieldProtocol:
		return &e.Protocol
	case fieldClient:
		return &e.Client
	case fieldUser:
		return &e.User
	case fieldForwardedFor:
		return &e.ForwardedFor
	case fieldScheme:
		return &e.Scheme
	case fieldHost:
		return &e.Host
	case fieldReferer:
		return &e.Referer
	case fieldUserAgent:
		return &e.UserAgent
	case fieldBody:
		return &e.Body
	case fieldUpstreamAddr:
		return &e.UpstreamAddr
	case fieldUpstreamStatus:
		return &e.UpstreamStatus
	}
	return nil
}
