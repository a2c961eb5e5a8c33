package traffic

import (
	"time"

	"ngxreplay/replay/pace"
	"ngxreplay/replay/trace"
)

// A Request is a recorded request, and when and for whom it is sent.
type Request struct {
	// Recorded is what was recorded. Others may hold it too: it must not be changed.
	Recorded *trace.Request
	// At is the offset since the start of the traffic. Without loops, copies and mix it is that of the trace.
	At time.Duration
	// Client tells clients apart, as [trace.Identity] does, copies included. It is 0 unless [Options] ask for it.
	Client uint64
	// Copy is 0 for the recorded client and counts its copies from 1. What is bound to one client of the log, as
	// its connections, is so for each copy and loop of its own.
	Copy int32
	// Loop counts the repetitions of the trace from 0.
	Loop int32
}

// Connection is the logged connection that r came on, as a number that no other connection has: each copy and each loop
// has its own. ok is false when the log does not number connections.
func (r *Request) Connection() (connection uint64, ok bool) {
	connection, ok = r.Recorded.LoggedConnection()
	return pace.Identity(connection, int(r.Loop)*pace.MaxAmplify+int(r.Copy)), ok
}

// A Stream is traffic in order of time.
type Stream interface {
	// Read fills dst with the next requests and returns how many, and io.EOF at the end, possibly with the last of
	// them. Any other error too comes with, or after, what was read before it. What the requests point to is valid
	// until the next Read.
	Read(dst []Request) (int, error)
}

// A Trace is recorded traffic. *[trace.Reader] is one.
type Trace interface {
	// Read fills dst with the next requests and returns how many, and io.EOF at the end, possibly with the last of
	// them. The bytes of the requests belong to the caller.
	Read(dst []trace.Request) (int, error)
	Info() *trace.Info
	Close() error
}
