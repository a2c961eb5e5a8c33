package replay

import (
	"sync"
	"testing"
	"testing/synctest"
)

// Samples for a recorder that does not take them wait in bounded memory, and then hold up the loop; none is lost.
func TestARecorderThatIsBehindHoldsTheLoopUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &memoryPoller{patientPoller: *newPatientPoller()}
		rec := newRecorder(newNames(&newTrace().info), 0)
		l := newLoop(t.Context(), Target{Dial: dialMemory}, nil, rec, testOptions, p)
		rec.free = make(chan *batch, 1)
		r := &request{batch: &batch{}}
		const chunks = 3 * mostFull
		r.batch.live.Store(chunks * chunkSize)
		var loop sync.WaitGroup
		recorded := 0
		loop.Go(func() {
			for range chunks * chunkSize {
				l.record(0, sample{request: r})
				recorded++
			}
			l.handOver()
			close(rec.chunks)
		})
		synctest.Wait() // it is held up
		if most := (cap(rec.chunks) + mostFull + 1) * chunkSize; recorded >= most || recorded < mostFull*chunkSize || l.held != 1 {
			t.Errorf("%d samples wait, want less than %d; held up %d times", recorded, most, l.held)
		}
		rec.run()
		loop.Wait()
		if n := rec.overall.Responses(); n != chunks*chunkSize || l.held < 2 {
			t.Errorf("%d of %d samples recorded; held up %d times", n, chunks*chunkSize, l.held)
		}
		l.close()
	})
}
