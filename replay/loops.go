package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
)

// This file is how several threads send. Each is a loop of its own, with a share of the connections; what is sent by
// which the loader decides.

// mostThreads are as many as one loader and one recorder can serve. Each needs two or three descriptors.
const mostThreads = 16

// threads is how many loops there are.
func (o *Options) threads() int { return max(o.Threads, 1) }

// validateThreads refuses what cannot be shared out.
func (o *Options) validateThreads() error {
	var errs []error
	if o.Threads < 0 || o.Threads > mostThreads {
		errs = append(errs, fmt.Errorf("threads %d: want 1 to %d", o.Threads, mostThreads))
	}
	for _, limit := range []struct {
		flag string
		n    int
	}{{"--connections", o.Connections}, {"--max-in-flight", o.MaxInFlight}} {
		if limit.n >= 1 && limit.n < o.Threads {
			errs = append(errs, fmt.Errorf("threads %d: each needs one of %s %d: give fewer --threads, or more %s", o.Threads, limit.flag, limit.n, limit.flag))
		}
	}
	return errors.Join(errs...)
}

// of returns the options of one of the loops.
func (o Options) of(loop int) Options {
	o.Connections, o.MaxInFlight = share(o.Connections, o.threads(), loop), share(o.MaxInFlight, o.threads(), loop)
	return o
}

// share is how many of n things one of several gets that are dealt one by one.
func share(n, among, i int) int {
	if i < n%among {
		return n/among + 1
	}
	return n / among
}

// loops are the threads that send.
type loops []*loop

// newLoops makes a loop for each feed, for connections like probe.
func (r *Replay) newLoops(kill context.Context, feeds []*feed, common *common, probe net.Conn) loops {
	all := make(loops, len(feeds))
	for i, f := range feeds {
		all[i] = newLoop(kill, r.target, f, r.recorder, r.opts.of(i), r.newPoller(probe))
		all[i].join(common)
		f.wake = all[i].mail.wake
	}
	return all
}

// prime deals connections that are open already. After an error it closes those that no loop has.
func (ls loops) prime(open []net.Conn) error {
	dealt := make([][]net.Conn, len(ls))
	for i, raw := range open {
		dealt[i%len(ls)] = append(dealt[i%len(ls)], raw)
	}
	var err error
	for i, l := range ls {
		if err == nil {
			err = l.prime(dealt[i])
			continue
		}
		for _, raw := range dealt[i] {
			_ = raw.Close() // nothing was sent on it
		}
	}
	return err
}

// run runs the loops, the first on the thread of the caller, until all have come to their end.
func (ls loops) run(stop, kill context.Context, clock Clock) error {
	for _, l := range ls {
		l.clock = clock
	}
	errs := make([]error, len(ls))
	var others sync.WaitGroup
	for i, l := range ls[1:] {
		others.Go(func() {
			defer keepThread()()
			errs[i+1] = l.run(stop, kill)
		})
	}
	errs[0] = ls[0].run(stop, kill)
	others.Wait()
	return cmp.Or(errs...)
}

// counts are the sums over the loops.
func (ls loops) counts() counts {
	var sum counts
	for _, l := range ls {
		sum.add(&l.counts)
	}
	return sum
}

// busiest is the largest share of a second that a thread was busy; 0 when nobody can tell, as spinning looks like work.
func (ls loops) busiest() (share float64) {
	for _, l := range ls {
		if l.opts.Spin == 0 {
			share = max(share, l.effort.most)
		}
	}
	return share
}

// published is how many requests were sent so far. Anybody may ask.
func (ls loops) published() (sent int64) {
	for _, l := range ls {
		sent += l.published.Load()
	}
	return sent
}

func (ls loops) close() {
	for _, l := range ls {
		l.close()
	}
}
