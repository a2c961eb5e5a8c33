package export

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"ngxreplay/replay/trace"
)

// csvWriter writes a table as RFC 4180 has it. Spreadsheets open it: what came from the log is no formula there, and
// no control characters.
type csvWriter struct {
	target
	csv     *csv.Writer
	cells   []string
	started bool
}

func newCSV(t target) Writer {
	w := csv.NewWriter(t.out)
	w.UseCRLF = true
	return &csvWriter{target: t, csv: w}
}

// csvColumns are the names in the first line.
func csvColumns() []string {
	return []string{"offset", "time", "method", "target", "protocol", "scheme", "host", "referer", "user_agent", "client", "user",
		"status", "body_bytes", "request_time", "request_length", "route", "source", "line"}
}

func (w *csvWriter) start() error {
	if w.started {
		return nil
	}
	w.started = true
	return w.csv.Write(csvColumns())
}

func (w *csvWriter) Write(r *trace.Request) error {
	if err := w.start(); err != nil {
		return err
	}
	w.cells = append(w.cells[:0], seconds(r.Offset), time.Unix(0, w.info.StartNS+r.Offset).UTC().Format(timestamp))
	for _, b := range [][]byte{r.Method, r.Target, r.Protocol, r.Scheme, r.Host, r.Referer, r.UserAgent, r.Client, r.User} {
		w.cells = append(w.cells, cell(b))
	}
	w.cells = append(w.cells, strconv.Itoa(int(r.Status)), number(r.BodyBytes), seconds(r.RequestTime), number(r.RequestLength),
		cell([]byte(r.Route)), cell([]byte(r.Source)), strconv.FormatInt(r.Line, 10))
	return w.csv.Write(w.cells)
}

func (w *csvWriter) Close() error {
	if err := w.start(); err != nil {
		return err
	}
	w.csv.Flush()
	if err := w.csv.Error(); err != nil {
		return err
	}
	return w.out.Flush()
}

// timestamp is ISO 8601 to the nanosecond.
const timestamp = "2006-01-02T15:04:05.000000000Z07:00"

// seconds are empty for what was not logged.
func seconds(ns int64) string {
	if ns < 0 {
		return ""
	}
	return fmt.Sprintf("%d.%09d", ns/1e9, ns%1e9)
}

// number is empty for what was not logged.
func number(n int64) string {
	if n < 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// cell is a value from a log. Control characters, backslashes and bytes that are no UTF-8 become \xXX, as nginx writes
// them; what a spreadsheet would take for a formula, or begins with an apostrophe itself, gets an apostrophe before it.
func cell(b []byte) string {
	const digits = "0123456789ABCDEF"
	var text []byte
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == '\\' || r == utf8.RuneError && n == 1 || unicode.IsControl(r):
			for _, c := range b[:n] {
				text = append(text, '\\', 'x', digits[c>>4], digits[c&15])
			}
		default:
			text = append(text, b[:n]...)
		}
		b = b[n:]
	}
	if len(text) > 0 {
		switch text[0] {
		case '=', '+', '-', '@', '\'':
			return "'" + string(text)
		}
	}
	return string(text)
}
