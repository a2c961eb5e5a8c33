package parse

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readTwin reads a log of testdata and gives its entries, sorted, because nginx writes each log in an order of its own.
func readTwin(t *testing.T, name string, describe func(e *Entry) string) ([]string, map[Reason]int) {
	t.Helper()
	src := mustOpen(t, "../testdata/"+name+".log")
	d, err := Detect(src.Sample())
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Formats) != 1 || len(d.Guessed) != 0 || d.Envelope != EnvelopeNone || d.Share() != 1 {
		t.Errorf("%s: %+v", name, d)
	}
	var out []string
	reasons := map[Reason]int{}
	r := NewReader(src, name, d.Formats...)
	for r.Scan() {
		e, bad := r.Entry()
		if bad != nil {
			t.Fatal(bad)
		}
		out = append(out, describe(e))
		reasons[e.Unreplayable]++
	}
	slices.Sort(out)
	return out, reasons
}

// Three logs of one traffic, each with an escape or fields of its own, give the same requests and refuse the same ones
// for the same reasons. escape=json keeps the bytes of a request line as well as the default does: control bytes as
// \u00XX, those from 0x80 raw.
func TestTwins(t *testing.T) {
	common := func(e *Entry) string {
		if string(e.UserAgent) == "-" { // a client sends this; the default escape cannot tell it from nothing sent
			e.UserAgent = nil
		}
		return fmt.Sprintf("%d %s %q %q %q %q %s %d %d %q %q %q", e.Time/1e9, e.Client, e.User, e.Method, e.Target, e.Protocol, e.Unreplayable, e.Status, e.BodyBytes, e.Request, e.Referer, e.UserAgent)
	}
	combined, want := readTwin(t, "combined", common)
	timed, reasons := readTwin(t, "timed", common)
	if diff := cmp.Diff(combined, timed); diff != "" {
		t.Errorf("combined and timed: %.2000s", diff)
	}
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Errorf("combined and timed: %s", diff)
	}
	json, reasons := readTwin(t, "json", common)
	if diff := cmp.Diff(combined, json); diff != "" {
		t.Errorf("combined and json: %.2000s", diff)
	}
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Errorf("combined and json: %s", diff)
	}
	if want[TLS] != 10 || want[Empty] != 5 {
		t.Errorf("%v", want)
	}
	fine := func(e *Entry) string {
		return fmt.Sprintf("%d %v %v %q %d %q", e.Time, e.Precision, e.RequestTime, e.Host, e.RequestLength, e.Request)
	}
	timed, _ = readTwin(t, "timed", fine)
	json, _ = readTwin(t, "json", fine)
	if diff := cmp.Diff(timed, json); diff != "" {
		t.Errorf("timed and json: %.2000s", diff)
	}
}

// What escape=json does not keep: a request line that is missing and one that is empty look the same, and so do the
// escapes of nginx and the same letters in the value when the format only looks like JSON.
func TestEscapeLosses(t *testing.T) {
	f := func(escape Escape, line string, want Reason) {
		t.Helper()
		e, bad := entryOf(t, mustCompile("", `"$request"`, escape), line)
		if bad != nil || e.Unreplayable != want {
			t.Errorf("%s: got %s, %v, want %s", line, e.Unreplayable, bad, want)
		}
	}
	f(EscapeDefault, `"-"`, Dash)
	f(EscapeDefault, `""`, Empty)
	f(EscapeJSON, `""`, Empty) // perhaps it was not found
	f(EscapeJSON, `"-"`, Dash) // what the client sent
	f(EscapeDefault, `"\x16\x03\x01"`, TLS)
	f(EscapeJSON, `"\u0016\u0003\u0001"`, TLS)
	f(EscapeDefault, `"\u0016\u0003\u0001"`, BadLine) // these letters
	f(EscapeNone, "\"\x16\x03\x01\"", TLS)
}
