package trace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/parquet-go/parquet-go"
)

// magic is how a Parquet file begins.
const magic = "PAR1"

// IsTrace reports whether the file of that name begins as a trace does. A file that cannot be read is none, and so is
// anything but a regular file: looking into a pipe would take bytes out of it.
func IsTrace(name string) bool {
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		return false
	}
	file, err := os.Open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	head := make([]byte, len(magic))
	_, err = io.ReadFull(file, head)
	return err == nil && string(head) == magic
}

// ErrForeign is wrapped by the error of [Open] for a Parquet file that ngxreplay did not write.
var ErrForeign = errors.New("a Parquet file that ngxreplay did not write")

// A Reader reads a trace in order. It is not safe for concurrent use. Its memory does not depend on the trace's length.
type Reader struct {
	name    string
	file    *os.File
	info    Info
	foreign bool
	groups  []parquet.RowGroup // not opened yet
	columns *binding
	left    int64 // rows of the open row group
	rows    int64 // read so far
	last    int64 // offset of the request read last
	headers []Header
	scratch [2][][]byte // names and values of a row
	err     error       // the first, which all later reads return
}

// Open opens the trace of that name. A Parquet file that something else wrote may be one to be, which [Build] makes a
// trace of: it gives an error that wraps [ErrForeign].
func Open(name string) (*Reader, error) {
	r, err := openAny(name)
	if err == nil && r.foreign {
		err = fmt.Errorf("%s: %w; ngxreplay trace makes a trace of it", name, errors.Join(ErrForeign, r.Close()))
		return nil, err
	}
	return r, err
}

// openAny opens a trace, or the Parquet file of somebody else: its requests may come in any order, their offsets are
// relative to any instant, and the info says nothing but the precision.
func openAny(name string) (*Reader, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	r := &Reader{name: name, file: file, last: math.MinInt64}
	if err := r.open(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, errors.Join(err, file.Close()))
	}
	return r, nil
}

func (r *Reader) open() (err error) {
	defer recoverCorrupt(&err)
	stat, err := r.file.Stat()
	if err != nil {
		return err
	}
	opened, err := parquet.OpenFile(r.file, stat.Size(),
		parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(1<<16))
	if err != nil {
		return fmt.Errorf("not a complete trace: %w; build it again with ngxreplay trace", err)
	}
	if err := r.readInfo(opened); err != nil {
		return err
	}
	r.groups = opened.RowGroups()
	if r.columns, err = bind(opened.Schema()); err != nil {
		return err
	}
	if r.foreign {
		r.info.PrecisionNS = r.columns.precision
	}
	return nil
}

func (r *Reader) readInfo(opened *parquet.File) error {
	metadata, ok := opened.Lookup(metadataKey)
	if !ok {
		r.foreign = true
		r.info.Requests = opened.NumRows()
		return nil
	}
	if err := json.Unmarshal([]byte(metadata), &r.info); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	if r.info.Schema != Schema {
		return fmt.Errorf("schema %q, but this ngxreplay reads %s: build the trace again, or use the version that wrote it", r.info.Schema, Schema)
	}
	if r.info.Requests != opened.NumRows() {
		return fmt.Errorf("%d rows, but the metadata says %d requests", opened.NumRows(), r.info.Requests)
	}
	return nil
}

// Info describes the trace. The caller must not change it.
func (r *Reader) Info() *Info { return &r.info }

// Read fills dst with the next requests and returns how many, and io.EOF at the end, possibly with the last of them.
// The bytes of the requests stay as they are, and may be kept; but requests share them, so they must not be changed.
func (r *Reader) Read(dst []Request) (n int, err error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err = r.read(dst)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%s: %w", r.name, err)
	}
	r.err = err
	return n, err
}

func (r *Reader) read(dst []Request) (n int, err error) {
	defer recoverCorrupt(&err)
	r.headers = make([]Header, 0, cap(r.headers)) // those of the last read are the caller's
	for {
		for r.left == 0 {
			if len(r.groups) == 0 {
				return n, io.EOF
			}
			if err := r.openGroup(); err != nil {
				return n, err
			}
		}
		if n == len(dst) {
			return n, nil
		}
		rows := dst[n:][:min(int64(len(dst)-n), r.left)]
		if err := r.fill(rows); err != nil {
			return n, err
		}
		good, err := r.check(rows)
		n += good
		if err != nil {
			return n, err
		}
		r.left -= int64(len(rows))
	}
}

func (r *Reader) openGroup() error {
	g := r.groups[0]
	r.groups = r.groups[1:]
	if r.left = g.NumRows(); r.left < 0 {
		return fmt.Errorf("corrupt trace: a row group of %d rows", r.left)
	}
	for _, c := range r.columns.all() {
		if err := errors.Join(c.close(), c.open(g)); err != nil {
			return err
		}
	}
	return nil
}

// fill reads as many rows as there are requests, column by column.
func (r *Reader) fill(rows []Request) error {
	blank := absent()
	for i := range rows {
		rows[i] = blank
	}
	for _, c := range r.columns.readers {
		if err := c.fill(rows); err != nil {
			return err
		}
	}
	if r.columns.names == nil {
		return nil
	}
	return r.fillHeaders(rows)
}

// check returns how many of the rows are good, and what is wrong with the next one.
func (r *Reader) check(rows []Request) (int, error) {
	for i := range rows {
		row := &rows[i]
		r.rows++
		if r.foreign {
			if !r.columns.sourced {
				row.Source, row.Line = r.name, r.rows
			}
			if err := checkForeign(row); err != nil {
				return i, fmt.Errorf("row %d: %w%s", r.rows, err, seeDocs)
			}
			continue
		}
		if row.Offset < r.last {
			return i, fmt.Errorf("%s:%d: offset %d ns lies before that of the request before it: not a sorted trace", row.Source, row.Line, row.Offset)
		}
		r.last = row.Offset
	}
	return len(rows), nil
}

// maxForeignOffset keeps the difference of any two arrivals within a number: 146 years from 1970, or from the start.
const maxForeignOffset = math.MaxInt64 / 2

// checkForeign finds what no log would hold.
func checkForeign(row *Request) error {
	switch {
	case len(row.Method) == 0:
		return errors.New("method is empty")
	case len(row.Target) == 0:
		return errors.New("target is empty")
	case row.Offset > maxForeignOffset || row.Offset < -maxForeignOffset:
		return fmt.Errorf("an arrival of %d ns", row.Offset)
	}
	return nil
}

// fillHeaders reads the headers of the rows: most often there are none for pages.
func (r *Reader) fillHeaders(rows []Request) error {
	names, values := r.columns.names, r.columns.values
	for len(rows) > 0 {
		a, err := names.emptyRows()
		if err != nil {
			return err
		}
		b, err := values.emptyRows()
		if err != nil {
			return err
		}
		if n := min(a, b, len(rows)); n > 0 {
			names.slot += n
			values.slot += n
			rows = rows[n:]
			continue
		}
		if err := r.readHeaders(&rows[0]); err != nil {
			return err
		}
		rows = rows[1:]
	}
	return nil
}

// readHeaders reads the headers of one row. One without a name or a value is none.
func (r *Reader) readHeaders(row *Request) (err error) {
	names, values := r.scratch[0][:0], r.scratch[1][:0]
	if names, err = r.columns.names.appendRow(names); err != nil {
		return err
	}
	if values, err = r.columns.values.appendRow(values); err != nil {
		return err
	}
	r.scratch = [2][][]byte{names, values}
	if len(names) != len(values) {
		return fmt.Errorf("corrupt trace: %d names for %d values of headers", len(names), len(values))
	}
	start := len(r.headers)
	for i, name := range names {
		if name != nil && values[i] != nil {
			r.headers = append(r.headers, Header{Name: name, Value: values[i]})
		}
	}
	if end := len(r.headers); end > start {
		row.Headers = r.headers[start:end:end]
	}
	return nil
}

// Close closes the file.
func (r *Reader) Close() error {
	errs := []error{r.file.Close()}
	if r.columns != nil {
		for _, c := range r.columns.all() {
			errs = append(errs, c.close())
		}
	}
	return errors.Join(errs...)
}

// recoverCorrupt turns a panic of the Parquet library into an error: it meets a corrupt page by panicking here and
// there, and trace files are hostile input.
func recoverCorrupt(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("corrupt trace: %v", p)
	}
}
