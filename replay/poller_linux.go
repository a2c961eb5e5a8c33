package replay

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"ngxreplay/replay/wire"

	"golang.org/x/sys/unix"
)

// newPoller returns one of that many pollers, for connections like probe: epoll for those that are made of a descriptor.
func newPoller(probe net.Conn, pollers int) poller {
	probe, _ = below(probe)
	if _, ok := probe.(syscall.Conn); ok {
		if p, err := newEpoll(); err == nil {
			p.raw = runtime.GOMAXPROCS(0) > pollers // each takes one
			return p
		}
	}
	return newPatientPoller()
}

// An epoll is the poller of Linux. Its thread makes the system calls without telling the Go scheduler, which would
// otherwise take its processor away and give it back at each: telling it costs more than the calls.
type epoll struct {
	fd     int
	bell   int // an eventfd
	timer  int // a timerfd, where there is no epoll_pwait2; else -1
	raw    bool
	ready  [256]unix.EpollEvent
	events []event
	until  unix.Timespec
}

// atBell is the index in events of the bell, and atTimer that of the timer.
const (
	atBell  = -1
	atTimer = -2
)

func newEpoll() (*epoll, error) {
	// With one processor nobody else would run while we wait.
	p := &epoll{fd: -1, bell: -1, timer: -1, raw: runtime.GOMAXPROCS(0) > 1, events: make([]event, 0, 256)}
	var err error
	if p.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	if p.bell, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err == nil {
		err = p.control(p.bell, place{index: atBell}, unix.EPOLLIN)
	}
	if err == nil && !p.pwaits() {
		err = p.addTimer()
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// pwaits reports whether there is epoll_pwait2, which takes nanoseconds. Linux has it since 5.11, and a sandbox may
// forbid it.
func (p *epoll) pwaits() bool {
	_, errno := p.pwait(0)
	return errno == 0 || errno == syscall.EINTR
}

// addTimer has waits kept by a timerfd: epoll_wait itself counts milliseconds.
func (p *epoll) addTimer() (err error) {
	if p.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return err
	}
	return p.control(p.timer, place{index: atTimer}, unix.EPOLLIN|unix.EPOLLET)
}

func (p *epoll) control(fd int, at place, events uint32) error {
	return unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: at.index, Pad: at.generation})
}

// adopt takes the descriptor from Go's own poller, which would be woken for nothing.
func (p *epoll) adopt(conn net.Conn) (link, bool, error) {
	bottom, under := below(conn)
	switch bottom.(type) {
	case *net.TCPConn, *net.UnixConn:
	default:
		return nil, false, nil
	}
	raw, err := bottom.(syscall.Conn).SyscallConn()
	if err != nil {
		_ = bottom.Close() // it is of no use
		return nil, false, err
	}
	fd, dupErr := -1, error(nil)
	err = raw.Control(func(original uintptr) {
		fd, dupErr = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0)
	})
	_ = bottom.Close() // the duplicate stays open
	if err = errors.Join(err, dupErr); err != nil {
		return nil, false, fmt.Errorf("take a connection over: %w", err)
	}
	_, tcp := bottom.(*net.TCPConn)
	s := &socket{fd: fd, tcp: tcp}
	if under == nil {
		return s, true, nil
	}
	return newSecure(conn.(*tls.Conn), under, s), true, nil
}

// below returns the connection of a descriptor that conn stands on, and what lies between when conn is one of TLS.
func below(conn net.Conn) (net.Conn, *wire.Underlay) {
	if secure, ok := conn.(*tls.Conn); ok {
		if under, ok := secure.NetConn().(*wire.Underlay); ok {
			return under.Conn, under
		}
	}
	return conn, nil
}

// watch has everything reported once when it changes: nothing needs to be told to epoll again.
func (p *epoll) watch(l link, at place) error {
	return p.control(l.(interface{ descriptor() int }).descriptor(), at, unix.EPOLLIN|unix.EPOLLOUT|unix.EPOLLRDHUP|unix.EPOLLET)
}

// longestWait bounds a wait: the kernel may be late by a thousandth of it.
const longestWait = 20 * time.Millisecond

func (p *epoll) wait(d time.Duration) []event {
	n, errno := 0, syscall.Errno(0)
	if d = min(max(d, 0), longestWait); p.timer >= 0 {
		n, errno = p.waitTimer(d)
	} else {
		n, errno = p.pwait(d)
	}
	if errno != 0 && errno != syscall.EINTR { // a signal, as the collector sends, ends it early
		panic("epoll_wait: " + errno.Error()) // only bad arguments do this
	}
	p.events = p.events[:0]
	for i := range p.ready[:n] {
		e := &p.ready[i]
		switch e.Fd {
		case atBell:
			var count [8]byte
			_, _ = unix.Read(p.bell, count[:]) // it may have been read before
		case atTimer:
		default:
			const ending = unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR
			p.events = append(p.events, event{
				place:    place{e.Fd, e.Pad},
				writable: e.Events&unix.EPOLLOUT != 0,
				readable: e.Events&(unix.EPOLLIN|ending) != 0,
				ending:   e.Events&ending != 0,
			})
		}
	}
	return p.events
}

func (p *epoll) longest() time.Duration { return longestWait }

func (p *epoll) pwait(d time.Duration) (int, syscall.Errno) {
	p.until = unix.NsecToTimespec(int64(d))
	events, until := unsafe.Pointer(&p.ready[0]), unsafe.Pointer(&p.until)
	var n uintptr
	var errno syscall.Errno
	if p.raw || d == 0 {
		n, _, errno = syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), uintptr(events), uintptr(len(p.ready)), uintptr(until), 0, 0)
	} else {
		n, _, errno = syscall.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), uintptr(events), uintptr(len(p.ready)), uintptr(until), 0, 0)
	}
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

func (p *epoll) waitTimer(d time.Duration) (int, syscall.Errno) {
	milliseconds := -1
	if d == 0 { // would stop the timer
		milliseconds = 0
	} else if err := unix.TimerfdSettime(p.timer, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}, nil); err != nil {
		panic("timerfd_settime: " + err.Error()) // only bad arguments do this
	}
	n, err := unix.EpollWait(p.fd, p.ready[:], milliseconds)
	if err != nil {
		return 0, err.(syscall.Errno)
	}
	return n, 0
}

func (p *epoll) wake() {
	one := [8]byte{1}
	_, _ = unix.Write(p.bell, one[:]) // it cannot be full
}

func (p *epoll) close() {
	for _, fd := range []int{p.fd, p.bell, p.timer} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

// A socket is a link that is a descriptor which does not block.
type socket struct {
	fd   int
	tcp  bool
	sent int64  // bytes that were written before the latest request
	size int64  // of the latest request
	out  []byte // of it, not written yet
}

func (s *socket) write(b []byte) (int, error) {
	s.sent += s.size
	s.size, s.out = int64(len(b)), b
	err := s.flush()
	return len(b) - len(s.out), err
}

func (s *socket) flush() error {
	n, err := s.push(s.out)
	s.out = s.out[n:]
	return err
}

// push writes b, as far as there is room: epoll says when there is more.
func (s *socket) push(b []byte) (n int, err error) {
	for n < len(b) {
		m, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(s.fd), uintptr(unsafe.Pointer(&b[n])), uintptr(len(b)-n),
			unix.MSG_NOSIGNAL, 0, 0)
		switch errno {
		case 0:
			n += int(m)
		case syscall.EAGAIN:
			return n, nil
		case syscall.EINTR:
		default:
			return n, os.NewSyscallError("write", errno)
		}
	}
	return n, nil
}

func (s *socket) written() bool { return len(s.out) == 0 }

func (s *socket) read(b []byte) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(s.fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		switch {
		case errno == syscall.EAGAIN:
			return 0, errAgain
		case errno == syscall.EINTR:
		case errno != 0:
			return 0, os.NewSyscallError("read", errno)
		case n == 0:
			return 0, io.EOF
		case int(n) < len(b):
			return int(n), errAgain // it was all there was
		default:
			return int(n), nil
		}
	}
}

func (s *socket) descriptor() int { return s.fd }

// unreceived asks, over TCP, what the target's system has acknowledged. Its FIN carries the acknowledgement of all that
// came before it: what is not acknowledged when the end of the connection is there came too late for the target. A reset
// says nothing.
//
// A unix socket is reset when the target closes it and has not read all, and only then. It did not read the end of the
// request, which is written, and without it cannot have carried the request out, unless that is a body.
func (s *socket) unreceived(request []byte, end error) bool {
	if !s.tcp {
		return errors.Is(end, syscall.ECONNRESET) && s.written() && isBodiless(request)
	}
	if end != io.EOF {
		return false
	}
	info, err := unix.GetsockoptTCPInfo(s.fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	return err == nil && onlyEarlier(info.Bytes_acked, uint64(s.sent))
}

// ended reports whether nothing but the end of the connection is left to be read.
func (s *socket) ended() bool {
	n, _, err := unix.Recvfrom(s.fd, make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return n == 0 && err == nil
}

// onlyEarlier reports whether acked bytes are at most those that were sent before the latest request, and the first SYN,
// which counts as one. A system that does not count them says 0: then nothing is certain.
func onlyEarlier(acked, sent uint64) bool { return acked > 0 && acked <= sent+1 }

// isBodiless reports whether a request ends with its head.
func isBodiless(request []byte) bool {
	_, body, whole := bytes.Cut(request, []byte("\r\n\r\n"))
	return whole && len(body) == 0
}

func (s *socket) close() { _ = unix.Close(s.fd) }
