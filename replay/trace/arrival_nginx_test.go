package trace

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ngxreplay/internal/nginxtest"
)

// groundTruth is an nginx of four workers whose log is buffered and compressed, before an upstream that takes its time.
const groundTruth = `worker_processes 4; pid nginx.pid;
events { worker_connections 1024; }
http {
	%s
	log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $msec $request_time';
	access_log access.log.gz timed buffer=64k flush=5s gzip=1;
	server { listen LISTEN; location / { proxy_pass http://%s; } }
}`

// nginx writes when a request ends, into buffers, from four workers. The trace must know when it arrived all the same.
func TestArrivalIsTheTrueOne(t *testing.T) {
	const requests, rate = 1500, 400
	upstream := startSleeper(t, requests)
	nginx := nginxtest.Start(t, fmt.Sprintf(groundTruth, nginxtest.Temporary, upstream.address))
	sent := sendAtKnownInstants(t, nginx.Address, requests, rate)
	nginx.Stop(t)

	built, rows := buildTrace(t, Selection{Inputs: []string{filepath.Join(nginx.Dir, "access.log.gz")}}, BuildOptions{})
	info := built.Info
	if len(rows) != requests {
		t.Fatalf("%d requests in the trace, want %d", len(rows), requests)
	}
	if info.PrecisionNS != int64(time.Millisecond) {
		t.Errorf("precision %v, want 1ms", time.Duration(info.PrecisionNS))
	}
	off, outOfOrder := 0, 0
	line := int64(0)
	for _, r := range rows {
		if r.Line < line {
			outOfOrder++
		}
		line = max(line, r.Line)
		// nginx read the request after it was sent and before the upstream got it. The machine decides how far these
		// are apart; the trace must lie between them, but for the two milliseconds of nginx's own clock.
		id := requestID(t, string(r.Target))
		arrival := time.Unix(0, info.StartNS+r.Offset)
		if arrival.Before(sent[id].Add(-2*time.Millisecond)) || arrival.After(upstream.reached[id].Add(2*time.Millisecond)) {
			off++
		}
	}
	t.Logf("%d of %d arrivals more than 2ms off; %d lines stand behind one that arrived later", off, requests, outOfOrder)
	if off > requests/100 {
		t.Errorf("%d of %d arrivals are more than 2ms off", off, requests)
	}
	if outOfOrder < requests/4 {
		t.Errorf("only %d of %d lines are out of order: this log proves little", outOfOrder, requests)
	}
}

// sleeper is an upstream that answers after as many milliseconds as the request asks for.
type sleeper struct {
	address string
	mu      sync.Mutex
	reached []time.Time // by request
}

func startSleeper(t *testing.T, requests int) *sleeper {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sleeper{address: listener.Addr().String(), reached: make([]time.Time, requests)}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		id := requestID(t, r.URL.Path)
		s.mu.Lock()
		s.reached[id] = now
		s.mu.Unlock()
		millis, _ := strconv.Atoi(r.URL.Query().Get("sleep"))
		time.Sleep(time.Duration(millis) * time.Millisecond) // what a slow handler is
		io.WriteString(w, "done")
	})}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Shutdown(context.Background())
		<-done
	})
	return s
}

// requestID is the number in /r/17?sleep=30.
func requestID(t *testing.T, target string) int {
	path, _, _ := strings.Cut(target, "?")
	id, err := strconv.Atoi(strings.TrimPrefix(path, "/r/"))
	if err != nil {
		t.Errorf("target %q: %v", target, err)
	}
	return id
}

// sendAtKnownInstants sends requests at random instants, each on a connection of its own, and returns when each was
// sent. Half are answered at once, the others after up to two seconds.
func sendAtKnownInstants(t *testing.T, address string, requests int, rate float64) []time.Time {
	t.Helper()
	sent := make([]time.Time, requests)
	rng := rand.New(rand.NewPCG(1, 1))
	var senders sync.WaitGroup
	due := time.Now()
	for id := range requests {
		due = due.Add(time.Duration(rng.ExpFloat64() / rate * float64(time.Second)))
		sleep := 0
		if rng.IntN(2) == 0 {
			sleep = rng.IntN(2000)
		}
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(due)) // the instants must be spread over real time, which is what nginx's clock shows
		request := fmt.Appendf(nil, "GET /r/%d?sleep=%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", id, sleep)
		sent[id] = time.Now()
		if _, err := conn.Write(request); err != nil {
			t.Fatal(err)
		}
		senders.Go(func() {
			defer conn.Close()
			answer, err := io.ReadAll(bufio.NewReader(conn))
			if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 200")) {
				t.Errorf("request %d: %v, %.80q", id, err, answer)
			}
		})
	}
	senders.Wait()
	return sent
}
