// Package parse reads nginx access logs: log bytes in, entries out.
//
// It knows nginx (log_format, its escapes, its times) and nothing of replaying. The way of a log:
//
//	Expand      the files that names, patterns and directories stand for, rotated sets in their order
//	Open        a Source: the bytes, uncompressed
//	Detect      the Formats that fit its first lines, or Compile one from a log_format string; nginxconf finds it in
//	            nginx.conf
//	NewReader   the lines, out of the envelope of whatever carried them, each an Entry or a *LineError
//
// [NewParallelReader] yields the same lines, parsed on several cores.
//
// For any bytes whatever
//
//	lines = entries + malformed + blank
//
// holds in the Counts of a reader. Logs are hostile input: no line panics or loops, work is proportional to the
// length of a line, and memory is bounded by [MaxLine].
//
// A line fits a format wholly or not at all. Formats that are a flat JSON object or LTSV are read by their keys, in
// any order; all others by the literals between the variables, from the first byte to the last. What a value looks
// like depends on the [Escape] and is undone in the entry, so that fields are the bytes that nginx had.
//
// A format that nobody told is inferred from the content of the columns. What content cannot tell is read and dropped
// under a name that says so: $word_3 is the third column, a word; $text_3 anything, $list_3 a list. What it tells only
// probably is in [Detection.Guessed].
package parse
