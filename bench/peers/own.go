//go:build linux

package main

import (
	"encoding/json"
	"fmt"
)

// own is what ngxreplay says about its run: the part of run.json that the bench reads.
type own struct {
	Targets []struct {
		Ledger struct {
			Responses int64 `json:"responses"`
		} `json:"ledger"`
		Fidelity struct {
			Lag struct {
				Min int64 `json:"min_ns"`
				P99 int64 `json:"p99_ns"`
			} `json:"lag"`
		} `json:"fidelity"`
	} `json:"targets"`
}

func parseOwn(run []byte) (own, error) {
	var o own
	if err := json.Unmarshal(run, &o); err != nil {
		return o, fmt.Errorf("run.json: %w", err)
	}
	if len(o.Targets) != 1 {
		return o, fmt.Errorf("run.json: %d targets", len(o.Targets))
	}
	return o, nil
}

// agrees says whether ngxreplay counted as many answers as the server gave.
func agrees(run []byte, served int64) error {
	o, err := parseOwn(run)
	if err != nil {
		return err
	}
	if n := o.Targets[0].Ledger.Responses; n != served {
		return fmt.Errorf("ngxreplay counts %d responses, the server answered %d", n, served)
	}
	return nil
}

// lagP99 is the 99th percentile of the lag over the least lag, in microseconds: like lateness at the server, from which a
// constant is removed.
func (o own) lagP99() float64 {
	lag := o.Targets[0].Fidelity.Lag
	return float64(lag.P99-lag.Min) / 1e3
}
