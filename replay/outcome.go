package replay

import (
	"time"

	"ngxreplay/replay/wire"
)

// An Outcome is what became of one request that was sent or dropped. Times are monotonic offsets from the start of the
// replay.
type Outcome struct {
	Number int64 // of the request in the traffic, from 0
	Fate   Fate
	Failed wire.Class // of a request that failed
	Due    time.Duration
	Sent   time.Duration // when it left first; meaningless when it was dropped
	First  time.Duration // 0 when no byte of an answer came
	Done   time.Duration // when its answer was complete, or it failed or was dropped
	// Attempts is how often it was sent: 0 when it was dropped, 1, or more when it was sent again, by Options.Retry or
	// because the target had closed its connection.
	Attempts int

	// Of an answer:
	Status int
	Bytes  int64 // of its body
	Hash   uint64
	Hashed bool // it had a body, and Options asked for hashes
}

// A Fate is the place of the [Ledger] in which a request ends.
type Fate uint8

const (
	Answered Fate = iota + 1
	Failed
	Dropped
)

// outcome tells a sample as those who ask for outcomes see it.
func (s *sample) outcome() Outcome {
	o := Outcome{
		Number: s.number, Fate: Answered, Failed: s.failed, Due: s.due, Sent: s.left(), First: s.first, Done: s.done,
		Attempts: 1 + int(s.retries), Status: int(s.answer.status), Bytes: s.answer.bytes, Hash: s.hash, Hashed: s.hashed,
	}
	switch {
	case s.dropped:
		o.Fate, o.Attempts = Dropped, 0
	case s.failed != "":
		o.Fate = Failed
	}
	if s.resent {
		o.Attempts++
	}
	return o
}
