package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// The counts stand between these lines of the README.
const (
	countsBegin = "<!-- counts: written by testdata/generate -->\n"
	countsEnd   = "<!-- end of counts -->\n"
)

// updateReadme writes the counts of the new logs into the README, so that it never describes older ones.
func updateReadme(path string, s survey) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	updated, err := withCounts(string(text), s.counts())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(updated), 0o644)
}

// withCounts replaces what stands between the marks in text.
func withCounts(text, counts string) (string, error) {
	before, rest, begins := strings.Cut(text, countsBegin)
	_, after, ends := strings.Cut(rest, countsEnd)
	if !begins || !ends {
		return "", fmt.Errorf("no place for the counts: put the lines %q and %q back", countsBegin, countsEnd)
	}
	return before + countsBegin + counts + countsEnd + after, nil
}

// counts describes the logs in Markdown.
func (s survey) counts() string {
	peak, peakLines := s.peak()
	var b strings.Builder
	b.WriteString("\n| | |\n|---|---|\n")
	row := func(name, format string, values ...any) {
		fmt.Fprintf(&b, "| %s | %s |\n", name, fmt.Sprintf(format, values...))
	}
	row("lines", "%d in each log", s.lines)
	row("span", "%v, %s to %s UTC", s.span(), s.first.Format("2006-01-02 15:04:05"), s.last.Format("15:04:05"))
	row("busiest second", "%s UTC with %d lines", peak.Format("15:04:05"), peakLines)
	row("seconds without a line", "%d", s.lulls())
	row("lines of timed.log older than the one before", "%d", s.backwards)
	row("clients (`$remote_addr`)", "%d", len(s.clients))
	row("route families", "%d", len(s.families))
	for _, name := range logNames() {
		row(name, "%d bytes", s.sizes[name])
	}
	table(&b, "status", s.statuses)
	table(&b, "method", s.methods)
	table(&b, "protocol", s.protocols)
	table(&b, "unreplayable", s.unreplayable)
	table(&b, "host", s.hosts)
	b.WriteByte('\n')
	return b.String()
}

// table writes one row a key, in the order of the keys.
func table(b *strings.Builder, name string, counts map[string]int) {
	fmt.Fprintf(b, "\n| %s | lines |\n|---|---:|\n", name)
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(b, "| %s | %d |\n", key, counts[key])
	}
}
