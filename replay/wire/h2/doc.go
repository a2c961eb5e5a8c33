// Package h2 is how requests leave for targets that speak HTTP/2: net/http's own client, one connection at a time, so
// that nothing is decided behind the replay's back. net/http's pool would choose connections, dial more of them, and send
// requests again; an [http.ClientConn] does none of these.
//
// The requests are those that [wire.Format] writes for HTTP/1.1, read back: there is one way to build a request. Method,
// path and header values leave as they stand there; HTTP/2 itself lower-cases the names of headers and leaves the
// headers of a connection out. The order of headers is not kept.
package h2
