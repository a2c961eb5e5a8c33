// Package parse reads nginx access logs: log bytes in, entries out.
//
// It knows nginx (log_format, its escapes, its times) and nothing of replaying. The way of a log:
//
//	Open        a Source: the bytes, uncompressed
//	Detect      the Format that fits its first lines, or Compile one from a log_format string
//	NewReader   the lines, each an Entry or a *LineError
//
// For any bytes whatever
//
//	lines = entries + malformed + blank
//
// holds in the Counts of a [Reader]. Logs are hostile input: no line panics or loops, work is proportional to the
// length of a line, and memory is bounded by [MaxLine].
//
// A line fits a format wholly or not at all. Formats that are a flat JSON object or LTSV are read by their keys, in
// any order; all others by the literals between the variables, from the first byte to the last. What a value looks
// like depends on the [Escape] and is undone in the entry, so that fields are the bytes that nginx had.
package parse
