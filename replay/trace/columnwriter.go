package trace

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A columnWriter turns the values of one column into pages, and holds those of the row group that is being written.
//
// It exists because the library's writer costs several times as much: a map for each dictionary, reflection or boxed
// values, and statistics that nothing reads.
type columnWriter struct {
	column
	path []string
	// The page being filled: levels of columns that may be null or repeat, and values of which one kind is used.
	levels  []byte // 1 for a value, 0 for none
	repeats []byte // of headers: 0 begins a row
	plain   []byte
	numbers []int64
	indexes []int32
	values  int // of the page, nulls included

	words *dictionary // nil in columns without one
	wide  bool        // the words are too many: the rest of the row group is written without

	pages   []byte // finished
	meta    format.ColumnMetaData
	dict    []byte // the finished dictionary page
	codec   *zstd.Encoder
	sum     func(parts ...[]byte) int32 // of a page: checksum, unless a test damages pages behind it
	dense   int                         // so many pages more are not worth compressing
	scratch pageScratch
}

// pageScratch is memory that every page needs anew.
type pageScratch struct {
	values, levels, repeats, packed []byte
	narrow                          []int32
	header                          bytes.Buffer
}

// maxDictionary bounds the words of a row group, in bytes: beyond it they are no repetition, and cost memory.
const maxDictionary = 1 << 20

func newColumnWriter(c column, path []string, codec *zstd.Encoder) *columnWriter {
	w := &columnWriter{column: c, path: path, codec: codec, sum: checksum}
	if c.kind.is(repeats) {
		w.words = newDictionary()
	}
	return w
}

// add takes the values of the rows and returns how many bytes of text they hold.
func (w *columnWriter) add(rows []Request) (size int) {
	switch {
	case w.bytes != nil:
		return w.addBytes(rows)
	case w.number != nil:
		for i := range rows {
			w.numbers = append(w.numbers, *w.number(&rows[i]))
		}
	case w.status != nil:
		for i := range rows {
			w.numbers = append(w.numbers, int64(*w.status(&rows[i])))
		}
	default:
		for i := range rows {
			w.scratch.packed = append(w.scratch.packed[:0], *w.text(&rows[i])...)
			w.addWord(w.scratch.packed)
		}
	}
	w.values += len(rows)
	return 0
}

func (w *columnWriter) addBytes(rows []Request) (size int) {
	for i := range rows {
		b := *w.bytes(&rows[i])
		if w.kind.is(optional) {
			if b == nil {
				w.levels = append(w.levels, 0)
				continue
			}
			w.levels = append(w.levels, 1)
		}
		w.addWord(b)
		size += len(b)
	}
	w.values += len(rows)
	return size
}

func (w *columnWriter) addWord(b []byte) {
	if w.words != nil && !w.wide {
		w.indexes = append(w.indexes, w.words.number(b))
	} else {
		w.plain = appendPlain(w.plain, b)
	}
}

// addParts takes the names or the values of the headers of the rows.
func (w *columnWriter) addParts(rows []Request, part func(*Header) []byte) (size int) {
	for i := range rows {
		headers := rows[i].Headers
		if len(headers) == 0 {
			w.levels = append(w.levels, 0)
			w.repeats = append(w.repeats, 0)
			w.values++
		}
		for j := range headers {
			b := part(&headers[j])
			w.levels = append(w.levels, 1)
			w.repeats = append(w.repeats, byte(min(j, 1)))
			w.addWord(b)
			w.values++
			size += len(b)
		}
	}
	return size
}

// endPage finishes the page of that many rows.
func (w *columnWriter) endPage(rows int) error {
	if w.values == 0 {
		return nil
	}
	s := &w.scratch
	body, encoding, err := w.encode()
	if err != nil {
		return fmt.Errorf("column %s: %w", w.name, err)
	}
	levels := rle.Encoding{BitWidth: 1}
	s.levels, s.repeats = s.levels[:0], s.repeats[:0]
	nulls := 0
	if len(w.levels) > 0 {
		nulls = bytes.Count(w.levels, []byte{0})
		if s.levels, err = levels.EncodeLevels(s.levels, w.levels); err != nil {
			return fmt.Errorf("column %s: %w", w.name, err)
		}
	}
	if len(w.repeats) > 0 {
		if s.repeats, err = levels.EncodeLevels(s.repeats, w.repeats); err != nil {
			return fmt.Errorf("column %s: %w", w.name, err)
		}
	}
	compressed, packed := w.compress(body)
	header := format.PageHeader{
		Type:                 format.DataPageV2,
		UncompressedPageSize: int32(len(s.repeats) + len(s.levels) + len(body)),
		CompressedPageSize:   int32(len(s.repeats) + len(s.levels) + len(packed)),
		CRC:                  w.sum(s.repeats, s.levels, packed),
		DataPageHeaderV2: thrift.New(format.DataPageHeaderV2{
			NumValues: int32(w.values), NumNulls: int32(nulls), NumRows: int32(rows), Encoding: encoding,
			DefinitionLevelsByteLength: int32(len(s.levels)), RepetitionLevelsByteLength: int32(len(s.repeats)),
			IsCompressed: thrift.New(compressed), Statistics: format.Statistics{NullCount: int64(nulls)},
		}),
	}
	if w.pages, err = w.appendPage(w.pages, &header, s.repeats, s.levels, packed); err != nil {
		return err
	}
	w.meta.NumValues += int64(w.values)
	w.meta.Statistics.NullCount += int64(nulls)
	w.levels, w.repeats, w.plain, w.numbers, w.indexes = w.levels[:0], w.repeats[:0], w.plain[:0], w.numbers[:0], w.indexes[:0]
	w.values = 0
	w.wide = w.wide || w.words != nil && len(w.words.plain) > maxDictionary
	return nil
}

// encode returns the values of the page.
func (w *columnWriter) encode() (body []byte, encoding format.Encoding, err error) {
	s := &w.scratch
	switch {
	case w.isNumber():
		s.values, err = parquet.DeltaBinaryPacked.EncodeInt64(s.values[:0], w.numbers)
		return s.values, format.DeltaBinaryPacked, err
	case w.status != nil:
		s.narrow = s.narrow[:0]
		for _, n := range w.numbers {
			s.narrow = append(s.narrow, int32(n))
		}
		s.values, err = parquet.DeltaBinaryPacked.EncodeInt32(s.values[:0], s.narrow)
		return s.values, format.DeltaBinaryPacked, err
	case len(w.indexes) > 0: // a page of nulls has no words, and its column perhaps no dictionary
		s.values, err = parquet.RLEDictionary.EncodeInt32(s.values[:0], w.indexes)
		return s.values, format.RLEDictionary, err
	}
	return w.plain, format.Plain, nil
}

// minCompressed is the size from which compressing is tried. After a page that it made no smaller than 7/8 it is not tried
// for densePages: packed numbers seldom are.
const (
	minCompressed = 64
	densePages    = 15
)

// compress returns body compressed, or as it is when that is no larger.
func (w *columnWriter) compress(body []byte) (compressed bool, packed []byte) {
	if w.dense > 0 || len(body) < minCompressed {
		w.dense = max(w.dense-1, 0)
		return false, body
	}
	w.scratch.packed = w.codec.EncodeAll(body, w.scratch.packed[:0])
	if len(w.scratch.packed) >= len(body)/8*7 {
		w.dense = densePages
		return false, body
	}
	return true, w.scratch.packed
}

// appendPage appends the header and the parts of a page, and counts their sizes.
func (w *columnWriter) appendPage(dst []byte, header *format.PageHeader, parts ...[]byte) ([]byte, error) {
	w.scratch.header.Reset()
	var protocol thrift.CompactProtocol
	if err := thrift.NewEncoder(protocol.NewWriter(&w.scratch.header)).Encode(header); err != nil {
		return dst, err
	}
	if int64(header.CompressedPageSize)+int64(len(dst)) > math.MaxInt32 {
		return dst, fmt.Errorf("column %s: more than 2 GiB in a row group", w.name)
	}
	head := w.scratch.header.Bytes()
	w.meta.TotalUncompressedSize += int64(len(head)) + int64(header.UncompressedPageSize)
	w.meta.TotalCompressedSize += int64(len(head)) + int64(header.CompressedPageSize)
	dst = append(dst, head...)
	for _, part := range parts {
		dst = append(dst, part...)
	}
	return dst, nil
}

// endGroup finishes the row group's column, whose bytes are then w.dict and w.pages, and describes it at that offset of
// the file.
func (w *columnWriter) endGroup(offset int64) (format.ColumnChunk, error) {
	w.dict = w.dict[:0]
	w.meta.Encoding = []format.Encoding{format.RLE, format.Plain}
	switch {
	case w.isNumber() || w.status != nil:
		w.meta.Encoding = []format.Encoding{format.RLE, format.DeltaBinaryPacked}
	case w.words != nil && w.words.words > 0:
		w.meta.Encoding = append(w.meta.Encoding, format.RLEDictionary)
		if err := w.endDictionary(); err != nil {
			return format.ColumnChunk{}, err
		}
		w.meta.DictionaryPageOffset = offset
	}
	w.meta.Type, w.meta.PathInSchema, w.meta.Codec = w.physical(), w.path, format.Zstd
	w.meta.DataPageOffset = offset + int64(len(w.dict))
	return format.ColumnChunk{MetaData: w.meta}, nil
}

func (w *columnWriter) endDictionary() (err error) {
	// A dictionary page cannot say that it is not compressed.
	w.scratch.packed = w.codec.EncodeAll(w.words.plain, w.scratch.packed[:0])
	header := format.PageHeader{
		Type:                 format.DictionaryPage,
		UncompressedPageSize: int32(len(w.words.plain)),
		CompressedPageSize:   int32(len(w.scratch.packed)),
		CRC:                  w.sum(w.scratch.packed),
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(w.words.words), Encoding: format.Plain}),
	}
	w.dict, err = w.appendPage(w.dict, &header, w.scratch.packed)
	return err
}

// reset begins the next row group.
func (w *columnWriter) reset() {
	w.pages, w.meta, w.wide = w.pages[:0], format.ColumnMetaData{}, false
	if w.words != nil {
		w.words.reset()
	}
}

// size is what the finished pages take up.
func (w *columnWriter) size() int { return len(w.pages) }

func checksum(parts ...[]byte) int32 {
	var sum uint32
	for _, part := range parts {
		sum = crc32.Update(sum, crc32.IEEETable, part)
	}
	return int32(sum)
}
