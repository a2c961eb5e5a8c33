package trace

import (
	"fmt"
	"time"
)

// Jumps are the places of one log where time goes back by more than a minute. A line is written when a request ends,
// so that long requests do not cause them; a clock that was set does, logs that were put together, and a buffer that
// nginx wrote late.
type Jumps struct {
	Count     int64 `json:"count"`
	LargestNS int64 `json:"largest_ns"`
	FirstLine int64 `json:"first_line"`
}

const minJump = time.Minute

// A jumpFinder finds the jumps of one log.
type jumpFinder struct {
	Jumps
	latest int64 // time since the last jump
	begun  bool
}

// see takes the logged time of the next line.
func (j *jumpFinder) see(logged, line int64) {
	switch back := j.latest - logged; {
	case !j.begun || back <= 0:
		j.latest, j.begun = logged, true
	case back > int64(minJump):
		if j.Count == 0 {
			j.FirstLine = line
		}
		j.Count++
		j.LargestNS = max(j.LargestNS, back)
		j.latest = logged
	}
}

// describe says in words what was found in the log of that name; "" when there is nothing to say.
func (j *Jumps) describe(source string) string {
	switch j.Count {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("time goes back by %s (%s:%d)", roughly(time.Duration(j.LargestNS)), source, j.FirstLine)
	}
	return fmt.Sprintf("time goes back %d times, by up to %s (first at %s:%d)", j.Count, roughly(time.Duration(j.LargestNS)), source, j.FirstLine)
}
