package replay

import (
	"io"
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// awaitEnd waits for the end of what l carries, and reads to it.
func awaitEnd(t *testing.T, p *epoll, l link) error {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		for range p.wait(time.Second) {
			for {
				_, err := l.read(make([]byte, 1000))
				if err == errAgain {
					break
				}
				if err != nil {
					return err
				}
			}
		}
	}
	t.Fatal("the end did not come")
	return nil
}

// The system knows whether a request came too late for a target that has closed the connection.
func TestUnreceived(t *testing.T) {
	for name, test := range map[string]struct {
		readsSecond bool
		want        bool
	}{
		"closed before the request came": {false, true},
		"closed after it came":           {true, false},
	} {
		t.Run(name, func(t *testing.T) {
			closed := make(chan struct{})
			s := newServer(t, func(_ int, conn *net.TCPConn) {
				defer close(closed)
				defer conn.Close()
				want := 5
				if test.readsSecond {
					want = 10
				}
				_, _ = io.ReadFull(conn, make([]byte, want))
			})
			raw, err := s.dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			p, l := adopted(t, raw)
			write := func() {
				if n, err := l.write([]byte("hello")); n != 5 || err != nil {
					t.Fatal(n, err)
				}
			}
			write()
			if !test.readsSecond {
				<-closed
			}
			write() // the first answer of a system that has no such connection any more is a reset, not an error of writing
			if err := p.watch(l, place{}); err != nil {
				t.Fatal(err)
			}
			err = awaitEnd(t, p, l)
			if got := l.unreceived([]byte("hello"), err); err != io.EOF || got != test.want {
				t.Errorf("%v, unreceived %v, want %v", err, got, test.want)
			}
		})
	}
}

// What a system does not count is not taken for nothing: the request may have been processed.
func TestUncountedBytesAreNotUnreceived(t *testing.T) {
	for acked, want := range map[uint64]bool{0: false, 1: true, 100: true, 101: true, 102: false} {
		if got := onlyEarlier(acked, 100); got != want {
			t.Errorf("%d acknowledged of 100 sent before: %v", acked, got)
		}
	}
}

// Where there is no epoll_pwait2, a timer does its work.
func TestWaitWithATimer(t *testing.T) {
	p, err := newEpoll()
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if err := p.addTimer(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for time.Since(start) < 5*time.Millisecond {
		p.wait(5*time.Millisecond - time.Since(start))
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.wake()
	}()
	for deadline := time.Now().Add(10 * time.Second); ; {
		before := time.Now()
		if p.wait(longestWait); time.Since(before) < longestWait {
			break // woken
		}
		if time.Now().After(deadline) {
			t.Fatal("not woken")
		}
	}
	<-done
}

// An old system does not know epoll_pwait2, and a sandbox may forbid it: both wait with a timer, also for no time.
func TestWaitWithoutPwait2(t *testing.T) {
	for name, errno := range map[string]syscall.Errno{"unknown": syscall.ENOSYS, "forbidden": syscall.EPERM} {
		t.Run(name, func(t *testing.T) {
			failed := make(chan any)
			go func() {
				runtime.LockOSThread() // and never unlocked: the thread ends with its filter
				defer func() { failed <- recover() }()
				if err := refuse(unix.SYS_EPOLL_PWAIT2, errno); err != nil {
					panic(err)
				}
				p, err := newEpoll()
				if err != nil {
					panic(err)
				}
				defer p.close()
				p.wait(0)
				p.wait(time.Microsecond)
				p.wait(0)
			}()
			if why := <-failed; why != nil {
				t.Error(why)
			}
		})
	}
}

// refuse has a system call of this thread fail from now on.
func refuse(call uint32, errno syscall.Errno) error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: call},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}

// adopted makes a link of a connection, which its poller does not watch yet, until the end of the test.
func adopted(t *testing.T, raw net.Conn) (*epoll, link) {
	t.Helper()
	p, err := newEpoll()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	l, ok, err := p.adopt(raw)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	t.Cleanup(l.close)
	return p, l
}
