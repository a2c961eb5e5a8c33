package replay

import (
	"sync/atomic"
	"time"
)

// A common is what the loops of a replay have in common. It changes when connections come and go and when requests have to
// wait, not with each request.
type common struct {
	open    gauge // connections that are open or being opened
	waiting gauge // requests that wait for a connection
	shift   shift
}

// A gauge is a number that several loops raise and lower, and the most that it ever was.
type gauge struct{ now, most atomic.Int64 }

func (g *gauge) add(n int64) {
	now := g.now.Add(n)
	for most := g.most.Load(); now > most && !g.most.CompareAndSwap(most, now); most = g.most.Load() {
	}
}

// A shift is by how much everything that is due is later than planned: [LateShift]. The plan is one, and so is its shift:
// loops that were held up together move it once.
type shift struct{ by atomic.Int64 }

func (s *shift) load() time.Duration { return time.Duration(s.by.Load()) }

// raise makes the shift d, if it is less.
func (s *shift) raise(d time.Duration) {
	for by := s.by.Load(); int64(d) > by && !s.by.CompareAndSwap(by, int64(d)); by = s.by.Load() {
	}
}
