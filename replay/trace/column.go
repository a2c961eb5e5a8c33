package trace

import (
	"strings"

	"ngxreplay/parse"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A column is one column of a trace file and the field of a request that it holds, by the one accessor that is set.
type column struct {
	name string
	kind columnKind
	// bytes may be nil in a request: such a column is null. text never is.
	bytes  func(*Request) *[]byte
	text   func(*Request) *string
	number func(*Request) *int64
	status func(*Request) *int32
	beside *Beside // what a Table has besides
}

type columnKind uint8

const (
	optional columnKind = 1 << iota // null where the log did not say
	repeats                         // of few different words, which are written once
	utf8                            // annotated as text; others may hold any bytes
)

func (k columnKind) is(flag columnKind) bool { return k&flag != 0 }

// columns are those of a trace file, without the headers, in the order of the file.
func columns() []column {
	return []column{
		{name: "offset_ns", number: func(r *Request) *int64 { return &r.Offset }},
		{name: "method", kind: repeats | utf8, bytes: func(r *Request) *[]byte { return &r.Method }},
		{name: "target", bytes: func(r *Request) *[]byte { return &r.Target }},
		{name: "protocol", kind: optional | repeats | utf8, bytes: func(r *Request) *[]byte { return &r.Protocol }},
		{name: "scheme", kind: optional | repeats | utf8, bytes: func(r *Request) *[]byte { return &r.Scheme }},
		{name: "host", kind: optional | repeats, bytes: func(r *Request) *[]byte { return &r.Host }},
		{name: "referer", kind: optional | repeats, bytes: func(r *Request) *[]byte { return &r.Referer }},
		{name: "user_agent", kind: optional | repeats, bytes: func(r *Request) *[]byte { return &r.UserAgent }},
		{name: "body", kind: optional, bytes: func(r *Request) *[]byte { return &r.Body }},
		{name: "client", kind: optional | repeats, bytes: func(r *Request) *[]byte { return &r.Client }},
		{name: "user", kind: optional | repeats, bytes: func(r *Request) *[]byte { return &r.User }},
		{name: "connection", number: func(r *Request) *int64 { return &r.Connection }},
		{name: "connection_requests", number: func(r *Request) *int64 { return &r.ConnectionRequests }},
		{name: "status", status: func(r *Request) *int32 { return &r.Status }},
		{name: "body_bytes", number: func(r *Request) *int64 { return &r.BodyBytes }},
		{name: "request_time_ns", number: func(r *Request) *int64 { return &r.RequestTime }},
		{name: "request_length", number: func(r *Request) *int64 { return &r.RequestLength }},
		{name: "route", kind: repeats | utf8, text: func(r *Request) *string { return &r.Route }},
		{name: "source", kind: repeats | utf8, text: func(r *Request) *string { return &r.Source }},
		{name: "line", number: func(r *Request) *int64 { return &r.Line }},
	}
}

// The headers are a list of pairs: each part is a column of its own, whose values the levels assign to rows.
const (
	headersColumn = "headers"
	headerName    = "name"
	headerValue   = "value"
)

// headerPath is where the file has a part of the headers.
func headerPath(part string) []string { return []string{headersColumn, "list", "element", part} }

// absent is a request of which nothing is known.
func absent() Request {
	return Request{
		BodyBytes: parse.Absent, RequestTime: parse.Absent, RequestLength: parse.Absent,
		Connection: parse.Absent, ConnectionRequests: parse.Absent,
	}
}

// isNumber reports whether the values are numbers of eight bytes.
func (c *column) isNumber() bool { return c.number != nil || c.beside != nil && c.beside.Number != nil }

// physical is the type of the column's values in the file.
func (c *column) physical() format.Type {
	switch {
	case c.isNumber():
		return format.Int64
	case c.status != nil:
		return format.Int32
	}
	return format.ByteArray
}

// schemaElements describe the columns in the footer of a trace file, and those beside them: the tree of names, depth first.
func schemaElements(beside []*columnWriter) []format.SchemaElement {
	root := group("trace", format.Required, len(columns())+1+len(beside))
	root.RepetitionType = thrift.Null[format.FieldRepetitionType]{}
	elements := []format.SchemaElement{root}
	for _, c := range columns() {
		repetition := format.Required
		if c.kind.is(optional) {
			repetition = format.Optional
		}
		elements = append(elements, leaf(c.name, repetition, c.physical(), c.kind.is(utf8)))
	}
	list := group(headersColumn, format.Required, 1)
	list.ConvertedType = thrift.New(deprecated.List)
	list.LogicalType = format.LogicalType{Value: new(format.ListType)}
	elements = append(elements, list,
		group("list", format.Repeated, 1),
		group("element", format.Required, 2),
		leaf(headerName, format.Required, format.ByteArray, true),
		leaf(headerValue, format.Required, format.ByteArray, false))
	for _, c := range beside {
		elements = append(elements, leaf(c.name, format.Optional, c.physical(), c.kind.is(utf8)))
	}
	return elements
}

func group(name string, repetition format.FieldRepetitionType, children int) format.SchemaElement {
	return format.SchemaElement{Name: name, RepetitionType: thrift.New(repetition), NumChildren: thrift.New(int32(children))}
}

func leaf(name string, repetition format.FieldRepetitionType, physical format.Type, text bool) format.SchemaElement {
	e := format.SchemaElement{Name: name, RepetitionType: thrift.New(repetition), Type: thrift.New(physical)}
	if text {
		e.ConvertedType = thrift.New(deprecated.UTF8)
		e.LogicalType = format.LogicalType{Value: new(format.StringType)}
	}
	return e
}

// headerPart is which part of the headers a path names, or "". Writers disagree on the names between, and maps say
// key for the name.
func headerPart(path []string) string {
	if len(path) < 2 || path[0] != headersColumn {
		return ""
	}
	switch strings.ToLower(path[len(path)-1]) {
	case headerName, "key":
		return headerName
	case headerValue:
		return headerValue
	}
	return ""
}
