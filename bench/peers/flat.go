//go:build linux

package main

import (
	"context"
	"fmt"

	"ngxreplay/bench/genlog"
)

// flatRequests are the different requests that are replayed flat out.
const flatRequests = 200_000

// flatOut measures CPU a request against nginx, all tools in turn, round by round.
func (b *bench) flatOut(ctx context.Context) (err error) {
	work, err := b.prepare(genlog.Numbered{Lines: flatRequests, Rate: 5000, Seed: b.seed})
	if err != nil {
		return err
	}
	nginx, err := b.startNginx()
	if err != nil {
		return err
	}
	defer func() {
		if stopped := nginx.stop(); err == nil {
			err = stopped
		}
	}()
	in, err := work.writeInputs(nginx.url)
	if err != nil {
		return err
	}
	tools := b.find(flatOut(job{url: nginx.url, connections: b.connections, seconds: b.seconds, work: work, in: in}, b.program))
	rows := make([]*flatRow, len(tools))
	for i, t := range tools {
		rows[i] = &flatRow{Tool: t.name}
	}
	for round := range b.rounds {
		for i, t := range tools {
			if len(rows[i].CPU) < round {
				continue // it failed
			}
			b.progress("flat out, round %d: %s", round+1, t.name)
			if err := b.flatRun(ctx, nginx, t, rows[i]); ctx.Err() != nil {
				return ctx.Err()
			} else if err != nil {
				b.report.fail(t.name, t.ours, err)
			}
		}
	}
	for _, row := range rows {
		row.Ratio, row.Figure = row.CPU.ratio(cpuOf(rows, wrkName)), row.CPU.figure()
		if len(row.CPU) > 0 {
			b.report.Flat = append(b.report.Flat, row)
		}
	}
	return nil
}

func cpuOf(rows []*flatRow, name string) series {
	for _, row := range rows {
		if row.Tool == name {
			return row.CPU
		}
	}
	return nil
}

// flatRun runs a tool once. nginx counts the requests, for all tools alike.
func (b *bench) flatRun(ctx context.Context, nginx *server, t tool, row *flatRow) error {
	before, err := nginx.served()
	if err != nil {
		return err
	}
	u, out, err := b.measure(ctx, b.clientCore, t.exitCodes(), append([]string{t.program}, t.args...)...)
	if err != nil {
		return err
	}
	after, err := nginx.served()
	if err != nil {
		return err
	}
	n := after - before - 1
	if n <= 0 {
		return fmt.Errorf("sent nothing: %s", tail(out))
	}
	if t.ours {
		if err := agrees(out, n); err != nil {
			return err
		}
	}
	row.CPU = append(row.CPU, micros(u.CPU)/float64(n))
	row.Rate = append(row.Rate, float64(n)/u.Elapsed.Seconds())
	row.PeakRSS = append(row.PeakRSS, mebibytes(u.PeakRSS))
	return nil
}
