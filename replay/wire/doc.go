// Package wire is how requests leave and answers come back: connections of our own, request bytes built once, and
// answers that are read in any pieces, by ourselves where they are usual and by fasthttp's header where not.
//
// What leaves is what was logged and nothing else: no normalising of paths, no re-cased or added headers, no
// redirects followed, no retries, no proxy from the environment. fasthttp's HostClient would do most of these, which
// is why only its response header is used.
package wire
