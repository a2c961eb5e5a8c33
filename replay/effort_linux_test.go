package replay

import (
	"runtime"
	"testing"
	"time"
)

// The busiest second counts, and only what the thread itself used.
func TestEffort(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var e effort
	at := func(now time.Duration, work time.Duration) float64 {
		for start := threadTime(); threadTime() < start+work; {
		}
		e.look(now)
		return e.most
	}
	if at(0, 0) != 0 || at(time.Second/2, 0) != 0 {
		t.Errorf("%v before a second has passed", e.most)
	}
	busy := at(time.Second, 20*time.Millisecond)
	if busy < 0.02 || busy > 1 {
		t.Errorf("%v of a second, want 20 ms and little more", busy)
	}
	if idle := at(60*time.Second, 0); idle != busy {
		t.Errorf("%v after a quiet minute, %v before", idle, busy)
	}
}

func TestMoreThreads(t *testing.T) {
	f := func(busiest float64, threads, processors int, want string) {
		t.Helper()
		if got := moreThreads(busiest, threads, processors); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	f(0.89, 1, 8, "")
	f(1, 8, 8, "")
	f(0.958, 1, 8, "the thread that sends was busy for 96 % of a second: where a processor is free, --threads 2 can send more")
	f(1.001, 3, 4, "one of the threads that send was busy for 100 % of a second: where a processor is free, --threads 4 can send more")
}
