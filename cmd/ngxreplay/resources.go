package main

import (
	"ngxreplay/report"
	"ngxreplay/targets"
)

// newResources describes what a target used for that many requests. Numbers that are not known are -1.
func newResources(used targets.Used, requests int64) *report.Resources {
	r := &report.Resources{
		CPUNS: int64(used.CPU), CPUPerRequestNS: -1, PeakRSS: used.PeakRSS,
		GCPauseP99NS: int64(used.GCPauseP99), GCPauses: used.GCPauses,
	}
	if used.CPU >= 0 && requests > 0 {
		r.CPUPerRequestNS = float64(used.CPU) / float64(requests)
	}
	return r
}
