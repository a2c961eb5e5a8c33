package trace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ngxreplay/replay/route"
)

// metadataKey is where a trace file holds its Info, as JSON.
const metadataKey = "ngxreplay.trace"

// A fileWriter writes a trace beside its final place and moves it there when it is complete.
type fileWriter struct {
	path    string
	file    *os.File
	rows    *tableWriter
	table   *route.Table
	routed  []int64 // requests by route
	info    Info
	methods tally
	hash    *hasher
	limit   int64
	batch   []Request
	arena   []byte // the records that the batch borrows
}

// batchRows is how many requests are written at once: one column after the other is faster than one request after the
// other.
const batchRows = 256

func create(path string, info Info, table *route.Table, limit int64) (*fileWriter, error) {
	path, err := Replaceable(path)
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: the directory does not exist: %w", path, fs.ErrNotExist)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s: the directory is not writable: %w", path, fs.ErrPermission)
	case err != nil:
		return nil, err
	}
	info.Schema = Schema
	rows, err := newTableWriter(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close(), os.Remove(file.Name()))
	}
	return &fileWriter{
		path:   path,
		file:   file,
		rows:   rows,
		table:  table,
		routed: make([]int64, len(table.Routes())),
		info:   info,
		hash:   newHasher(),
		limit:  limit,
		batch:  make([]Request, 0, batchRows),
	}, nil
}

// Replaceable follows a link, whose file is to be replaced and not the link, and refuses to replace what is no file: a
// device would be gone. The path is that of the file also when it is refused.
func Replaceable(path string) (string, error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return path, fmt.Errorf("%s is no regular file: %w", path, fs.ErrInvalid)
	}
	return path, nil
}

// writeRecord writes one request. Its offset is relative to the first arrival written.
func (w *fileWriter) writeRecord(b *builder, arrival int64, record []byte) error {
	if w.limit > 0 && w.info.Requests == w.limit {
		w.info.Ledger.Requests--
		w.info.Ledger.Filtered[ByLimit]++
		return nil
	}
	start := len(w.arena)
	w.arena = append(w.arena, record...)
	w.batch = w.batch[:len(w.batch)+1]
	r := &w.batch[len(w.batch)-1]
	traffic, place, err := b.decodeRecord(w.arena[start:], r)
	if err != nil {
		return err
	}
	if w.info.Requests == 0 {
		w.info.StartNS = arrival
	}
	r.Offset = arrival - w.info.StartNS
	if r.Offset < w.info.SpanNS {
		return fmt.Errorf("%s:%d: sorted wrongly: a bug of ngxreplay, please report it", r.Source, r.Line)
	}
	n := w.table.At(place, r.Method, r.Target)
	r.Route = w.table.Routes()[n].Name
	w.routed[n]++
	w.info.Requests++
	w.info.SpanNS = r.Offset
	w.methods.add(r.Method)
	w.hash.add(r.Offset, traffic)
	if len(w.batch) == cap(w.batch) {
		return w.flush()
	}
	return nil
}

func (w *fileWriter) flush() error {
	err := w.rows.write(w.batch)
	w.batch, w.arena = w.batch[:0], w.arena[:0]
	return err
}

// finish completes the file and moves it to its place.
func (w *fileWriter) finish() (Info, error) {
	w.info.SHA256 = w.hash.hex()
	w.info.Methods = w.methods.table()
	for i, r := range w.table.Routes() {
		if r.Requests = w.routed[i]; r.Requests > 0 {
			w.info.Routes = append(w.info.Routes, r)
		}
	}
	err := w.close()
	if err != nil {
		w.abort()
		return w.info, err
	}
	return w.info, os.Rename(w.file.Name(), w.path)
}

func (w *fileWriter) close() error {
	if err := w.flush(); err != nil {
		return err
	}
	metadata, err := json.Marshal(w.info)
	if err != nil {
		return err
	}
	if err := w.rows.close(metadataKey, string(metadata)); err != nil {
		return err
	}
	if err := w.file.Chmod(0o644); err != nil {
		return err
	}
	return w.file.Close()
}

// abort leaves nothing behind. Its errors would only hide the one that led here.
func (w *fileWriter) abort() {
	_ = w.file.Close()
	_ = os.Remove(w.file.Name())
}
