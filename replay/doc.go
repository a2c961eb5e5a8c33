// Package replay runs a replay: it sends the requests of a trace to a target when they are due, and measures what
// happens to each.
//
//	trace ─► loader ─► loop ─────────► recorder ─► Result
//	         batches,  sends, waits,    chunks of
//	         bytes     reads answers    samples
//
// The loop is the dispatcher and owns the connections: one locked thread does all of it. Where one is not enough, there are
// several loops between the loader and the recorder, each with its share of the connections.
//
// The replay is an open loop: a request leaves when it is due, whether or not earlier ones were answered. Times are
// monotonic offsets from one start:
//
//	due    when the request should leave
//	sent   when its first byte was written,     lag      = sent - due   (our fault)
//	       or its connection began to open
//	first  when its answer began
//	done   when its answer was complete         service  = done - sent
//	                                            response = done - due   (what a user would feel)
//
// Response time is measured from due, and so is free of coordinated omission; it must not be corrected again.
//
// Every request ends in exactly one place of the [Ledger], which is checked at the end of every run. The failures of
// a target are data ([wire.Class]); an error of this package is a failure of the tool.
package replay
