// Package targets starts, probes, measures and stops the systems that a trace is replayed against.
//
// A target is a program named ngxreplay-target-NAME that keeps the contract of package contract, found beside the
// running program or on PATH, or a URL where something listens already.
package targets
