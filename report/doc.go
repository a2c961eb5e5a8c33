// Package report turns measurements into a [Run] document, and renders it as text, HTML and JSON.
//
// A Run is the whole truth of a run: what was asked for, what was replayed, on what machine, where every line and
// every request went, and how each target behaved. Every renderer is a function of a Run alone, so that a report can
// be made again from run.json. Whatever came from a log or a target is escaped by each renderer for its output.
package report
