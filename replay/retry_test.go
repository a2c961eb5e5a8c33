package replay

import (
	"net"
	"net/http"
	"testing"
	"time"

	"ngxreplay/replay/wire"
)

func TestIdempotent(t *testing.T) {
	f := func(request string, want bool) {
		t.Helper()
		if isIdempotent([]byte(request)) != want {
			t.Errorf("%q: want %v", request, want)
		}
	}
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"} {
		f(method+" / HTTP/1.1\r\n", true)
	}
	for _, method := range []string{"POST", "PATCH", "CONNECT", "get", "GETS", "PROPFIND", ""} {
		f(method+" /GET HTTP/1.1\r\n", false)
	}
}

// Response times hold all attempts, service times the last one, and neither is lateness of ours.
func TestTimesOfRetries(t *testing.T) {
	target := &fakeTarget{answer: func(n int, conn net.Conn, r *http.Request) bool {
		time.Sleep(time.Second)
		return n >= 2 && answerOK(n, conn, r)
	}}
	opts := testOptions
	opts.Retry = 3
	result := replayInBubble(t, newTrace(0), target, opts, 0)
	near := func(got int64, want time.Duration) bool {
		return max(got-int64(want), int64(want)-got) < int64(want)/100
	}
	if o := result.Overall; !near(o.Response.Max(), 3*time.Second) || !near(o.Service.Max(), time.Second) {
		t.Errorf("response %v, service %v", time.Duration(o.Response.Max()), time.Duration(o.Service.Max()))
	}
	if f := result.Fidelity; f.Lag.Max() > 1000 || f.Late != 0 || f.RateError > 0.01 || result.Windows[0].Sent != 1 {
		t.Errorf("lag %v, %d late, rate error %v, %+v", f.Lag.Max(), f.Late, f.RateError, result.Windows)
	}
	if e := result.Slowest[0]; e.Retries != 2 || result.Retries.After[wire.EOF] != 2 || result.Retries.Answered != 1 {
		t.Errorf("%+v, retried %+v", e, result.Retries)
	}
}

// Each attempt has the timeouts to itself, and an interrupted replay begins no other.
func TestStopEndsRetries(t *testing.T) {
	for name, test := range map[string]struct {
		interrupt time.Duration
		attempts  int
		class     wire.Class
	}{
		"to the last":                  {0, 11, wire.Timeout},
		"stopped in the first attempt": {2 * time.Second, 1, wire.Timeout},
		"stopped in the third attempt": {12 * time.Second, 3, wire.Timeout},
	} {
		t.Run(name, func(t *testing.T) {
			target := &fakeTarget{answer: func(int, net.Conn, *http.Request) bool {
				time.Sleep(time.Hour)
				return false
			}}
			opts := testOptions // with a timeout of 5 seconds
			opts.Retry = MostRetries
			result := replayInBubble(t, newTrace(0), target, opts, test.interrupt)
			if l := result.Ledger; l.Failed != 1 || len(target.arrivals) != test.attempts || result.Retries.Sent() != int64(test.attempts-1) {
				t.Errorf("%+v, %d attempts, retried %v", l, len(target.arrivals), result.Retries.After)
			}
			if want := time.Duration(test.attempts) * opts.Timeout; result.Elapsed < want || result.Elapsed > want+time.Second {
				t.Errorf("it took %v, want %v", result.Elapsed, want)
			}
		})
	}
}

func TestRetryIsBounded(t *testing.T) {
	for _, retry := range []int{-1, MostRetries + 1} {
		opts := testOptions
		if opts.Retry = retry; opts.Validate() == nil {
			t.Errorf("%d retries are allowed", retry)
		}
	}
}
