package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// A circled line is what the first and the second log of a closed circle share.
type circled struct {
	Request, Protocol, Status, Size, Referer, UserAgent, Host string

	arrival int64 // in milliseconds since 1970
}

var circledLine = regexp.MustCompile(`^\S+ - .*? \[[^\]]+\] "((?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|PROPFIND|TRACE) [^ "]+) (HTTP/[\d.]+)" (\d+) (\d+) "([^"]*)" "([^"]*)" (\d+)\.(\d+) (\d+)\.(\d+) (\S+) \d+$`)

// readCircled reads a log in the format of timed.log by a regular expression, in the order of arrival.
func readCircled(t *testing.T, log []byte) []circled {
	t.Helper()
	var all []circled
	for line := range strings.Lines(string(log)) {
		m := circledLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			continue // nothing that can be replayed
		}
		times := [2]int64{}
		for i := range times {
			n, err := strconv.ParseInt(m[7+2*i]+m[8+2*i], 10, 64) // nginx writes milliseconds with three digits
			if err != nil {
				t.Fatal(err)
			}
			times[i] = n
		}
		protocol := "HTTP/1.1" // we speak no newer one
		if m[2] == "HTTP/1.0" {
			protocol = m[2]
		}
		all = append(all, circled{m[1], protocol, m[3], m[4], m[5], m[6], m[11], times[0] - times[1]})
	}
	slices.SortStableFunc(all, func(a, b circled) int { return int(a.arrival - b.arrival) })
	return all
}

// key is what a client decides.
func (c circled) key() string {
	return strings.Join([]string{c.Request, c.Protocol, c.Referer, c.UserAgent, c.Host}, " ")
}

// byKey brings lines into the order of others with the same keys: requests that arrive in one millisecond may be logged
// in any.
func byKey(t *testing.T, order, lines []circled) []circled {
	t.Helper()
	left := map[string][]circled{}
	for _, c := range lines {
		left[c.key()] = append(left[c.key()], c)
	}
	var sorted []circled
	for _, c := range order {
		same := left[c.key()]
		if len(same) == 0 {
			t.Fatalf("%s is missing from the second log", c.key())
		}
		sorted = append(sorted, same[0])
		left[c.key()] = same[1:]
	}
	return sorted
}

// The circle closes: nginx, in front of a server that answers what production answered, writes the log again that is
// replayed at it: each line with its request, its answer, and its place in time.
func TestTheSecondLogIsTheFirst(t *testing.T) {
	const seconds = 20
	original, err := os.ReadFile("../../testdata/timed.log")
	if err != nil {
		t.Fatal(err)
	}
	first := readCircled(t, original)
	first = slices.DeleteFunc(first, func(c circled) bool { return c.arrival-first[0].arrival >= seconds*1000 })
	mirror := startMirror(t, first)
	nginx := startLogging(t, "server_tokens off; client_max_body_size 0; client_body_buffer_size 16m; location / { proxy_pass http://"+mirror+"; proxy_set_header Host $http_host; }")
	late, samples := metronome(t, func() {
		code, _, stderr := ngxreplay(t.Context(), "run", "../../testdata/timed.log", "--target", "http://"+nginx.Address, "--duration", fmt.Sprint(seconds)+"s", "--json")
		if !isMeasured(code, stderr) {
			t.Errorf("exit code %d: %s", code, stderr)
		}
	})
	nginx.Stop(t)
	second := readCircled(t, nginx.Log(t, "access.log"))
	if len(second) != len(first) {
		t.Fatalf("%d requests logged first, %d again", len(first), len(second))
	}
	second = byKey(t, first, second)
	apart := 0
	for i := range first {
		if i > 0 && abs(second[i].arrival-second[i-1].arrival-first[i].arrival+first[i-1].arrival) > 1 { // the resolution of $msec
			apart++
		}
		if first[i].Status == "499" { // that client hung up; ours waits
			continue
		}
		if diff := cmp.Diff(first[i], second[i], cmp.FilterPath(isArrival, cmp.Ignore()), cmp.AllowUnexported(circled{})); diff != "" {
			t.Errorf("request %d (-first +second):\n%s", i, diff)
		}
	}
	// A gap has two ends, and each passes through three programs: this one, nginx and, for the time of the line, the mirror.
	noise := 6 * late * len(first) / samples
	if allowed := len(first)/100 + noise; apart > allowed {
		t.Errorf("%d of %d gaps differ by more than a millisecond, want at most %d; %d of %d wake-ups of this machine were that late", apart, len(first), allowed, late, samples)
	}
	t.Logf("%d of %d gaps differ by more than a millisecond; %d of %d wake-ups were that late", apart, len(first), late, samples)
}

func isArrival(p cmp.Path) bool { return p.Last().String() == ".arrival" }

func abs(n int64) int64 { return max(n, -n) }

// metronome wakes up every few milliseconds while f works, and counts how often it was late by more than half a
// millisecond: so busy is this machine, whatever ngxreplay does.
func metronome(t *testing.T, f func()) (late, samples int) {
	t.Helper()
	const beat, limit = 5 * time.Millisecond, 500 * time.Microsecond
	stop := make(chan struct{})
	var beating sync.WaitGroup
	beating.Go(func() {
		runtime.LockOSThread()                             // and never unlocked: the thread ends with its slack
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // without it the count is higher
		var due unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &due); err != nil {
			t.Error(err)
			return
		}
		for {
			select {
			case <-stop:
				return
			default:
			}
			due = unix.NsecToTimespec(due.Nano() + int64(beat))
			if err := unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &due, nil); err != nil && err != unix.EINTR {
				t.Error(err)
				return
			}
			var now unix.Timespec
			if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
				t.Error(err)
				return
			}
			samples++
			if now.Nano()-due.Nano() > int64(limit) {
				late++
			}
		}
	})
	f()
	close(stop)
	beating.Wait()
	return late, max(samples, 1)
}

// A mirror answers each request as the log says that it was answered.
type mirror struct {
	mu      sync.Mutex
	answers map[string][]circled // those still to give, by request and host
}

// absolute is what nginx leaves out of a target that is a whole URL, when it passes the request on.
var absolute = regexp.MustCompile(`^(\S+ )https?://[^/]*`)

func startMirror(t *testing.T, log []circled) (address string) {
	t.Helper()
	m := &mirror{answers: map[string][]circled{}}
	for _, c := range log {
		key := absolute.ReplaceAllString(unescape(c.Request), "$1") + " " + c.Host
		m.answers[key] = append(m.answers[key], c)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var handlers sync.WaitGroup
	handlers.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			handlers.Go(func() { m.serve(conn) })
		}
	})
	t.Cleanup(func() { listener.Close(); handlers.Wait() })
	return listener.Addr().String()
}

// serve answers one request, as nginx has its upstreams do.
func (m *mirror) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	line, err := in.ReadString('\n')
	if err != nil {
		return
	}
	request, _, _ := strings.Cut(line, " HTTP/")
	host, body := "", 0
	for line != "\r\n" {
		if line, err = in.ReadString('\n'); err != nil {
			return
		}
		if value, found := strings.CutPrefix(line, "Host: "); found {
			host = strings.TrimSpace(value)
		}
		if value, found := strings.CutPrefix(line, "Content-Length: "); found {
			body, _ = strconv.Atoi(strings.TrimSpace(value)) // nginx has checked it
		}
	}
	if _, err := in.Discard(body); err != nil {
		return
	}
	c, found := m.next(request + " " + host)
	if !found {
		c = circled{Status: "599", Size: "0"}
	}
	size, err := strconv.Atoi(c.Size)
	if err != nil || strings.HasPrefix(request, "HEAD ") {
		size = 0
	}
	head := fmt.Sprintf("HTTP/1.1 %s Mirrored\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", c.Status, size)
	_, _ = io.WriteString(conn, head+strings.Repeat("m", size)) // nginx logs what it misses
}

func (m *mirror) next(key string) (circled, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.answers[key]
	if len(list) == 0 {
		return circled{}, false
	}
	m.answers[key] = list[1:]
	return list[0], true
}
