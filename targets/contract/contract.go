// Package contract is what ngxreplay and a target program agree on. It uses the standard library only, so that
// either side can be written without the other.
//
// A target is started as
//
//	ngxreplay-target-NAME --listen 127.0.0.1:0 --admin 127.0.0.1:0 --routes routes.json
//
// with HOME set to a directory that is removed afterwards. It prints one line of JSON ([Ready]) on standard output
// when it accepts connections, and on SIGTERM finishes the requests it has and exits 0. Its admin address serves
// /metrics in the Prometheus text format.
package contract

// ExpectHeader is sent with a replayed request and says what production answered: "<status> <body bytes>". A target
// that is part of ngxreplay answers so; any other may ignore it.
const ExpectHeader = "X-Ngxreplay-Expect"

// GCPauses is the name under which a target that is part of ngxreplay exports the pauses of its garbage collection: a
// histogram in seconds whose buckets are those of the Go runtime. Others may.
const GCPauses = "ngxreplay_gc_pause_seconds"

// ProgramPrefix begins the name of every target program.
const ProgramPrefix = "ngxreplay-target-"

// Ready is the line that a target prints.
type Ready struct {
	Name          string `json:"name"`
	Framework     string `json:"framework"`
	Version       string `json:"version"`
	URL           string `json:"url"`
	Admin         string `json:"admin"`
	Authorization string `json:"authorization"` // for the Authorization header of requests under /api; may be empty
	Routes        int    `json:"routes"`        // routes of the table in the framework's router
	Unrouted      int    `json:"unrouted"`      // routes of the table which that router cannot hold
}

// A Table is the content of routes.json.
type Table struct {
	Routes []Route `json:"routes"` // most requested first
}

// A Route is one path family of the traffic. Its content comes from a log and is not to be trusted.
type Route struct {
	Name     string   `json:"name"`     // "/user/:id", or a name such as "other" that is no path
	Methods  []string `json:"methods"`  // as logged
	Requests int64    `json:"requests"` // how many requests of the traffic belong to it
}
