package replay

import (
	"testing"
	"time"

	"ngxreplay/replay/traffic"
)

// slowSource yields one batch's worth of requests at a time, long before the next.
type slowSource struct {
	*traffic.Traffic
	reads int
}

func (s *slowSource) Read(dst []traffic.Request) (int, error) {
	s.reads++
	time.Sleep(time.Second)
	return s.Traffic.Read(dst[:min(len(dst), 100-s.reads)])
}

// A batch is filled again when the last of its requests is recorded, while the loop waits for the next one.
func TestBatchesAreFilledAgain(t *testing.T) {
	const requests = 4500
	source := newTrace(every(time.Microsecond, requests)...)
	for i := range source.rows {
		source.rows[i].Status = int32(200 + i%2)
	}
	opts := testOptions
	opts.Timeout = time.Hour
	for _, opts.Threads = range []int{1, 3} {
		slow := &slowSource{Traffic: source.traffic(t, traffic.Options{})}
		result := replayTraffic(t, slow, &fakeTarget{answer: answerOK}, opts, 0)
		if l := result.Ledger; l.Responses != requests || result.Overall.SameStatus != requests/2 {
			t.Errorf("%d threads: %+v, %d of the logged status", opts.Threads, l, result.Overall.SameStatus)
		}
		if most := time.Duration(slow.reads+1) * time.Second; result.Elapsed > most {
			t.Errorf("%d threads: took %v, the source %v: a loop was not woken", opts.Threads, result.Elapsed, most)
		}
	}
}
