//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// A report is everything that was measured, as -json writes it.
type report struct {
	Machine     machine       `json:"machine"`
	Connections int           `json:"connections"`
	Rounds      int           `json:"rounds"`
	Seconds     int           `json:"seconds"`
	Flat        []*flatRow    `json:"flat_out"`
	Timed       []*timedTable `json:"timed"`
	Start       []*startRow   `json:"start"`
	Missing     []string      `json:"missing"`  // tools that are not here
	Failures    []string      `json:"failures"` // runs that did not end well, and are in no figure

	broken bool // one of them was ngxreplay's
}

// A flatRow is one tool flat out.
type flatRow struct {
	Tool    string  `json:"tool"`
	CPU     series  `json:"cpu_us"`    // of a request, by round
	Rate    series  `json:"rate"`      // requests a second of the process's life
	PeakRSS series  `json:"peak_mib"`  // of the process
	Ratio   float64 `json:"cpu_ratio"` // of CPU to wrk's in the same round; 0: no wrk
	Figure  figure  `json:"cpu_us_figure"`
}

// A timedTable has all tools at one rate.
type timedTable struct {
	Rate     float64     `json:"rate"`
	Requests int         `json:"requests"`
	Rows     []*timedRow `json:"rows"`
}

// A timedRow is one tool at one rate. Times are in microseconds, by round.
type timedRow struct {
	Tool        string  `json:"tool"`
	Exact       bool    `json:"exact"` // the recorded requests when they are due; else an even beat
	CPU         series  `json:"cpu_us"`
	LateP50     series  `json:"late_p50_us"`
	LateP99     series  `json:"late_p99_us"`
	OffP50      series  `json:"off_p50_us"`
	OffP99      series  `json:"off_p99_us"`
	Drift       series  `json:"drift_us"`
	OutOfOrder  series  `json:"out_of_order"` // a share
	Missing     series  `json:"missing"`
	Repeated    series  `json:"repeated"`
	Connections series  `json:"connections"`
	PeakRSS     series  `json:"peak_mib"`
	OwnLag      series  `json:"own_lag_p99_us,omitempty"` // what ngxreplay says itself, over its least
	CameP99     series  `json:"came_p99_us,omitempty"`    // as LateP99, by the stamps of the server's system
	Ratio       float64 `json:"cpu_ratio"`                // of CPU to the floor's with the same slack, in the same round; 0: no floor
}

// A startRow says how soon ngxreplay sends the first request of a trace.
type startRow struct {
	Requests int    `json:"requests"`
	First    series `json:"first_request_ms"`
	CPU      series `json:"cpu_ms"`
	PeakRSS  series `json:"peak_mib"`
}

func (r *report) miss(tool string) {
	if !slices.Contains(r.Missing, tool) {
		r.Missing = append(r.Missing, tool)
	}
}

func (r *report) fail(tool string, ours bool, err error) {
	r.broken = r.broken || ours
	words := []rune(strings.Join(strings.Fields(tool+": "+err.Error()), " "))
	r.Failures = append(r.Failures, string(words[:min(len(words), 300)]))
}

// write writes the report as text.
func (r *report) write(out io.Writer) {
	fmt.Fprintf(out, "%s\n%d connections, %d rounds, medians; noise is (max-min)/median of the rounds\n", r.Machine, r.Connections, r.Rounds)
	if len(r.Flat) > 0 {
		r.writeFlat(out)
	}
	for _, t := range r.Timed {
		t.write(out)
	}
	if len(r.Start) > 0 {
		r.writeStart(out)
	}
	for _, name := range r.Missing {
		fmt.Fprintf(out, "%s: not found\n", name)
	}
	for _, text := range r.Failures {
		fmt.Fprintf(out, "failed: %s\n", text)
	}
}

func (r *report) writeFlat(out io.Writer) {
	fmt.Fprintf(out, "\nflat out: CPU µs a request\n%-22s %8s %8s %7s %8s %11s %10s\n", "", "median", "min", "noise", "× wrk", "requests/s", "peak MiB")
	for _, row := range r.Flat {
		f := row.CPU.figure()
		fmt.Fprintf(out, "%-22s %8.2f %8.2f %6.0f%% %8s %11.0f %10.1f\n", row.Tool, f.Median, f.Min, 100*f.Spread, ratio(row.Ratio), row.Rate.median(), row.PeakRSS.median())
	}
}

func (t *timedTable) write(out io.Writer) {
	fmt.Fprintf(out, "\n%.0f requests/s, %d requests: µs of lateness at the server, and CPU µs a request\n", t.Rate, t.Requests)
	fmt.Fprintf(out, "%-24s %8s %9s %7s %8s %9s %7s %7s %6s %6s %8s %7s %7s %7s\n", "", "late p50", "late p99", "min p99", "off p50", "off p99",
		"drift", "order %", "miss", "conns", "peak MiB", "CPU", "noise", "× floor")
	for _, row := range t.Rows {
		name, order := row.Tool, fmt.Sprintf("%.2f", 100*row.OutOfOrder.median())
		if !row.Exact {
			name, order = name+" (even)", "-"
		}
		late, cpu := row.LateP99.figure(), row.CPU.figure()
		fmt.Fprintf(out, "%-24s %8.0f %9.0f %7.0f %8.0f %9.0f %7.0f %7s %6.0f %6.0f %8.1f %7.1f %6.0f%% %7s\n", name, row.LateP50.median(), late.Median, late.Min,
			row.OffP50.median(), row.OffP99.median(), row.Drift.median(), order, row.Missing.median(), row.Connections.median(), row.PeakRSS.median(), cpu.Median, 100*cpu.Spread, ratio(row.Ratio))
	}
	for _, row := range t.Rows {
		if len(row.OwnLag) > 0 {
			fmt.Fprintf(out, "%s: its own lag p99 is %.0f µs; the server's system saw %+.0f µs more, its program %+.0f µs\n", row.Tool, row.OwnLag.median(),
				minus(row.CameP99, row.OwnLag).median(), minus(row.LateP99, row.OwnLag).median())
		}
	}
}

func (r *report) writeStart(out io.Writer) {
	fmt.Fprintf(out, "\nngxreplay, from its start to the first request at the server\n%-22s %8s %8s %8s %8s %10s\n", "requests in the trace", "ms", "min", "max", "CPU ms", "peak MiB")
	for _, row := range r.Start {
		f := row.First.figure()
		fmt.Fprintf(out, "%-22d %8.1f %8.1f %8.1f %8.1f %10.1f\n", row.Requests, f.Median, f.Min, f.Max, row.CPU.median(), row.PeakRSS.median())
	}
}

// minus is a - b, round by round.
func minus(a, b series) series {
	var d series
	for i := range min(len(a), len(b)) {
		d = append(d, a[i]-b[i])
	}
	return d
}

func ratio(r float64) string {
	if r == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", r)
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }
