package replay

import (
	"net"
	"testing"
	"time"

	"ngxreplay/internal/hostile"
	"ngxreplay/replay/wire/h2"
)

// A connection may get room just after it had none, and before anybody said that room is wanted.
func TestRoomThatCameBeforeItWasWanted(t *testing.T) {
	server, err := hostile.ListenHTTP2(func(s *hostile.Stream) { s.Respond(200, "") })
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	raw, err := net.Dial("tcp", server.Address)
	if err != nil {
		t.Fatal(err)
	}
	link, err := h2.Connect(t.Context(), raw, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	opts := testOptions
	opts.Connections = 1
	l := newLoop(t.Context(), Target{}, &feed{}, nil, opts, newPatientPoller())
	clock, stop := StartClock()
	defer stop()
	l.clock, l.trunks = clock, newTrunks()
	l.hold(l.lanes.shared, 1)
	l.lay(&trunk{link: link, full: true})
	l.board(&request{bytes: []byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n")}, 0)
	if l.sent != 1 || l.waiting.len() != 0 {
		t.Errorf("%d sent, %d wait", l.sent, l.waiting.len())
	}
	l.close()
}
