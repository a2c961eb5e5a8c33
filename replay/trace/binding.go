package trace

import (
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// A binding says which columns of a file hold what of a request. Columns that nobody knows are passed over.
type binding struct {
	readers       []*columnReader
	names, values *columnReader // of the headers; both or none
	// precision is that of the arrival, in nanoseconds.
	precision int64
	sourced   bool // the file has both source and line
}

// arrivalColumn holds the arrival as a time, in files that do not have it as an offset.
const arrivalColumn = "arrival"

// seeDocs ends what is said of a file whose columns are not those of a trace.
const seeDocs = "; see docs/trace-format.md"

// bind finds the columns in a file. Only what a request cannot do without must be there.
func bind(file *parquet.Schema) (*binding, error) {
	b := &binding{precision: 1}
	known := map[string]column{}
	for _, c := range columns() {
		known[c.name] = c
	}
	found := map[string]*columnReader{}
	for _, path := range file.Columns() {
		leaf, _ := file.Lookup(path...)
		name, part := strings.Join(path, "."), headerPart(path)
		c, ok := known[name]
		switch {
		case part != "":
			name = headersColumn + "." + part
			c = column{name: name}
		case name == arrivalColumn:
			c = column{name: name, number: known["offset_ns"].number}
		case !ok:
			continue
		}
		if found[name] != nil {
			return nil, fmt.Errorf("column %s is there twice%s", name, seeDocs)
		}
		reader, err := newColumnReader(c, leaf, part != "")
		if err != nil {
			return nil, fmt.Errorf("column %s %w%s", name, err, seeDocs)
		}
		found[name] = reader
	}
	return b, b.choose(found)
}

// choose keeps the readers that are needed of those that were found.
func (b *binding) choose(found map[string]*columnReader) error {
	b.names, b.values = found[headersColumn+"."+headerName], found[headersColumn+"."+headerValue]
	if b.names == nil || b.values == nil {
		b.names, b.values = nil, nil
	}
	switch arrival := found[arrivalColumn]; {
	case found["offset_ns"] != nil:
	case arrival == nil:
		return fmt.Errorf("column offset_ns is missing (or arrival, a timestamp)%s", seeDocs)
	case !arrival.isTime:
		return fmt.Errorf("column arrival is no timestamp: name a number of nanoseconds offset_ns%s", seeDocs)
	default:
		b.precision = arrival.unit
		found["offset_ns"] = arrival
	}
	for _, c := range columns() {
		reader := found[c.name]
		needed := c.name == "offset_ns" || c.name == "method" || c.name == "target"
		switch {
		case reader == nil && needed:
			return fmt.Errorf("column %s is missing%s", c.name, seeDocs)
		case reader == nil:
			continue
		}
		reader.needed = needed
		b.readers = append(b.readers, reader)
	}
	b.sourced = found["source"] != nil && found["line"] != nil
	return nil
}

// all are the readers that read the file.
func (b *binding) all() []*columnReader {
	if b.names == nil {
		return b.readers
	}
	return append(b.readers[:len(b.readers):len(b.readers)], b.names, b.values)
}

// newColumnReader checks that the leaf of a file can be read as c, or as a part of the headers.
func newColumnReader(c column, leaf parquet.LeafColumn, header bool) (*columnReader, error) {
	r := &columnReader{column: c, index: leaf.ColumnIndex, kind: leaf.Node.Type().Kind(), full: byte(leaf.MaxDefinitionLevel), unit: 1}
	number := "an integer"
	if c.name == arrivalColumn {
		number = "a timestamp"
	}
	switch {
	case header && leaf.MaxRepetitionLevel != 1:
		return nil, fmt.Errorf("is no list of names and values")
	case !header && leaf.MaxRepetitionLevel != 0:
		return nil, fmt.Errorf("is a list, want one value a row")
	case header || c.bytes != nil || c.text != nil:
		if r.kind != parquet.ByteArray {
			return nil, fmt.Errorf("is %v, want text or bytes (BYTE_ARRAY)", leaf.Node.Type())
		}
		return r, nil
	case r.kind != parquet.Int32 && r.kind != parquet.Int64:
		return nil, fmt.Errorf("is %v, want %s", leaf.Node.Type(), number)
	}
	logical := leaf.Node.Type().LogicalType()
	if logical == nil {
		return r, nil
	}
	switch t := logical.Value.(type) {
	case nil:
	case *format.IntType:
		r.unsigned = !t.IsSigned
	case *format.TimestampType:
		if c.name != arrivalColumn {
			return nil, fmt.Errorf("is a timestamp, want an integer")
		}
		r.isTime = true
		r.unit = max(int64(t.Unit.Value.Duration()), 1)
	default:
		return nil, fmt.Errorf("is %v, want %s", leaf.Node.Type(), number)
	}
	return r, nil
}
