package replay

import (
	"sync/atomic"
	"time"
)

// A request is one request ready to leave. It lives in its batch, which is used again when the last of its requests is
// recorded or dropped: whoever does that must not look at it afterwards.
type request struct {
	batch  *batch
	number int64 // in the traffic, from 0
	due    time.Duration
	bytes  []byte
	logged answer
	route  int32
	method int32
	noBody bool // a HEAD: the answer has no body whatever it announces
	resent bool // the connection it was sent on had been closed by the target
	queued bool // it had to wait for a connection: if it left late, that was not our fault

	retries   uint8 // how often it was sent again because of Options.Retry
	overtaken uint8 // how many later ones did not wait for it: see queue.prefer
	numbered  bool  // per client: the log numbers connections, and client is one
	fresh     bool  // per client: the log says that it was the first of its connection

	since     time.Duration // when it began to wait for a connection
	firstSent time.Duration // with retries: when it left first
	host      string        // of a replay with connections per host: see Target.DialHost

	// Where the log has it.
	source string
	line   int64

	// Of a replay with connections per client:
	offset time.Duration // arrival in trace time
	client uint64        // who sent it

	lane *lane // whose connections carry it; set when it is sent or waits
}

// An answer is what the log said, or what came back.
type answer struct {
	status int32
	bytes  int64
}

// batchSize is how many requests are made ready at once. Reading, pacing and building bytes happen in batches, off
// the thread that sends. Where that shares its core with the one that makes them, it is late by up to the time that a batch
// takes: with 512, the p99 of the lag is half as long again at 20,000 requests a second; with 64, a request costs more.
const batchSize = 128

// batchBytes is where a batch ends early: some hundred requests with large bodies would hold more memory than all else.
const batchBytes = 256 << 10

// A batch is a stretch of the trace.
type batch struct {
	requests []request
	arena    []byte // of their bytes
	err      error  // why there is no more; nil at the end of the trace
	live     atomic.Int32
}

// release says that one more request of b has come to its end. After the last one b goes to free.
func (b *batch) release(free chan<- *batch) {
	if b.live.Add(-1) > 0 {
		return
	}
	select {
	case free <- b:
	default: // there are enough
	}
}
