package replay

import (
	"context"
	"time"
)

// A dispatcher sends requests when they are due. It runs on one locked thread.
type dispatcher struct {
	clock   Clock
	pool    *pool
	batches <-chan batch
	taken   int64 // requests of the batches that were taken
	unsent  int64 // of these, not given to the pool
	// closed: requests are due when a connection is free, until it ends; 0 is the end of the traffic.
	closed bool
	ends   time.Duration
	ended  bool // it has
}

// patience is the longest that the dispatcher sleeps without looking whether it should stop.
const patience = 50 * time.Millisecond

// run dispatches first and all batches after it. It returns the error that ended the trace early.
func (d *dispatcher) run(ctx context.Context, first batch) error {
	for b, more := first, true; more; b, more = <-d.batches {
		d.taken += int64(len(b.requests))
		for i := range b.requests {
			r := &b.requests[i]
			if d.closed {
				d.pool.awaitFree(ctx)
				if r.due = d.clock.Now(); d.ends > 0 && r.due >= d.ends {
					d.taken -= int64(len(b.requests) - i)
					d.ended = true
					return nil
				}
			}
			if !d.wait(ctx, r.due) {
				d.unsent = int64(len(b.requests) - i)
				return nil
			}
			d.pool.send(r)
		}
		if b.err != nil {
			return b.err
		}
	}
	return nil
}

// wait returns true when due has come, and false when the replay was stopped before.
func (d *dispatcher) wait(ctx context.Context, due time.Duration) bool {
	for {
		now := d.clock.Now()
		if now >= due {
			return ctx.Err() == nil
		}
		if ctx.Err() != nil {
			return false
		}
		d.clock.WaitUntil(min(due, now+patience))
	}
}
