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
	slow := &slowSource{Traffic: source.traffic(t, traffic.Options{})}
	opts := testOptions
	opts.Timeout = time.Hour
	result := replayTraffic(t, slow, &fakeTarget{answer: answerOK}, opts, 0)
	if l := result.Ledger; l.Responses != requests || result.Overall.SameStatus != requests/2 {
		t.Errorf("%+v, %d of the logged status", l, result.Overall.SameStatus)
	}
}
