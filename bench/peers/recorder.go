//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A stamp is one request as the recorder saw it.
type stamp struct {
	Number     int64 // the number after _s= in the target; -1: none
	At         int64 // CLOCK_MONOTONIC after the read that completed its header, in nanoseconds
	Connection int64 // counted from 0
	// Came is when the system received the bytes of that read, on the same clock: what lies between Came and At is the
	// recorder's own delay. 0: the system did not say.
	Came int64
}

// A recorder is a server of one thread that stamps what arrives and answers every request alike. It knows just enough of
// HTTP/1.1 for the tools that are measured: requests without a body, pipelined or not.
type recorder struct {
	clock  clock
	ahead  int64 // what CLOCK_REALTIME, which the system stamps with, is ahead of clock
	epoll  int
	listen int
	stop   int // a descriptor; it ends when this does
	conns  map[int32]*peer
	opened int64
	stamps []stamp
	answer []byte
	noted  [64]byte // what the system says besides the bytes of a read
}

type peer struct {
	id     int64
	filled int
	buf    [16 << 10]byte
}

// record serves on a port until standard input ends, and then writes its stamps to a file. It prints a line when it is
// ready.
func record(core, port, path string, keen bool) error {
	runtime.LockOSThread()
	debug.SetGCPercent(-1) // it is short-lived, and a pause would be someone's delay
	if err := pin(core, keen); err != nil {
		return err
	}
	r := newRecorder(int(os.Stdin.Fd()), 8<<20)
	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	if err := r.open(number); err != nil {
		return fmt.Errorf("port %d: %w", number, err)
	}
	fmt.Println("ready")
	if err := r.serve(); err != nil {
		return err
	}
	return writeStamps(path, r.stamps)
}

// newRecorder has room for so many stamps from the start: memory that is not used is not touched, and growing would be a
// pause. More than that may come.
func newRecorder(stop, room int) *recorder {
	return &recorder{
		clock: newClock(), ahead: time.Now().UnixNano() - now(), stop: stop, conns: map[int32]*peer{}, stamps: make([]stamp, 0, room),
		answer: fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nServer: recorder\r\nDate: Sat, 07 Feb 2026 10:00:00 GMT\r\nContent-Type: text/plain\r\n"+
			"Content-Length: %d\r\nConnection: keep-alive\r\n\r\n%s", answerBytes, strings.Repeat("x", answerBytes)),
	}
}

// open listens on a port of the loopback address, 0 for any.
func (r *recorder) open(port int) (err error) {
	if r.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	if r.listen, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(r.listen, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(r.listen, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil { // accepted ones inherit it
		return err
	}
	if err := unix.Bind(r.listen, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	if err := unix.Listen(r.listen, 4096); err != nil {
		return err
	}
	return errors.Join(r.watch(r.listen), r.watch(r.stop))
}

func (r *recorder) watch(fd int) error {
	return unix.EpollCtl(r.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

func (r *recorder) serve() error {
	events := make([]unix.EpollEvent, 256)
	for {
		n, err := unix.EpollWait(r.epoll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		for _, event := range events[:max(n, 0)] {
			switch event.Fd {
			case int32(r.stop):
				return nil
			case int32(r.listen):
				err = r.accept()
			default:
				err = r.read(event.Fd)
			}
			if err != nil {
				return err
			}
		}
	}
}

func (r *recorder) accept() error {
	for {
		fd, _, err := unix.Accept4(r.listen, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if errors.Is(err, unix.EAGAIN) {
			return nil
		} else if err != nil {
			return err
		}
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			return err
		}
		r.conns[int32(fd)] = &peer{id: r.opened}
		r.opened++
		if err := r.watch(fd); err != nil {
			return err
		}
	}
}

func (r *recorder) read(fd int32) error {
	p := r.conns[fd]
	n, noted, _, _, err := unix.Recvmsg(int(fd), p.buf[p.filled:], r.noted[:], 0)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return nil
	}
	if n <= 0 { // closed, reset, or a header longer than the buffer
		delete(r.conns, fd)
		return unix.Close(int(fd))
	}
	at, came := r.clock.now(), received(r.noted[:noted])
	if came != 0 {
		came -= r.ahead
	}
	p.filled += n
	rest := p.buf[:p.filled]
	for {
		end := bytes.Index(rest, []byte("\r\n\r\n"))
		if end < 0 {
			break
		}
		r.stamps = append(r.stamps, stamp{number(rest[:end]), at, p.id, came})
		if n, err := unix.Write(int(fd), r.answer); n != len(r.answer) && !gone(err) {
			return fmt.Errorf("answer of %d bytes: %d written: %w", len(r.answer), n, err)
		}
		rest = rest[end+4:]
	}
	p.filled = copy(p.buf[:], rest)
	return nil
}

// received reads the one note that was asked for: a header of 16 bytes, and the seconds and nanoseconds.
func received(note []byte) int64 {
	if len(note) < 32 || binary.LittleEndian.Uint32(note[12:]) != unix.SCM_TIMESTAMPNS {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(note[16:]))*int64(time.Second) + int64(binary.LittleEndian.Uint64(note[24:]))
}

// gone: the client closed its end, as tools do that stop at a time.
func gone(err error) bool { return errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET) }

// number reads the digits after _s= in the request line, or gives -1.
func number(head []byte) int64 {
	line, _, _ := bytes.Cut(head, []byte("\r\n"))
	_, digits, ok := bytes.Cut(line, []byte("_s="))
	if !ok {
		return -1
	}
	n, read := int64(0), 0
	for ; read < len(digits) && read < 18 && digits[read] >= '0' && digits[read] <= '9'; read++ {
		n = n*10 + int64(digits[read]-'0')
	}
	if read == 0 {
		return -1
	}
	return n
}

func writeStamps(path string, stamps []stamp) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return binary.Write(file, binary.LittleEndian, stamps)
}

func readStamps(path string) ([]stamp, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	stamps := make([]stamp, len(data)/binary.Size(stamp{}))
	return stamps, binary.Read(bytes.NewReader(data), binary.LittleEndian, stamps)
}
