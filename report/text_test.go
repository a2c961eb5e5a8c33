package report

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"

	"ngxreplay/replay"

	"github.com/jedib0t/go-pretty/v6/text"
)

// TestTextFits checks that no line is wider than the terminal, down to where the tables cannot be torn further.
func TestTextFits(t *testing.T) {
	for _, width := range []int{80, 90, 100, 120, 140, 200} {
		for line := range strings.Lines(textOf(t, sampleRun(), TextOptions{Width: width})) {
			if n := text.StringWidth(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("width %d: line of %d: %s", width, n, line)
			}
			if strings.HasSuffix(line, " \n") {
				t.Errorf("width %d: blanks at the end of %q", width, line)
			}
		}
	}
}

// hidden returns the runes of s that a terminal would obey or not show.
func hidden(s string) []rune {
	var found []rune
	for _, r := range s {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar) {
			found = append(found, r)
		}
	}
	return found
}

// hostileRun has a hostile text wherever one fits.
func hostileRun() *Run {
	const evil = hostileRoute + hostileError + hostileFile + "\r\x00\u2028\xff\u200d{{.}}"
	run := sampleRun()
	run.Tool.Version, run.Tool.Go = evil, evil
	run.Environment.CPU, run.Environment.Hash, run.Environment.Hostname, run.Environment.Kernel = evil, evil, evil, evil
	run.Config.Inputs, run.Config.Targets, run.Config.Host = []string{evil}, []string{evil}, evil
	run.Config.Filter.Paths = []string{evil}
	run.Config.Header[0].Value = evil
	run.Trace.SHA256 = evil
	run.Trace.Methods[evil] = 1
	run.Trace.Sources[0].FormatName, run.Trace.Sources[0].Format, run.Trace.Sources[0].Escape = evil, evil, evil
	run.Ledger.Filtered[evil] = 1
	run.Ledger.Unreplayable[evil] = 1
	run.Notes, run.Verdict = []string{evil}, evil
	run.Assertions[0] = Assertion{Expr: evil, Text: evil, Verdict: evil}
	run.Comparisons[0] = Comparison{Base: evil, Target: evil, Metric: evil}
	for i := range run.Targets {
		t := &run.Targets[i]
		t.Name, t.Framework, t.Version, t.URL = evil, evil, evil, evil
		t.Fidelity.Verdict, t.Fidelity.Reasons = replay.Verdict(evil), []string{evil}
		t.Errors[evil] = &replay.Failures{Count: 1, Examples: []string{evil}}
		t.Methods[0].Name, t.Routes[0].Name = evil, evil
		if t.Bodies != nil {
			t.Bodies.Base = evil
		}
	}
	run.Targets[2].Trouble = evil
	return run
}

func TestTextEscapes(t *testing.T) {
	got := textOf(t, hostileRun(), TextOptions{})
	if found := hidden(got); len(found) > 0 {
		t.Errorf("a terminal would obey %q", found)
	}
	for _, want := range []string{`\x1b[31mred`, `\u202e`, `\nnext`, `\xff`, `\x07`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not shown", want)
		}
	}
	if len(hidden("a\x1bb\u202e")) != 2 {
		t.Error("hidden finds nothing")
	}
}

func TestTextColor(t *testing.T) {
	run := sampleRun()
	black, coloured := textOf(t, run, TextOptions{}), textOf(t, run, TextOptions{Color: true})
	if strings.Contains(black, "\x1b") {
		t.Error("colour codes without colour")
	}
	if !strings.Contains(coloured, "\x1b[31m2,600\x1b[0m") {
		t.Error("failures are not red")
	}
	if got := text.StripEscape(coloured); got != black {
		t.Errorf("colours change more than the colour:\n%s", got)
	}
}

func TestTextWithoutData(t *testing.T) {
	for _, run := range []*Run{{}, {Targets: []Target{{Name: "gone", Trouble: "never answered"}}}, {Targets: make([]Target, 2)}} {
		got := textOf(t, run, TextOptions{})
		if strings.Contains(got, "NaN") || strings.Contains(got, "Inf") {
			t.Errorf("numbers out of nothing:\n%s", got)
		}
	}
	run := sampleRun()
	for line := range strings.Lines(textOf(t, run, TextOptions{Width: 200})) {
		if strings.HasPrefix(line, "echo v4.16.0 ") {
			if want := []string{"echo", "v4.16.0", "9,000", "2,600", missing, missing, missing, missing, missing, missing, missing,
				missing, missing, missing, missing, missing, "trouble"}; !slices.Equal(strings.Fields(line), want) {
				t.Errorf("target in trouble: %q", line)
			}
			return
		}
	}
	t.Error("no row for the target in trouble")
}

// TestEqualWidths is a table whose columns all have the same width, at which go-pretty's merging of cells panics.
func TestEqualWidths(t *testing.T) {
	var b strings.Builder
	p := printer{out: bufio.NewWriter(&b), TextOptions: TextOptions{Width: 80}}
	cells := []cell{{Text: "1.00"}}
	p.table("x", []cell{{Text: "a"}}, []block{{{Group: "group", Name: "n1", Cells: cells}, {Group: "group", Name: "n2", Cells: cells}, {Name: "n3", Cells: cells}}})
	if err := p.out.Flush(); err != nil {
		t.Fatal(err)
	}
	const want = `
   ─ group ──
x    n1    n2    n3
───────────────────
a  1.00  1.00  1.00
`
	if got := b.String(); got != want {
		t.Errorf("got:%swant:%s", got, want)
	}
}

// TestLedgerViolation checks that sums that do not add up are called a bug.
func TestLedgerViolation(t *testing.T) {
	run := sampleRun()
	if strings.Contains(textOf(t, run, TextOptions{}), "a bug") {
		t.Error("the sample's sums do not add up")
	}
	run.Ledger.Blank++
	run.Targets[1].Ledger.Dropped++
	if n := strings.Count(textOf(t, run, TextOptions{}), "a bug of ngxreplay"); n != 2 {
		t.Errorf("%d violations reported, want 2", n)
	}
}

func TestTextBeyond(t *testing.T) {
	run := sampleRun()
	for i := range run.Targets {
		run.Targets[i].Ledger = replay.Ledger{Requests: 120_000, Beyond: 20_000, Scheduled: 100_000, Sent: 100_000, Responses: 100_000}
	}
	got := textOf(t, run, TextOptions{})
	for _, want := range []string{"Replayed 100,000 of 120,000 requests", "120,000 requests = 100,000 scheduled + 20,000 due after the end"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q", want)
		}
	}
}

// The first line is all that many read: it must not take what was sent for what was recorded, nor what was asked for for
// what came.
func TestTitle(t *testing.T) {
	run := sampleRun()
	run.Targets = run.Targets[:1]
	run.Trace.Requests, run.Trace.SpanNS, run.Targets[0].ElapsedNS = 3000, 10e9, 5e9
	run.Config = Config{Speed: 2, Loop: 2, Amplify: 0.5, Mix: "GET=1,POST=1"}
	run.Targets[0].Ledger = replay.Ledger{Requests: 3000, Repeated: 3000, Thinned: 3068, Scheduled: 2932}
	if got, want := title(run), "Replayed 2,932 requests, made of 3,000 recorded over 10.0 s (2 loops, 0.5 × the clients, mix GET=1,POST=1), at speed 2, in 5.00 s"; untied(got) != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	run.Config = Config{Follow: "end", DelayNS: 2e9}
	run.Trace.BehindNS = 31e8
	if got, want := title(run), "Shadowed 3,000 requests, 3.10 s behind production, in 5.00 s"; untied(got) != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func untied(text string) string { return strings.ReplaceAll(text, tie, " ") }

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestWriteErrors(t *testing.T) {
	if err := WriteText(brokenWriter{}, sampleRun(), TextOptions{}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("text: %v", err)
	}
	if err := WriteHTML(brokenWriter{}, sampleRun()); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("html: %v", err)
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"one two three", 20, []string{"one two three"}},
		{"one two three four", 10, []string{"one two", "three four"}},
		{"1 = 2 + 3" + tie + "x", 10, []string{"1 = 2 +", "3 x"}},
		{"abcdefghijklmnop", 10, []string{"abcdefghij", "klmnop"}},
		{"ab abcdefghijklmnop z", 10, []string{"ab", "abcdefghij", "klmnop z"}},
		{"日本語日本語日本語", 10, []string{"日本語日本", "語日本語"}},
	}
	for _, tt := range tests {
		if got := wrap(tt.text, tt.width); !slices.Equal(got, tt.want) {
			t.Errorf("wrap(%q, %d) = %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}

func TestAlike(t *testing.T) {
	targets := []Target{{Name: "c", ElapsedNS: 121}, {Name: "a", ElapsedNS: 100}, {Name: "b", ElapsedNS: 110}, {Name: "none"}, {Name: "d", ElapsedNS: 133}}
	got := alike(targets, func(t *Target) float64 { return float64(t.ElapsedNS) })
	if len(got) != 2 || !slices.Equal(got[0], []string{"a", "b"}) || !slices.Equal(got[1], []string{"c", "d"}) {
		t.Errorf("alike: %v", got)
	}
	if got := noise(oneTarget()); got != nil {
		t.Errorf("noise of a single target: %v", got)
	}
}

// TestFewAnswers checks that a percentile of a handful of answers is called what it is, and only then.
func TestFewAnswers(t *testing.T) {
	const note = "A p99 of fewer than 100 answers is their slowest."
	run := sampleRun()
	if strings.Contains(textOf(t, run, TextOptions{}), note) {
		t.Error("a note about few answers, but all shown routes have many")
	}
	for i := range run.Targets {
		run.Targets[i].Routes = slices.DeleteFunc(run.Targets[i].Routes, func(p Part) bool { return p.Count > 1000 })
	}
	if !strings.Contains(textOf(t, run, TextOptions{}), note) {
		t.Error("no note about few answers")
	}
}
