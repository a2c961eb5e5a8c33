package parse

import (
	"slices"
	"strings"
	"time"

	"github.com/satyrius/gonx"
)

// A Format is a compiled log_format. It never changes after [Compile], so goroutines may share it; what a line needs
// in scratch memory belongs to a [Parser].
type Format struct {
	name    string
	text    string // the log_format string, with tabs and quotes as they stand in a line
	escape  Escape
	shape   shape
	pattern pattern        // of the whole line, for shapeText
	keys    []key          // for shapeJSON and shapeLTSV, in the order of the format
	index   map[string]int // from a key to its place in keys
	fills   []fill         // lowest rank first
	vars    []string
	spans   int // one for each variable

	has       fieldSet
	precision time.Duration
	gonx      *gonx.Parser // reads the lines, when set
}

// A shape is how fields are found in a line.
type shape uint8

const (
	shapeText shape = iota // by the literals between them
	shapeJSON              // by key, in any order
	shapeLTSV              // by label, in any order
)

// A pattern is literals and variables in turn: what one line, or one value of a JSON object, looks like.
type pattern struct {
	prefix string
	steps  []step
	// bareRequest tells that a step is a request line whose end no quote tells.
	bareRequest bool
}

// A step reads one variable and the literal after it.
type step struct {
	name    string
	op      op
	grammar grammar
	literal string // "" at the end of the pattern, or where the grammar tells where the value ends
	sep     []byte // literal, for searching
	word    uint64 // literal as a little-endian number, when it has at most eight bytes,
	mask    uint64 // and the bits of it that count; 0 for a longer one, and for none
	span    int    // where to note the value's place
	request bool   // it is $request
}

// A key is one member of a JSON object or one field of an LTSV line.
type key struct {
	name    string
	quoted  string // as it stands in a line: `"name":` or `name:`
	pattern pattern
	plain   bool // the pattern is one variable and nothing else: the value is taken whole
	span    int  // of that variable
}

// A fill says which span goes to which field of the entry.
type fill struct {
	field  field
	span   int
	rank   int8
	name   string // of the variable
	header []byte
}

type fieldSet uint32

func (s fieldSet) holds(f field) bool { return s&(1<<f) != 0 }

// Name is the name of a known format ("combined", "main", ...), or what was given to [Compile].
func (f *Format) Name() string { return f.name }

// String returns the log_format string. Compile reads it back as the same format; a tab is written \t.
func (f *Format) String() string { return formatQuoter.Replace(f.text) }

var formatQuoter = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

// Escape is how values are escaped.
func (f *Format) Escape() Escape { return f.escape }

// Precision is that of [Entry.Time]: 1 ms when the format holds $msec, else 1 s; 0 when it holds no time. An entry can
// be coarser (an absent $msec beside $time_local) or, in JSON written by others, finer: see [Entry.Precision].
func (f *Format) Precision() time.Duration { return f.precision }

// Variables are the names in the format, without the dollar sign, in its order.
func (f *Format) Variables() []string { return slices.Clone(f.vars) }

// HasTime reports whether entries have a time.
func (f *Format) HasTime() bool { return f.precision != 0 }

// HasRequestTime reports whether the format holds $request_time.
func (f *Format) HasRequestTime() bool { return f.has.holds(fieldRequestTime) }

// HasUpstreamTime reports whether the format holds $upstream_response_time.
func (f *Format) HasUpstreamTime() bool { return f.has.holds(fieldUpstreamTime) }

// HasHost reports whether the format holds $http_host, $host or $server_name.
func (f *Format) HasHost() bool { return f.has.holds(fieldHost) }

// HasBody reports whether the format holds $request_body.
func (f *Format) HasBody() bool { return f.has.holds(fieldBody) }

// HasStatus reports whether the format holds $status.
func (f *Format) HasStatus() bool { return f.has.holds(fieldStatus) }

// HasClient reports whether the format tells who sent the request: by $remote_addr, or by the first address of
// $http_x_forwarded_for.
func (f *Format) HasClient() bool {
	return f.has.holds(fieldClient) || f.has.holds(fieldForwardedFor)
}

// HasProtocol reports whether the format holds the protocol: in $request or as $server_protocol.
func (f *Format) HasProtocol() bool {
	return f.has.holds(fieldRequest) || f.has.holds(fieldProtocol)
}

// ExactTarget reports whether targets are the bytes that the client sent. It is false when they come from $uri, which
// nginx decodes and rewrites.
func (f *Format) ExactTarget() bool {
	return f.has.holds(fieldRequest) || f.has.holds(fieldURI)
}
