package report

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
)

// TextOptions say where a text report will be read.
type TextOptions struct {
	Width int  // of the terminal in columns; 0: 100
	Color bool // with ANSI colours
}

const (
	usualWidth = 100
	leastWidth = 40
	// longestLine is where prose is wrapped, however wide the terminal: longer lines are hard to read.
	longestLine = 110
	// margin is where the labels of a section begin.
	margin = 2
)

// WriteText writes a run for a terminal. It is UTF-8; whatever came from a log or a target is escaped.
func WriteText(w io.Writer, run *Run, opts TextOptions) error {
	if opts.Width <= 0 {
		opts.Width = usualWidth
	}
	opts.Width = max(opts.Width, leastWidth)
	out := bufio.NewWriter(w)
	p := printer{out: out, TextOptions: opts}
	p.headline(run)
	if len(run.Targets) > 0 {
		p.table("target", labels(run), comparison(run))
	}
	if routes := busyRoutes(run); routes != nil {
		p.routes(routes)
	}
	for _, s := range sections(run) {
		p.section(s)
	}
	p.verdict(run)
	return out.Flush()
}

// A printer lays text out. Its writer keeps the first error for the end.
type printer struct {
	out *bufio.Writer
	TextOptions
}

// line writes s without the blanks at its end, which padding leaves.
func (p *printer) line(s string) {
	p.out.WriteString(strings.TrimRight(s, " "))
	p.out.WriteByte('\n')
}

// paint colours s, when colours are wanted. The codes are written here, as go-pretty decides by the environment.
func (p *printer) paint(s string, tone tone) string {
	code := ""
	switch tone {
	case good:
		code = "32"
	case warn:
		code = "33"
	case bad:
		code = "31"
	case faint:
		code = "2"
	case strong:
		code = "1"
	}
	if code == "" || s == "" || !p.Color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *printer) headline(run *Run) {
	for i, line := range headline(run) {
		tone := faint
		if i == 0 {
			tone = strong
		}
		for _, part := range wrap(line, p.Width) {
			p.line(p.paint(part, tone))
		}
	}
	if line := made(run); line != "" {
		p.line(p.paint(line, faint))
	}
}

func (p *printer) section(s section) {
	p.line("")
	p.line(p.paint(s.Title, strong))
	indent := 0
	for _, item := range s.Items {
		indent = max(indent, text.StringWidth(item.Label))
	}
	if indent > 0 {
		indent = min(indent, 20) + 2
	}
	indent += margin
	for _, item := range s.Items {
		label := strings.Repeat(" ", margin) + item.Label
		if text.StringWidth(label) > indent-2 && item.Label != "" {
			p.line(label) // too long to stand beside its lines
			label = ""
		}
		for _, line := range item.Lines {
			for _, part := range wrap(line.Text, min(p.Width, longestLine)-indent) {
				p.line(text.Pad(label, indent, ' ') + p.paint(part, line.Tone))
				label = ""
			}
		}
	}
}

func (p *printer) verdict(run *Run) {
	v := run.Verdict
	if v == "" {
		return
	}
	p.line("")
	p.line(p.paint("Verdict: ", strong) + p.paint(printable(string(v)), v.tone()))
	for _, reason := range run.Reasons {
		p.line("  " + printable(reason))
	}
}

// wrap breaks s at blanks, but not at ties, into lines of at most width columns. A longer word is broken too.
func wrap(s string, width int) []string {
	width = max(width, 10)
	var lines []string
	line, room := "", width
	for word := range strings.SplitSeq(s, " ") {
		if word == "" {
			continue
		}
		word = strings.ReplaceAll(word, tie, " ")
		n := text.StringWidth(word)
		if line != "" && n+1 > room {
			lines = append(lines, line)
			line, room = "", width
		}
		if line != "" {
			line, room = line+" ", room-1
		}
		for n > room {
			head := cut(word, room)
			lines = append(lines, line+head)
			word, line, room = word[len(head):], "", width
			n = text.StringWidth(word)
		}
		line, room = line+word, room-n
	}
	return append(lines, line)
}

// cut returns the start of s that is at most width columns wide, and at least one rune.
func cut(s string, width int) string {
	end := 0
	for end < len(s) {
		_, n := utf8.DecodeRuneInString(s[end:])
		if end > 0 && text.StringWidth(s[:end+n]) > width {
			break
		}
		end += n
	}
	return s[:end]
}
