//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"

	"ngxreplay/bench/genlog"
)

// timed measures when requests arrive at one rate, all tools in turn, round by round.
func (b *bench) timed(ctx context.Context, rate float64) error {
	n := int(rate) * b.seconds
	work, err := b.prepare(genlog.Numbered{Lines: n, Rate: rate, Seed: b.seed})
	if err != nil {
		return err
	}
	in, err := work.writeInputs(b.recorderURL())
	if err != nil {
		return err
	}
	tools := b.find(timed(job{url: b.recorderURL(), connections: b.connections, seconds: b.seconds, rate: rate, work: work, in: in}, b.program, b.slacks))
	rows := make([]*timedRow, len(tools))
	for i, t := range tools {
		rows[i] = &timedRow{Tool: t.name, Exact: t.exact}
	}
	for round := range b.rounds {
		for i, t := range tools {
			if len(rows[i].CPU) < round {
				continue // it failed
			}
			b.progress("%.0f/s, round %d: %s", rate, round+1, t.name)
			if err := b.timedRun(ctx, work, t, rows[i]); ctx.Err() != nil {
				return ctx.Err()
			} else if err != nil {
				b.report.fail(fmt.Sprintf("%s at %.0f/s", t.name, rate), t.ours, err)
			}
		}
	}
	table := &timedTable{Rate: rate, Requests: n}
	for i, row := range rows {
		if at := slices.IndexFunc(rows, func(r *timedRow) bool { return r.Tool == tools[i].base }); at >= 0 {
			row.Ratio = row.CPU.ratio(rows[at].CPU)
		}
		if len(row.CPU) > 0 {
			table.Rows = append(table.Rows, row)
		}
	}
	b.report.Timed = append(b.report.Timed, table)
	return nil
}

// timedRun runs a tool once, against a recorder of its own.
func (b *bench) timedRun(ctx context.Context, work *workload, t tool, row *timedRow) error {
	u, out, stamps, err := b.recorded(ctx, t)
	if err != nil {
		return err
	}
	cpu := micros(u.CPU) / float64(len(stamps))
	due := work.due
	if !t.exact {
		due, stamps = beat(len(due), stamps)
	}
	if t.ours {
		o, err := parseOwn(out)
		if err != nil {
			return err
		}
		row.OwnLag = append(row.OwnLag, o.lagP99())
		row.CameP99 = append(row.CameP99, micros(compare(due, came(stamps)).LateP99))
	}
	row.add(compare(due, stamps))
	row.CPU = append(row.CPU, cpu)
	row.PeakRSS = append(row.PeakRSS, mebibytes(u.PeakRSS))
	return nil
}

// recorded runs a tool against a recorder of its own and returns what arrived, which is something.
func (b *bench) recorded(ctx context.Context, t tool) (u usage, out []byte, stamps []stamp, err error) {
	recording, err := b.startRecording()
	if err != nil {
		return u, nil, nil, err
	}
	u, out, err = b.measure(ctx, b.clientCore, t.exitCodes(), append([]string{t.program}, t.args...)...)
	stamps, ended := recording.end()
	if err == nil {
		err = ended
	}
	if err == nil && len(stamps) == 0 {
		err = fmt.Errorf("sent nothing: %s", tail(out))
	}
	return u, out, stamps, err
}

func (r *timedRow) add(t timing) {
	r.LateP50 = append(r.LateP50, micros(t.LateP50))
	r.LateP99 = append(r.LateP99, micros(t.LateP99))
	r.OffP50 = append(r.OffP50, micros(t.OffP50))
	r.OffP99 = append(r.OffP99, micros(t.OffP99))
	r.Drift = append(r.Drift, micros(t.Drift))
	r.OutOfOrder = append(r.OutOfOrder, t.OutOfOrder)
	r.Missing = append(r.Missing, float64(t.Missing))
	r.Repeated = append(r.Repeated, float64(t.Repeated))
	r.Connections = append(r.Connections, float64(t.Connections))
}
