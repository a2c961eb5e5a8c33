//go:build linux

package main

import (
	"context"
	"fmt"
	"os"

	"ngxreplay/bench/genlog"
)

// startRate is the rate of the traces of which only the beginning is replayed.
const startRate = 20_000

// start measures how soon after its start ngxreplay sends the first request of a trace of so many.
func (b *bench) start(ctx context.Context, requests int) error {
	b.progress("a trace of %d requests", requests)
	path, err := b.buildTrace(genlog.Numbered{Lines: requests, Rate: startRate, Seed: b.seed})
	if err != nil {
		return err
	}
	t := tool{program: b.program, ours: true, args: []string{"run", path, "--target", b.recorderURL(), "--connections", fmt.Sprint(b.connections), "--duration", "100ms", "--json"}}
	row := &startRow{Requests: requests}
	for range b.rounds {
		u, _, stamps, err := b.recorded(ctx, t)
		if err != nil {
			return fmt.Errorf("ngxreplay: %w", err)
		}
		first := firstNumbered(stamps)
		if first == 0 {
			return fmt.Errorf("ngxreplay sent none of %d requests of a trace", requests)
		}
		row.First = append(row.First, float64(first-u.Start)/1e6)
		row.CPU = append(row.CPU, millis(u.CPU))
		row.PeakRSS = append(row.PeakRSS, mebibytes(u.PeakRSS))
	}
	b.report.Start = append(b.report.Start, row)
	return os.Remove(path)
}

// firstNumbered is when the first request of a trace arrived, or 0: a tool may probe its target first.
func firstNumbered(stamps []stamp) int64 {
	for _, s := range stamps {
		if s.Number >= 0 {
			return s.At
		}
	}
	return 0
}
