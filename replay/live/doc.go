// Package live feeds a replay from logs that are still being written: shadow traffic, a second or two behind production.
//
//	names ─► watch ─► pipe ─► lane (parse, filter) ─► window ─► Shadow.Read ─► replay
//	         files as         one a file              sorts by
//	         they grow                                arrival
//
// The watch looks at the files ten times a second. It knows them by what they are (device and inode) and not by their
// names, so that a log that is renamed is read to its end and its successor from its beginning.
//
// The wall clock is the clock of the replay. A request leaves a fixed time after it arrived in production: the time
// behind. It is the delay asked for, and as much as the input itself lags behind: five minutes when the logs come in
// slices of five minutes. Within it, requests of several files and workers are put in order of arrival. What comes to
// be known later than that is sent at once and counted; when the whole input has fallen behind, the time behind grows.
package live
