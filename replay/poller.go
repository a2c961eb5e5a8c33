package replay

import (
	"net"
	"time"
)

// A poller is what the loop waits with.
type poller interface {
	// adopt makes a link of a connection that the poller can watch itself, and takes it over. ok is false for others.
	// It may be called from any goroutine.
	adopt(conn net.Conn) (l link, ok bool, err error)
	// watch begins to report what happens on a link that adopt made.
	watch(l link, at place) error
	// wait waits until there is something to report, the poller is woken, or d has passed. It may return early. The
	// events are good until the next call.
	wait(d time.Duration) []event
	// longest is how long a wait is at most.
	longest() time.Duration
	// wake ends a wait. It may be called from any goroutine until close.
	wake()
	close()
}

// An event is what can be done on a connection.
type event struct {
	place
	writable bool
	readable bool
	ending   bool // the end of the connection follows what can be read
}

// errAgain says that nothing more is there to be read. It is a timeout to crypto/tls, which goes on reading after one.
var errAgain error = again{}

type again struct{}

func (again) Error() string   { return "nothing to read" }
func (again) Timeout() bool   { return true }
func (again) Temporary() bool { return true }

// A patientPoller watches no connection: it waits for notes, with Go's timers. It serves connections without a
// descriptor, and systems without epoll.
type patientPoller struct {
	woken chan struct{}
	timer *time.Timer
}

func newPatientPoller() *patientPoller {
	return &patientPoller{woken: make(chan struct{}, 1), timer: time.NewTimer(0)}
}

func (p *patientPoller) adopt(net.Conn) (link, bool, error) { return nil, false, nil }

func (p *patientPoller) watch(link, place) error { return nil }

func (p *patientPoller) wait(d time.Duration) []event {
	p.timer.Reset(max(d, 0))
	select {
	case <-p.woken:
	case <-p.timer.C:
	}
	return nil
}

func (p *patientPoller) longest() time.Duration { return patience }

func (p *patientPoller) wake() {
	select {
	case p.woken <- struct{}{}:
	default: // it is awake
	}
}

func (p *patientPoller) close() { p.timer.Stop() }
