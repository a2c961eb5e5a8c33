package replay

import "time"

// This file is how a loop shares its time: between what is due and what has come, and after a time when it had none.

// turn is how long the loop may read when requests may be due that it has not looked for.
const turn = 200 * time.Microsecond

// time reads the clock. What is due is looked at by the latest reading.
func (l *loop) time() time.Duration {
	l.now = l.clock.Now()
	return l.now
}

// expect says how long nothing is due to leave.
func (l *loop) expect(d time.Duration) { l.soon = l.now + d }

// isDue reports whether something may be due to leave. It does not read the clock: whoever takes an answer does.
func (l *loop) isDue() bool { return l.now >= l.soon }

// keepTime sends what became due while other things were done, so that a target's large answers delay no request.
func (l *loop) keepTime() {
	if l.isDue() {
		l.dispatch()
	}
}

// A loop that comes back later than it wanted to by more than absent was away: the process was stopped, or the machine,
// or there was much to do. What came meanwhile gets grace to be read, before it times out by the time that we were away.
const (
	absent = 20 * time.Millisecond
	grace  = 100 * time.Millisecond
)

// An absence is the last time that a loop was away.
type absence struct {
	from, to time.Duration // both are 0 before the first
	back     time.Duration // when the loop means to be back from its wait
}

// end notes that the loop is back.
func (a *absence) end(now time.Duration) {
	if now-a.back > absent {
		a.from, a.to = a.back, now
	}
}

// left returns how much longer to wait for what has until then. Nobody could see what came in time while we were away.
func (a *absence) left(until, now time.Duration) time.Duration {
	if a.from <= until && until <= a.to {
		until = a.to + grace
	}
	return until - now
}
