package trace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// A Reader reads a trace in order. It is not safe for concurrent use.
type Reader struct {
	file   *os.File
	info   Info
	groups []parquet.RowGroup // not opened yet
	rows   parquet.Rows       // of the open group; nil between groups
	fields columns
	buffer []parquet.Row
	last   int64 // offset of the request read last
	err    error // the first, which all later reads return
}

// Open opens the trace of that name.
func Open(name string) (*Reader, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	r := &Reader{file: file, buffer: make([]parquet.Row, 256)}
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
	opened, err := parquet.OpenFile(r.file, stat.Size())
	if err != nil {
		return fmt.Errorf("not a complete trace: %w; build it again with ngxreplay trace", err)
	}
	metadata, ok := opened.Lookup(metadataKey)
	if !ok {
		return errors.New("a Parquet file, but not a trace of ngxreplay; see docs/trace-format.md")
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
	r.groups = opened.RowGroups()
	r.fields, err = newColumns(opened.Schema())
	return err
}

// Info describes the trace. The caller must not change it.
func (r *Reader) Info() *Info { return &r.info }

// Read fills dst with the next requests and returns how many, and io.EOF at the end, possibly with the last of them.
// The bytes of the requests belong to the caller.
func (r *Reader) Read(dst []Request) (n int, err error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err = r.read(dst)
	if err != nil {
		r.err = err
	}
	return n, err
}

func (r *Reader) read(dst []Request) (n int, err error) {
	defer recoverCorrupt(&err)
	for n < len(dst) {
		if r.rows == nil {
			if len(r.groups) == 0 {
				return n, io.EOF
			}
			r.rows, r.groups = r.groups[0].Rows(), r.groups[1:]
		}
		got, readErr := r.rows.ReadRows(r.buffer[:min(len(r.buffer), len(dst)-n)])
		var arena []byte
		for _, row := range r.buffer[:got] {
			if arena, err = r.fields.decode(&dst[n], row, arena); err != nil {
				return n, err
			}
			if dst[n].Offset < r.last {
				return n, fmt.Errorf("%s:%d: offset %d ns lies before that of the request before it: not a sorted trace", dst[n].Source, dst[n].Line, dst[n].Offset)
			}
			r.last = dst[n].Offset
			n++
		}
		switch {
		case readErr == io.EOF:
			if err := r.rows.Close(); err != nil {
				return n, err
			}
			r.rows = nil
		case readErr != nil:
			return n, readErr
		case got == 0:
			return n, io.ErrNoProgress
		}
	}
	if r.rows == nil && len(r.groups) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// Close closes the file.
func (r *Reader) Close() error {
	if r.rows == nil {
		return r.file.Close()
	}
	return errors.Join(r.rows.Close(), r.file.Close())
}

// recoverCorrupt turns a panic of the Parquet library into an error: it meets a corrupt page by panicking here and
// there, and trace files are hostile input.
func recoverCorrupt(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("corrupt trace: %v", p)
	}
}
