package trace

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// columns decodes rows by the columns of one file.
//
// It exists because the library's own decoding into a struct trusts the file: a damaged page makes it take a number
// for a text. Here each value is checked before it is used.
type columns struct {
	names []string // by the file's column index; "" is a column that we do not know
	kinds []parquet.Kind
	// texts are the routes and sources seen, so that each is allocated once.
	texts map[string]string
}

// maxTexts bounds texts: beyond it they are allocated for each row.
const maxTexts = 10_000

// newColumns finds the columns of Request in a file. All must be there; others are passed over.
func newColumns(file *parquet.Schema) (columns, error) {
	c := columns{texts: map[string]string{}}
	want := map[string]parquet.Kind{}
	schema := parquet.SchemaOf(new(Request))
	for _, path := range schema.Columns() {
		leaf, _ := schema.Lookup(path...)
		want[strings.Join(path, ".")] = leaf.Node.Type().Kind()
	}
	found := 0
	for _, path := range file.Columns() {
		name := strings.Join(path, ".")
		leaf, _ := file.Lookup(path...)
		kind, known := want[name]
		switch {
		case !known:
			name = ""
		case kind != leaf.Node.Type().Kind():
			return c, fmt.Errorf("column %s is %v, want %v; see docs/trace-format.md", name, leaf.Node.Type().Kind(), kind)
		default:
			found++
		}
		c.names = append(c.names, name)
		c.kinds = append(c.kinds, kind)
	}
	if found != len(want) {
		for name := range want {
			if !slices.Contains(c.names, name) {
				return c, fmt.Errorf("column %s is missing; see docs/trace-format.md", name)
			}
		}
		return c, errors.New("a column is there twice")
	}
	return c, nil
}

// decode fills r from row. Its bytes are appended to arena, which is returned and belongs to r from then on.
func (c *columns) decode(r *Request, row parquet.Row, arena []byte) ([]byte, error) {
	*r = Request{}
	seen := 0
	for _, v := range row {
		i := v.Column()
		if i < 0 || i >= len(c.names) {
			return arena, fmt.Errorf("corrupt trace: a value in column %d of %d", i, len(c.names))
		}
		if v.RepetitionLevel() == 0 {
			seen++
		}
		if v.IsNull() || c.names[i] == "" {
			continue
		}
		if v.Kind() != c.kinds[i] {
			return arena, fmt.Errorf("corrupt trace: a %v in column %s", v.Kind(), c.names[i])
		}
		if v.Kind() != parquet.ByteArray {
			c.setNumber(r, c.names[i], v)
			continue
		}
		start := len(arena)
		arena = append(arena, v.ByteArray()...)
		c.setBytes(r, c.names[i], arena[start:len(arena):len(arena)])
	}
	if seen != len(c.names) {
		return arena, fmt.Errorf("corrupt trace: a row with %d of %d columns", seen, len(c.names))
	}
	return arena, nil
}

func (c *columns) setNumber(r *Request, name string, v parquet.Value) {
	switch name {
	case "offset_ns":
		r.Offset = v.Int64()
	case "status":
		r.Status = v.Int32()
	case "body_bytes":
		r.BodyBytes = v.Int64()
	case "request_time_ns":
		r.RequestTime = v.Int64()
	case "request_length":
		r.RequestLength = v.Int64()
	case "connection":
		r.Connection = v.Int64()
	case "connection_requests":
		r.ConnectionRequests = v.Int64()
	case "line":
		r.Line = v.Int64()
	}
}

func (c *columns) setBytes(r *Request, name string, b []byte) {
	switch name {
	case "method":
		r.Method = b
	case "target":
		r.Target = b
	case "protocol":
		r.Protocol = b
	case "scheme":
		r.Scheme = b
	case "host":
		r.Host = b
	case "referer":
		r.Referer = b
	case "user_agent":
		r.UserAgent = b
	case "body":
		r.Body = b
	case "client":
		r.Client = b
	case "user":
		r.User = b
	case "route":
		r.Route = c.text(b)
	case "source":
		r.Source = c.text(b)
	case headerName:
		r.Headers = append(r.Headers, Header{Name: b})
	case headerValue:
		r.setHeaderValue(b)
	}
}

// The columns of a header. All names of a row come before all of its values.
const (
	headerName  = "headers.list.element.name"
	headerValue = "headers.list.element.value"
)

func (r *Request) setHeaderValue(b []byte) {
	for i := range r.Headers {
		if r.Headers[i].Value == nil {
			r.Headers[i].Value = b
			return
		}
	}
}

func (c *columns) text(b []byte) string {
	if s, ok := c.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(c.texts) < maxTexts {
		c.texts[s] = s
	}
	return s
}
