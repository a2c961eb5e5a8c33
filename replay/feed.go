package replay

import "sync/atomic"

// A feed is where one loop gets its requests: batches in order of time.
type feed struct {
	ready  chan *batch   // the loops of a closed replay share one: who is done takes the next
	free   chan<- *batch // where a batch goes when all of its requests have ended
	hungry atomic.Bool   // the loop found nothing ready, and wants to be woken
	wake   func()
	left   chan struct{} // closed when the loop takes no more, because its time is up
}

// newFeeds makes the feeds of that many loops, each with that many batches ready. shared gives them one channel.
func newFeeds(loops int, shared bool, ready int, free chan<- *batch) []*feed {
	feeds := make([]*feed, loops)
	for i := range feeds {
		feeds[i] = &feed{free: free, left: make(chan struct{})}
		switch {
		case !shared:
			feeds[i].ready = make(chan *batch, ready)
		case i == 0:
			feeds[0].ready = make(chan *batch, ready*loops)
		default:
			feeds[i].ready = feeds[0].ready
		}
	}
	return feeds
}

// poll returns the next batch, or nil when none is ready. more is false at the end. Only the loop calls it.
func (f *feed) poll() (b *batch, more bool) {
	for {
		select {
		case b, more = <-f.ready:
			f.hungry.Store(false)
			return b, more
		default:
		}
		if f.hungry.Load() {
			return nil, true
		}
		f.hungry.Store(true) // and look once more: the loader may not have seen it
	}
}

// deliver wakes the loop, if it wants to be.
func (f *feed) deliver() {
	if f.hungry.Load() {
		f.wake()
	}
}
