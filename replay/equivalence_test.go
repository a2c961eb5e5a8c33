package replay

import "testing"

func TestEquivalent(t *testing.T) {
	f := func(logged, answered int, want bool) {
		t.Helper()
		if got := Equivalent(logged, answered); got != want {
			t.Errorf("logged %d, answered %d: got %v", logged, answered, got)
		}
	}
	for _, status := range []int{200, 206, 304, 404, 500} {
		f(status, status, true)
		f(499, status, true) // the client hung up: it saw no answer
		f(0, status, true)
		f(9, status, true)
		f(101, status, true)
	}
	f(304, 200, true)
	f(206, 200, true)
	f(200, 206, true)
	for _, denied := range []int{401, 403} {
		for _, granted := range []int{200, 201, 206, 301, 302, 304} {
			f(granted, denied, true) // the log holds no credentials
		}
		f(404, denied, false)
		f(500, denied, false)
		f(denied, 200, false)
	}
	f(200, 304, false)
	f(200, 404, false)
	f(404, 200, false)
	f(500, 502, false)
	f(301, 302, false)
}
