package replay

import (
	"context"
	"testing"
	"time"

	"ngxreplay/replay/pace"
	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"
)

// Large bodies do not make large batches, nothing is lost where a batch ends early, and what was not sent is counted
// wherever the loader stopped.
func TestBatchesAreBounded(t *testing.T) {
	const requests, size = 1300, 50_000
	load := func(duration time.Duration) *loader {
		m := newTrace(every(time.Millisecond, requests)...)
		for i := range m.rows {
			m.rows[i].Method, m.rows[i].RequestLength, m.rows[i].Line = []byte("POST"), size, int64(i)
		}
		return newLoader(m.traffic(t, traffic.Options{}), Target{Format: wire.Format{Host: "h"}}, newNames(&m.info),
			Options{Plan: pace.Plan{Speed: 1, Duration: duration}})
	}
	for _, f := range []struct {
		duration time.Duration
		want     int64
	}{{0, requests}, {700 * time.Millisecond, 700}} {
		for _, stopAfter := range []int{0, 1, 3, 40, 1000} {
			l := load(f.duration)
			var line int64
			more := true
			for n := 0; more && n < stopAfter; n++ {
				more = l.next()
				b := l.filling[0].take()
				if b == nil {
					break // the end of the plan lay between two batches
				}
				sum := 0
				for _, r := range b.requests {
					if r.line != line {
						t.Fatalf("request %d comes after %d", r.line, line-1)
					}
					line++
					sum += len(r.bytes)
				}
				if sum >= batchBytes+size || b.err != nil {
					t.Fatalf("a batch of %d bytes, %v", sum, b.err)
				}
			}
			if !more && line != f.want {
				t.Errorf("%v: %d requests, want %d", f.duration, line, f.want)
			}
			if got := l.total(); got != f.want {
				t.Errorf("%v, stopped after %d batches: %d in all, want %d", f.duration, stopAfter, got, f.want)
			}
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := load(0)
	l.run(ctx)
	if got := l.total(); got != requests {
		t.Errorf("%d in all when cancelled at once, want %d", got, requests)
	}
}
