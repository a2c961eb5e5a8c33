// Package trace rebuilds the recorded traffic: entries in, time-ordered requests out.
//
//	logs ─► Intake ─► Builder ─► trace file (Parquet) ─► Reader
//	        filter     arrival · sort · spread · route
//
// nginx writes a line when a request ends. A [Builder] computes when it arrived, sorts the requests by that, spreads
// those that share a second inside it, names their routes, and writes a trace: a Parquet file that any replay reads
// and that other tools can query. Its memory is bounded: beyond a limit, sorted runs go to disk and are merged.
//
// Everything is accounted for ([Ledger]), and a trace is identified by a hash of its traffic ([Info]): the same
// logs, filter and seed give the same hash on every machine.
package trace
