package replay

import "time"

// A request is one request ready to leave. It lives in its batch, which is made once and never reused, so that a
// pointer to it stays good for as long as anybody holds it.
type request struct {
	due    time.Duration
	bytes  []byte
	logged answer
	route  int32
	method int32
	noBody bool // a HEAD: the answer has no body whatever it announces
	queued bool // it had to wait for a connection: if it left late, that was not our fault
	// Where the log has it.
	source string
	line   int64

	// Of a replay with connections per client:
	offset time.Duration // arrival in trace time
	client uint64        // who sent it
	fresh  bool          // the log says that it was the first of its connection
	lane   *lane         // whose connections carry it; set when it is sent
}

// An answer is what the log said, or what came back.
type answer struct {
	status int32
	bytes  int64
}

// batchSize is how many requests are made ready at once. Reading, pacing and building bytes happen in batches, off
// the thread that sends.
const batchSize = 512

// batchBytes is where a batch ends early: some hundred requests with large bodies would hold more memory than all else.
const batchBytes = 1 << 20

// A batch is a stretch of the trace.
type batch struct {
	requests []request
	err      error // why there is no more; nil at the end of the trace
}
