package main

import (
	"context"
	"errors"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// upstream is the application behind nginx, running in this process.
type upstream struct {
	server  *http.Server
	address string
}

// reply is what the application answers, and how long it takes.
type reply struct {
	status int
	size   int
	delay  time.Duration
}

// startUpstream starts the application on a free port.
func startUpstream() (*upstream, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	u := &upstream{address: listener.Addr().String(), server: &http.Server{
		Handler:           http.HandlerFunc(serve),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute, // longer than nginx keeps a connection, else it may meet a closed one
	}}
	go func() {
		if err := u.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // a listener on loopback does not fail in a healthy process
		}
	}()
	return u, nil
}

// stop ends the application, with whatever it is still thinking about.
func (u *upstream) stop() { _ = u.server.Close() }

// serve answers one request as answer says.
func serve(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return // nginx gave up: there is nobody to answer
	}
	a := answer(r.Method, r.URL.Path, chance(r.Method, r.RequestURI, r.Header.Get("X-Forwarded-For")))
	if !pause(r.Context(), a.delay) {
		return
	}
	switch a.status {
	case http.StatusFound, http.StatusMovedPermanently:
		w.Header().Set("Location", "https://www.shop.example/")
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
	}
	if a.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(a.size))
	}
	w.WriteHeader(a.status)
	if a.size > 0 && r.Method != http.MethodHead {
		_, _ = w.Write(filler(a.size)) // a client that left is not our error: nginx logs it
	}
}

// pause waits for d and reports whether it was allowed to the end.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// chance turns a request into a number that looks random and is the same in every run.
func chance(parts ...string) uint64 {
	hash := fnv.New64a()
	for _, part := range parts {
		_, _ = hash.Write([]byte(part))
		_, _ = hash.Write([]byte{0})
	}
	// The low bits of FNV are poor for short inputs; a multiplication and a shift spread the high ones.
	n := hash.Sum64() * 0x9e3779b97f4a7c15
	return n ^ n>>32
}

// answer decides about a request, from its method, its path and a number that looks random.
func answer(method, path string, luck uint64) reply {
	a := reply{status: answerStatus(method, path, luck), delay: answerDelay(path, luck)}
	switch {
	case a.status == http.StatusNoContent:
	case a.status >= 300:
		a.size = int(luck>>8) & 0xff
	case method != http.MethodGet && method != http.MethodHead:
		a.size = 20 + int(luck>>8)&0xff
	case strings.HasPrefix(path, "/api/"):
		a.size = 90 + int(luck>>8)&0x7ff
	default:
		a.size = 1500 + int(luck>>8)&0x1fff
	}
	return a
}

// answerStatus decides the status: by path first, then by method.
func answerStatus(method, path string, luck uint64) int {
	under := func(prefix string) bool { return strings.HasPrefix(path, prefix) }
	switch {
	case method == http.MethodOptions || method == http.MethodDelete || path == "/api/events":
		return http.StatusNoContent
	case under("/api/private/") || path == "/api/session" && luck%3 == 0:
		return http.StatusUnauthorized
	case under("/api/v1/stock/") && luck%5 == 0:
		return http.StatusServiceUnavailable
	case under("/api/v1/recommend/") && luck%6 == 0, luck%509 == 0:
		return http.StatusInternalServerError
	case path == "/login" && method == http.MethodPost, path == "/logout", under("/go/"):
		return http.StatusFound
	case under("/old/"):
		return http.StatusMovedPermanently
	case strings.HasSuffix(path, ".php"), under("/product/0"), under("/cgi-bin/"):
		return http.StatusNotFound
	case path == "/api/job":
		return http.StatusAccepted
	case method == http.MethodPost:
		return http.StatusCreated
	case method == http.MethodPut && luck%3 == 0:
		return http.StatusNoContent
	}
	return http.StatusOK
}

// answerDelay decides the time: mostly a few milliseconds, with a tail up to two seconds. Exports are always slow, and
// reports slower than nginx waits.
func answerDelay(path string, luck uint64) time.Duration {
	fraction := time.Duration(luck >> 44) // 20 bits
	part := func(of time.Duration) time.Duration { return of * fraction >> 20 }
	switch share := luck >> 20 % 100; {
	case strings.HasPrefix(path, "/api/report/"):
		return 3 * time.Second
	case strings.HasPrefix(path, "/api/export/"):
		return time.Second + part(time.Second)
	case share < 70:
		return part(12 * time.Millisecond)
	case share < 92:
		return 12*time.Millisecond + part(80*time.Millisecond)
	case share < 98:
		return 90*time.Millisecond + part(500*time.Millisecond)
	}
	return 500*time.Millisecond + part(1500*time.Millisecond)
}
