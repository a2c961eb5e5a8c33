package trace

import "io"

// A Table writes requests as a Parquet file with the columns of a trace and others beside them. It is no trace: nothing of
// it is accounted for, and its rows are in whatever order they come.
type Table struct{ rows *tableWriter }

// A Beside is a column of a [Table] beside those of a trace. One of Number and Text is set; it is asked for each row of a
// Write, and what is not ok is null.
type Beside struct {
	Name    string
	Number  func(row int) (n int64, ok bool)
	Text    func(row int) (s string, ok bool) // UTF-8
	Repeats bool                              // the texts are few different ones
}

func (b *Beside) column() column {
	c := column{name: b.Name, kind: optional, beside: b}
	if b.Text != nil {
		c.kind |= utf8
	}
	if b.Repeats {
		c.kind |= repeats
	}
	return c
}

// NewTable writes the head of a file to out, which must be told [Table.Close] at the end.
func NewTable(out io.Writer, beside ...Beside) (*Table, error) {
	rows, err := newTableWriter(out, beside...)
	if err != nil {
		return nil, err
	}
	rows.limits.groupBytes = tableGroup
	return &Table{rows}, nil
}

// tableGroup is the size of a row group, in bytes: a table is written by a program that has other things in memory.
const tableGroup = 4 << 20

// Write writes requests, of which it keeps nothing, and asks the columns beside them for as many rows, from 0.
func (t *Table) Write(rows []Request) error { return t.rows.write(rows) }

// Close writes what is left, and the footer with metadata under a key.
func (t *Table) Close(key, metadata string) error { return t.rows.close(key, metadata) }

// addBeside takes so many rows of a column beside those of a trace, and returns how many bytes of text they hold.
func (w *columnWriter) addBeside(from, rows int) (size int) {
	for row := from; row < from+rows; row++ {
		var ok bool
		if w.isNumber() {
			var n int64
			if n, ok = w.beside.Number(row); ok {
				w.numbers = append(w.numbers, n)
			}
		} else {
			var s string
			if s, ok = w.beside.Text(row); ok {
				w.scratch.packed = append(w.scratch.packed[:0], s...)
				w.addWord(w.scratch.packed)
				size += len(s)
			}
		}
		level := byte(0)
		if ok {
			level = 1
		}
		w.levels = append(w.levels, level)
	}
	w.values += rows
	return size
}
