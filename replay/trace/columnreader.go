package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
)

// A columnReader walks over one column of a file, page by page.
//
// It exists because decoding rows with the library costs several times as much, and trusts the file: a damaged page
// makes it take a number for a text. Here the parts of a page are checked once, when it is opened. The memory of pages is
// left to the garbage collector, so that the bytes of requests stay theirs.
type columnReader struct {
	column
	index    int // of the column in the file
	kind     parquet.Kind
	full     byte // definition level of a value that is there
	needed   bool // nulls are refused
	unsigned bool
	isTime   bool  // numbers are a time
	unit     int64 // nanoseconds a number stands for

	pages parquet.Pages // of the open row group

	// The open page has slots: values and nulls. The levels are nil where a column has no nulls, or does not repeat.
	levels, repeats []byte
	slot, slots     int
	value, values   int // values are the slots that are no null
	// Either the numbers of words in the dictionary, or the values themselves.
	indexes []int32
	data    []byte
	offsets []uint32
	numbers []int64

	dictionary   parquet.Dictionary // of the row group
	words        [][]byte
	texts        []string
	numberWords  []int64
	interned     map[string]string
	numberBuffer []int64
}

// open begins a row group.
func (c *columnReader) open(g parquet.RowGroup) error {
	chunks := g.ColumnChunks()
	if c.index >= len(chunks) {
		return errors.New("corrupt trace: a row group without all columns")
	}
	c.pages, c.dictionary = chunks[c.index].Pages(), nil
	c.slot, c.slots = 0, 0
	return nil
}

func (c *columnReader) close() error {
	if c.pages == nil {
		return nil
	}
	err := c.pages.Close()
	c.pages = nil
	return err
}

// fill sets the field of each request; it stays as it is where the file has a null.
func (c *columnReader) fill(dst []Request) error {
	for len(dst) > 0 {
		if c.slot == c.slots {
			if err := c.nextPage(); err != nil {
				return c.ended(err)
			}
			continue
		}
		n := min(len(dst), c.slots-c.slot)
		switch {
		case c.values == 0:
		case c.bytes != nil:
			c.fillBytes(dst[:n])
		case c.text != nil:
			c.fillText(dst[:n])
		case c.number != nil:
			c.fillNumbers(dst[:n])
		default:
			if err := c.fillStatus(dst[:n]); err != nil {
				return err
			}
		}
		c.slot += n
		dst = dst[n:]
	}
	return nil
}

func (c *columnReader) ended(err error) error {
	if err == io.EOF {
		return fmt.Errorf("corrupt trace: column %s ends before the others", c.name)
	}
	return err
}

// null reports whether the slot that many after the current one is a null.
func (c *columnReader) null(i int) bool { return c.levels != nil && c.levels[c.slot+i] != c.full }

func (c *columnReader) fillBytes(dst []Request) {
	for i := range dst {
		if !c.null(i) {
			*c.bytes(&dst[i]) = c.word()
		}
	}
}

// word takes the next value. It is not nil.
func (c *columnReader) word() []byte {
	i := c.value
	c.value++
	if c.indexes != nil {
		return c.words[c.indexes[i]]
	}
	start, end := c.offsets[i], c.offsets[i+1]
	return c.data[start:end:end]
}

func (c *columnReader) fillText(dst []Request) {
	for i := range dst {
		switch {
		case c.null(i):
		case c.indexes != nil:
			*c.text(&dst[i]) = c.texts[c.indexes[c.value]]
			c.value++
		default:
			*c.text(&dst[i]) = c.intern(c.word())
		}
	}
}

func (c *columnReader) fillNumbers(dst []Request) {
	for i := range dst {
		if !c.null(i) {
			*c.number(&dst[i]) = c.nextNumber()
		}
	}
}

func (c *columnReader) fillStatus(dst []Request) error {
	for i := range dst {
		if c.null(i) {
			continue
		}
		n := c.nextNumber()
		if n < math.MinInt32 || n > math.MaxInt32 {
			return fmt.Errorf("column %s holds %d, which is none", c.name, n)
		}
		*c.status(&dst[i]) = int32(n)
	}
	return nil
}

func (c *columnReader) nextNumber() int64 {
	i := c.value
	c.value++
	if c.indexes != nil {
		return c.numberWords[c.indexes[i]]
	}
	return c.numbers[i]
}

// maxInterned bounds the texts that are allocated once only.
const maxInterned = 10_000

func (c *columnReader) intern(b []byte) string {
	if s, ok := c.interned[string(b)]; ok {
		return s
	}
	if c.interned == nil {
		c.interned = map[string]string{}
	}
	s := string(b)
	if len(c.interned) < maxInterned {
		c.interned[s] = s
	}
	return s
}

// continues reports whether the row goes on with the next slot of a column that repeats.
func (c *columnReader) continues() (bool, error) {
	for c.slot == c.slots {
		switch err := c.nextPage(); err {
		case nil:
		case io.EOF:
			return false, nil
		default:
			return false, err
		}
	}
	return c.repeats[c.slot] != 0, nil
}

// appendRow appends the values of the next row of a column that repeats; a null is nil.
func (c *columnReader) appendRow(dst [][]byte) ([][]byte, error) {
	more, err := c.continues()
	if err != nil {
		return dst, err
	}
	if more || c.slot == c.slots {
		return dst, c.ended(io.EOF)
	}
	for first := true; first || more; first = false {
		var word []byte
		if !c.null(0) {
			word = c.word()
		}
		dst = append(dst, word)
		c.slot++
		if more, err = c.continues(); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// emptyRows is how many rows come next that hold nothing: those left of a page without values.
func (c *columnReader) emptyRows() (int, error) {
	for c.slot == c.slots {
		if err := c.nextPage(); err != nil {
			return 0, c.ended(err)
		}
	}
	if c.values > 0 || bytes.IndexByte(c.repeats[c.slot:], 1) >= 0 {
		return 0, nil
	}
	return c.slots - c.slot, nil
}

// nextPage opens the next page; io.EOF ends the row group.
func (c *columnReader) nextPage() error {
	page, err := c.pages.ReadPage()
	if err == io.EOF {
		return io.EOF
	}
	if err != nil {
		return fmt.Errorf("corrupt trace: column %s: %w", c.name, err)
	}
	if err := c.openPage(page); err != nil {
		return fmt.Errorf("corrupt trace: column %s: %w", c.name, err)
	}
	if c.needed && c.values < c.slots {
		return fmt.Errorf("column %s holds nulls: every request needs one%s", c.name, seeDocs)
	}
	return nil
}

func (c *columnReader) openPage(page parquet.Page) error {
	c.slot, c.slots, c.value = 0, int(page.NumValues()), 0
	c.levels, c.repeats = page.DefinitionLevels(), page.RepetitionLevels()
	c.indexes, c.offsets, c.numbers = nil, nil, nil
	c.values = c.slots
	if c.levels != nil {
		c.values = bytes.Count(c.levels, []byte{c.full})
	}
	if c.levels != nil && len(c.levels) < c.slots || c.repeats != nil && len(c.repeats) < c.slots {
		return errors.New("a page with too few levels")
	}
	if c.values == 0 {
		return nil
	}
	data, dictionary := page.Data(), page.Dictionary()
	if dictionary != nil {
		if err := c.openDictionary(dictionary); err != nil {
			return err
		}
		if c.indexes = data.Int32(); len(c.indexes) < c.values {
			return errors.New("a page with too few values")
		}
		return checkIndexes(c.indexes, max(len(c.words), len(c.numberWords)))
	}
	var n int
	var err error
	if c.kind == parquet.ByteArray {
		c.data, c.offsets = data.ByteArray()
		n, err = len(c.offsets)-1, checkOffsets(c.offsets, len(c.data))
	} else {
		c.numbers, err = c.toNumbers(page, c.numberBuffer[:0])
		c.numberBuffer = c.numbers
		n = len(c.numbers)
	}
	if err == nil && n < c.values {
		err = errors.New("a page with too few values")
	}
	return err
}

func checkIndexes(indexes []int32, words int) error {
	var largest uint32
	for _, i := range indexes {
		largest = max(largest, uint32(i))
	}
	if int64(largest) >= int64(words) {
		return fmt.Errorf("word %d of a dictionary of %d", largest, words)
	}
	return nil
}

func checkOffsets(offsets []uint32, size int) error {
	last := uint32(0)
	for _, o := range offsets {
		if o < last {
			return errors.New("a value of negative length")
		}
		last = o
	}
	if int64(last) > int64(size) {
		return errors.New("a value beyond the end of its page")
	}
	return nil
}

func (c *columnReader) openDictionary(d parquet.Dictionary) error {
	if d == c.dictionary {
		return nil
	}
	c.words, c.texts, c.numberWords = nil, nil, nil
	if c.kind != parquet.ByteArray {
		var err error
		c.numberWords, err = c.toNumbers(d.Page(), nil)
		c.dictionary = d
		return err
	}
	values := d.Page().Data()
	data, offsets := values.ByteArray()
	if err := checkOffsets(offsets, len(data)); err != nil {
		return err
	}
	for i := range d.Len() {
		word := data[offsets[i]:offsets[i+1]:offsets[i+1]]
		if c.text != nil {
			c.texts = append(c.texts, c.intern(word))
		}
		c.words = append(c.words, word)
	}
	c.dictionary = d
	return nil
}

// toNumbers appends the numbers of a page to dst.
func (c *columnReader) toNumbers(page parquet.Page, dst []int64) ([]int64, error) {
	data := page.Data()
	switch {
	case c.kind == parquet.Int64:
		dst = append(dst, data.Int64()...)
	case c.unsigned:
		for _, n := range data.Uint32() {
			dst = append(dst, int64(n))
		}
	default:
		for _, n := range data.Int32() {
			dst = append(dst, int64(n))
		}
	}
	if c.unsigned || c.unit > 1 {
		bound := math.MaxInt64 / c.unit
		for i, n := range dst {
			if n > bound || n < -bound || c.unsigned && n < 0 {
				return dst, fmt.Errorf("%d is too large", uint64(n))
			}
			dst[i] = n * c.unit
		}
	}
	return dst, nil
}
