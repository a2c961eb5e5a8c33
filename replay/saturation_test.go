package replay

import (
	"testing"
	"time"
)

func TestSaturation(t *testing.T) {
	f := func(want string, windows ...Window) {
		t.Helper()
		if got := saturation(windows); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	fine, idle := Window{Sent: 100, Late: 10}, Window{}
	f("")
	f("", fine, idle, fine)
	f("generator saturated from 1 s on: 38 % of 300 requests left more than 1ms late although a connection was free",
		fine, Window{Sent: 100, Late: 20}, idle, Window{Sent: 200, Late: 94})
	f("generator saturated from 2 s to 3 s: 90 % of 100 requests left more than 1ms late although a connection was free",
		Window{Sent: 100, Late: 20}, fine, Window{Sent: 100, Late: 90}, fine)
}

func TestSlowestKeepsTheLongestResponses(t *testing.T) {
	var l slowest
	for i := range 100 {
		n := (i * 37) % 100 // each of 0 to 99 once
		r := &request{source: "a.log", line: int64(n), bytes: []byte("GET /x HTTP/1.1\r\n\r\n")}
		l.add(&sample{request: r, done: time.Duration(n) * time.Millisecond})
	}
	list := l.exemplars
	if len(list) != exemplars {
		t.Fatalf("%d kept, want %d", len(list), exemplars)
	}
	for i, e := range list {
		if e.Line != int64(99-i) || e.Response != time.Duration(99-i)*time.Millisecond || e.Method != "GET" || e.Target != "/x" {
			t.Errorf("%d: %+v", i, e)
		}
	}
}
