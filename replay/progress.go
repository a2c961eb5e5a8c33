package replay

import "time"

// Progress is a look at a replay while it runs.
type Progress struct {
	Elapsed time.Duration
	Length  time.Duration // planned, from the first to the last request
	Sent    int64
	// Responses and Failed lag behind by what the recorder has not taken yet.
	Responses, Failed int64
}

// watched is what Progress looks at; it is there when the replay has started.
type watched struct {
	clock Clock
	loops loops
}

// Progress may be called from any goroutine. It is zero before the first request is due.
func (r *Replay) Progress() Progress {
	w := r.watched.Load()
	if w == nil {
		return Progress{}
	}
	return Progress{
		Elapsed:   w.clock.Now(),
		Length:    r.length,
		Sent:      w.loops.published(),
		Responses: r.recorder.responses.Load(),
		Failed:    r.recorder.failed.Load(),
	}
}
