package trace

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A page ends after pageRows rows or about pageBytes of text, the same row in every column. A row group ends when its
// pages take up groupBytes or it has groupRows: that bounds what is held in memory, here and by readers that take a
// row group at a time.
type tableLimits struct{ pageRows, pageBytes, groupRows, groupBytes int }

func defaultLimits() tableLimits {
	return tableLimits{pageRows: 1 << 14, pageBytes: 4 << 20, groupRows: 1 << 20, groupBytes: 16 << 20}
}

// A tableWriter writes requests as a Parquet file.
type tableWriter struct {
	out           io.Writer
	offset        int64
	limits        tableLimits
	columns       []*columnWriter // all, in the order of the file
	fields        []*columnWriter // of these, those of a request
	names, values *columnWriter   // of the headers
	beside        []*columnWriter
	rows          int   // of the page
	bytes         int   // of text in the page
	groupRows     int64 // in finished pages
	groups        []format.RowGroup
	total         int64
}

// newTableWriter writes the head of the file.
func newTableWriter(out io.Writer, beside ...Beside) (*tableWriter, error) {
	// The only errors are options that do not exist. Windows need be no larger than pages.
	codec, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderCRC(false), zstd.WithZeroFrames(true), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, err
	}
	w := &tableWriter{out: out, limits: defaultLimits()}
	for _, c := range columns() {
		w.fields = append(w.fields, newColumnWriter(c, []string{c.name}, codec))
	}
	w.names = newColumnWriter(column{name: headersColumn, kind: repeats}, headerPath(headerName), codec)
	w.values = newColumnWriter(column{name: headersColumn}, headerPath(headerValue), codec)
	for i := range beside {
		w.beside = append(w.beside, newColumnWriter(beside[i].column(), []string{beside[i].Name}, codec))
	}
	w.columns = slices.Concat(w.fields, []*columnWriter{w.names, w.values}, w.beside)
	return w, w.emit([]byte(magic))
}

func (w *tableWriter) emit(b []byte) error {
	n, err := w.out.Write(b)
	w.offset += int64(n)
	return err
}

// write writes requests, of which it keeps nothing. The fewer there are at once, the more exactly pages keep their size.
func (w *tableWriter) write(rows []Request) error {
	for from := 0; len(rows) > 0; {
		n := min(len(rows), w.limits.pageRows-w.rows)
		for _, c := range w.fields {
			w.bytes += c.add(rows[:n])
		}
		w.bytes += w.names.addParts(rows[:n], func(h *Header) []byte { return h.Name })
		w.bytes += w.values.addParts(rows[:n], func(h *Header) []byte { return h.Value })
		for _, c := range w.beside {
			w.bytes += c.addBeside(from, n)
		}
		w.rows += n
		from += n
		rows = rows[n:]
		if w.rows == w.limits.pageRows || w.bytes >= w.limits.pageBytes {
			if err := w.endPage(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *tableWriter) endPage() error {
	size := 0
	for _, c := range w.columns {
		if err := c.endPage(w.rows); err != nil {
			return err
		}
		size += c.size()
	}
	w.groupRows += int64(w.rows)
	w.rows, w.bytes = 0, 0
	if size < w.limits.groupBytes && w.groupRows < int64(w.limits.groupRows) {
		return nil
	}
	return w.endGroup()
}

func (w *tableWriter) endGroup() error {
	if w.groupRows == 0 {
		return nil
	}
	if len(w.groups) == math.MaxInt16 {
		return errors.New("a trace of more than half a terabyte: build several")
	}
	g := format.RowGroup{NumRows: w.groupRows, FileOffset: w.offset, Ordinal: int16(len(w.groups))}
	for _, c := range w.columns {
		chunk, err := c.endGroup(w.offset)
		if err != nil {
			return err
		}
		if err := w.emit(c.dict); err != nil {
			return err
		}
		if err := w.emit(c.pages); err != nil {
			return err
		}
		g.TotalByteSize += chunk.MetaData.TotalUncompressedSize
		g.TotalCompressedSize += chunk.MetaData.TotalCompressedSize
		g.Columns = append(g.Columns, chunk)
		c.reset()
	}
	w.groups = append(w.groups, g)
	w.total += w.groupRows
	w.groupRows = 0
	return nil
}

// close writes what is left, and the footer with the metadata under its key.
func (w *tableWriter) close(key, metadata string) error {
	if err := w.endPage(); err != nil {
		return err
	}
	if err := w.endGroup(); err != nil {
		return err
	}
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), &format.FileMetaData{
		Version: 2, Schema: schemaElements(w.beside), NumRows: w.total, RowGroups: w.groups, CreatedBy: "ngxreplay",
		KeyValueMetadata: []format.KeyValue{{Key: key, Value: metadata}},
	})
	if err != nil {
		return err
	}
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	return w.emit(append(footer, magic...))
}
