package h2_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"ngxreplay/internal/hostile"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire"
	"ngxreplay/replay/wire/h2"

	"github.com/cespare/xxhash/v2"
	"go.uber.org/goleak"
	"golang.org/x/net/http2"
)

// patience is longer than anything takes that the tests do not wait for.
const patience = time.Minute

func listen(t *testing.T, answer func(*hostile.Stream), settings ...http2.Setting) *hostile.HTTP2 {
	t.Helper()
	goroutines := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, goroutines) })
	server, err := hostile.ListenHTTP2(answer, settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

func connect(t *testing.T, address string) *h2.Conn {
	t.Helper()
	raw, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := h2.Connect(t.Context(), raw, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// do sends one request.
func do(t *testing.T, conn *h2.Conn, request string, maxBody int64) (h2.Answer, error) {
	t.Helper()
	if !conn.Reserve() {
		t.Fatal("no room for a request")
	}
	return conn.Do(t.Context(), h2.Exchange{Request: []byte(request), MaxBody: maxBody, Left: func() {}, Began: func() {}})
}

const get = "GET /x HTTP/1.1\r\nHost: shop.example\r\n\r\n"

// What leaves is what wire.Format wrote, byte by byte, and nothing else.
func TestWhatLeaves(t *testing.T) {
	got := make(chan *hostile.Stream, 1)
	server := listen(t, func(s *hostile.Stream) {
		s.Respond(200, "ok")
		got <- s
	})
	conn := connect(t, server.Address)
	for _, test := range []struct {
		name    string
		request trace.Request
		format  wire.Format
		want    []string
		body    string
	}{
		{name: "bare", request: trace.Request{Method: []byte("GET"), Target: []byte("/")},
			want: []string{":authority h", ":method GET", ":path /", ":scheme http"}},
		{name: "odd path", request: trace.Request{Method: []byte("GET"), Target: []byte("//a/../b;x=1/%2F%zz/\xff \"?q=a b&&#f?")},
			want: []string{":authority h", ":method GET", ":path //a/../b;x=1/%2F%zz/\xff \"?q=a b&&#f?", ":scheme http"}},
		{name: "query only", request: trace.Request{Method: []byte("GET"), Target: []byte("/?")},
			want: []string{":authority h", ":method GET", ":path /?", ":scheme http"}},
		{name: "absolute", request: trace.Request{Method: []byte("GET"), Target: []byte("http://elsewhere.example/a//b?c=http://d"), Host: []byte("logged.example:81")},
			want: []string{":authority logged.example:81", ":method GET", ":path /a//b?c=http://d", ":scheme http"}},
		{name: "absolute without a path", request: trace.Request{Method: []byte("GET"), Target: []byte("https://elsewhere.example?q")},
			want: []string{":authority h", ":method GET", ":path /?q", ":scheme http"}},
		{name: "asterisk", request: trace.Request{Method: []byte("OPTIONS"), Target: []byte("*")},
			want: []string{":authority h", ":method OPTIONS", ":path *", ":scheme http"}},
		{name: "headers", request: trace.Request{Method: []byte("HEAD"), Target: []byte("/h"), UserAgent: []byte("An Agent/1.0"), Referer: []byte("https://r/?a: b"),
			Headers: []trace.Header{{Name: []byte("accept-encoding"), Value: []byte("br")}, {Name: []byte("x-empty"), Value: nil}, {Name: []byte("connection"), Value: []byte("upgrade")}}},
			format: wire.Format{Header: []wire.Header{{Name: "X-Run", Value: "7"}}},
			want: []string{":authority h", ":method HEAD", ":path /h", ":scheme http", "accept-encoding br", "referer https://r/?a: b",
				"user-agent An Agent/1.0", "x-empty ", "x-run 7"}},
		{name: "body", request: trace.Request{Method: []byte("POST"), Target: []byte("/b"), Body: []byte("a\r\n\r\nb")},
			want: []string{":authority h", ":method POST", ":path /b", ":scheme http", "content-length 6"}, body: "a\r\n\r\nb"},
		{name: "no body", request: trace.Request{Method: []byte("POST"), Target: []byte("/b"), Body: []byte{}},
			want: []string{":authority h", ":method POST", ":path /b", ":scheme http", "content-length 0"}},
	} {
		test.format.Host = "h"
		if _, err := do(t, conn, string(test.format.Append(nil, &test.request, wire.Sending{})), 0); err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		s := <-got
		var fields []string
		for _, f := range s.Fields {
			fields = append(fields, f.Name+" "+f.Value)
		}
		slices.Sort(fields)
		if !slices.Equal(fields, test.want) || string(s.Body) != test.body {
			t.Errorf("%s: %q, body %q, want %q, %q", test.name, fields, s.Body, test.want, test.body)
		}
	}
	if server.Connections() != 1 {
		t.Errorf("%d connections", server.Connections())
	}
}

// The body that passes is hashed when that is asked for, and where there can be one.
func TestBodyHash(t *testing.T) {
	body := strings.Repeat("hash ", 2000) // fits a frame
	status := 200
	server := listen(t, func(s *hostile.Stream) { s.Respond(status, body) })
	conn := connect(t, server.Address)
	for _, asked := range []bool{true, false} {
		for _, maxBody := range []int64{0, int64(len(body))} {
			if !conn.Reserve() {
				t.Fatal("no room for a request")
			}
			got, err := conn.Do(t.Context(), h2.Exchange{Request: []byte(get), MaxBody: maxBody, Hash: asked, Left: func() {}, Began: func() {}})
			if err != nil || got.Hashed != asked || asked && got.Hash != xxhash.Sum64String(body) {
				t.Errorf("asked %v, at most %d: %+v, %v", asked, maxBody, got, err)
			}
		}
	}
	body, status = "", 204
	if !conn.Reserve() {
		t.Fatal("no room for a request")
	}
	if got, err := conn.Do(t.Context(), h2.Exchange{Request: []byte(get), Hash: true, Left: func() {}, Began: func() {}}); err != nil || got.Hashed {
		t.Errorf("204: %+v, %v", got, err)
	}
}

// An exchange ends in an answer or in one class of failure, and is never tried again.
func TestHowAnExchangeEnds(t *testing.T) {
	for _, test := range []struct {
		name      string
		request   string
		answer    func(*hostile.Stream)
		want      h2.Answer
		class     wire.Class
		untouched bool
	}{
		{name: "fine", answer: func(s *hostile.Stream) { s.Respond(404, "body") }, want: h2.Answer{Status: 404, Bytes: 4}},
		{name: "redirect", answer: func(s *hostile.Stream) { s.Respond(302, "", "location", "/y") }, want: h2.Answer{Status: 302}},
		{name: "HEAD", request: "HEAD" + get[3:], answer: func(s *hostile.Stream) { s.Respond(200, "", "content-length", "5000") },
			want: h2.Answer{Status: 200}},
		{name: "interim", answer: func(s *hostile.Stream) { interim(s); s.Respond(204, "") }, want: h2.Answer{Status: 204}},
		{name: "as large as allowed", answer: func(s *hostile.Stream) { s.Respond(200, strings.Repeat("x", 1000)) },
			want: h2.Answer{Status: 200, Bytes: 1000}},
		{name: "too large", answer: func(s *hostile.Stream) { s.Respond(200, strings.Repeat("x", 1001)) }, class: wire.TooLarge},
		{name: "announced too large", answer: func(s *hostile.Stream) { s.Begin("content-length", "1001") }, class: wire.TooLarge},
		{name: "reset", answer: func(s *hostile.Stream) { s.Reset(http2.ErrCodeInternal) }, class: wire.StreamReset},
		{name: "reset in the body", answer: func(s *hostile.Stream) { s.Begin(); s.Reset(http2.ErrCodeCancel) }, class: wire.StreamReset},
		{name: "refused", answer: func(s *hostile.Stream) { s.Reset(http2.ErrCodeRefusedStream) }, class: wire.StreamRefused},
		{name: "graceful end", answer: func(s *hostile.Stream) { s.GoAway(0, http2.ErrCodeNo) }, class: wire.GoAway, untouched: true},
		{name: "angry end", answer: func(s *hostile.Stream) { s.GoAway(0, http2.ErrCodeEnhanceYourCalm) }, class: wire.GoAway},
		{name: "end before the answer", answer: func(s *hostile.Stream) { s.GoAway(s.ID, http2.ErrCodeNo); s.Conn.Close() }, class: wire.GoAway},
		{name: "closed", answer: func(s *hostile.Stream) { s.Conn.Close() }, class: wire.EOF},
		{name: "closed in the body", answer: func(s *hostile.Stream) { s.Begin(); s.Conn.Close() }, class: wire.EOF},
		{name: "torn", answer: func(s *hostile.Stream) { s.Conn.(*net.TCPConn).SetLinger(0); s.Conn.Close() }, class: wire.Reset},
		{name: "shorter than announced", answer: func(s *hostile.Stream) {
			s.Begin("content-length", "5")
			s.Framer.WriteData(s.ID, true, []byte("1234"))
		},
			class: wire.EOF},
		{name: "longer than announced", answer: func(s *hostile.Stream) {
			s.Begin("content-length", "3")
			s.Framer.WriteData(s.ID, true, []byte("1234"))
		},
			class: wire.Protocol},
		{name: "no status", answer: func(s *hostile.Stream) {
			s.Framer.WriteHeaders(http2.HeadersFrameParam{StreamID: s.ID, EndHeaders: true, EndStream: true})
		},
			class: wire.Protocol},
		{name: "body before its header", answer: func(s *hostile.Stream) { s.Framer.WriteData(s.ID, true, []byte("x")) }, class: wire.Protocol},
		{name: "garbage", answer: func(s *hostile.Stream) { io.WriteString(s.Conn, strings.Repeat("\xff", 100)) }, class: wire.Protocol},
		{name: "no path but a URL in it", request: strings.Replace(get, "/x", "x?u=http://y/", 1), answer: func(s *hostile.Stream) { s.Respond(200, "") }, class: wire.Local},
		{name: "no path", request: strings.Replace(get, "/x", "x", 1), class: wire.Local},
		{name: "no host", request: strings.Replace(get, "shop.example", "a b", 1), class: wire.Local},
		{name: "no header", request: strings.Replace(get, "\r\n\r\n", "\r\nX-Bell: \a\r\n\r\n", 1), class: wire.Local},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := listen(t, test.answer)
			conn := connect(t, server.Address)
			request := test.request
			if request == "" {
				request = get
			}
			got, err := do(t, conn, request, 1000)
			if test.class == "" {
				if err != nil || got != test.want {
					t.Fatalf("%+v, %v", got, err)
				}
			} else if err == nil || wire.Classify(err) != test.class || errors.Is(err, h2.ErrUntouched) != test.untouched {
				t.Fatalf("%+v, %v: %s, want %s", got, err, wire.Classify(err), test.class)
			}
			want := 1
			if test.class == wire.Local {
				want = 0
			}
			if server.Requests() != want || server.Connections() != 1 {
				t.Errorf("%d requests on %d connections", server.Requests(), server.Connections())
			}
		})
	}
}

// interim sends an answer that is not the one.
func interim(s *hostile.Stream) {
	s.Framer.WriteHeaders(http2.HeadersFrameParam{StreamID: s.ID, BlockFragment: []byte("\x08\x03103"), EndHeaders: true})
}

// A connection that the target has closed or is leaving is known to be gone, and takes nothing.
func TestGone(t *testing.T) {
	for name, leave := range map[string]func(*hostile.Stream){
		"leaving": func(s *hostile.Stream) { s.GoAway(s.ID, http2.ErrCodeNo); s.Respond(200, "ok") },
		"closed":  func(s *hostile.Stream) { s.Respond(200, "ok"); s.Conn.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			server := listen(t, leave)
			conn := connect(t, server.Address)
			changed := make(chan struct{}, 100)
			conn.Watch(func() { changed <- struct{}{} })
			if _, err := do(t, conn, get, 0); err != nil {
				t.Fatal(err)
			}
			for !conn.Gone() {
				<-changed
			}
			if conn.Reserve() {
				t.Error("room on a connection that is gone")
			}
		})
	}
}

// As many requests at a time as the target allows, and word when there is room again.
func TestRoom(t *testing.T) {
	var mu sync.Mutex
	var held []*hostile.Stream
	all := make(chan struct{})
	server := listen(t, func(s *hostile.Stream) {
		mu.Lock()
		defer mu.Unlock()
		if held = append(held, s); len(held) == 3 {
			close(all)
		}
	}, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 3})
	conn := connect(t, server.Address)
	var work sync.WaitGroup
	defer work.Wait()
	for range 3 {
		if !conn.Reserve() {
			t.Fatal("no room")
		}
		work.Go(func() {
			x := h2.Exchange{Request: []byte(get), Left: func() {}, Began: func() {}}
			if _, err := conn.Do(context.Background(), x); err != nil {
				t.Error(err)
			}
		})
	}
	if conn.Reserve() {
		t.Error("room for a fourth request of three")
	}
	room := make(chan struct{}, 100)
	conn.Watch(func() { room <- struct{}{} })
	<-all
	mu.Lock()
	for _, s := range held {
		s.Respond(200, "ok")
	}
	mu.Unlock()
	<-room
	if !conn.Reserve() {
		t.Error("no room after word of it")
	}
}

func TestGRPC(t *testing.T) {
	call := trace.Request{Method: []byte("POST"), Target: []byte("/shop.Cart/Add"), UserAgent: []byte("grpc-go/1.70.0"), RequestLength: 700}
	format := wire.Format{Host: "h", HTTP2: true}
	request := string(format.Append(nil, &call, wire.Sending{}))
	for _, test := range []struct {
		name   string
		answer func(*hostile.Stream)
		want   h2.GRPC
		text   string
	}{
		{"OK", func(s *hostile.Stream) { s.Respond(200, "\x00\x00\x00\x00\x00", "grpc-status", "0") }, h2.GRPCOK, "OK"},
		{"failed", func(s *hostile.Stream) { s.Respond(200, "\x00\x00\x00\x00\x00", "grpc-status", "14") }, 15, "UNAVAILABLE"},
		{"without a body", func(s *hostile.Stream) { s.Respond(200, "", "grpc-status", "12", "grpc-message", "no") }, 13, "UNIMPLEMENTED"},
		{"last", func(s *hostile.Stream) { s.Respond(200, "", "grpc-status", "16") }, 17, "UNAUTHENTICATED"},
		{"unknown", func(s *hostile.Stream) { s.Respond(200, "", "grpc-status", "17") }, h2.GRPCOther, "other"},
		{"no number", func(s *hostile.Stream) { s.Respond(200, "", "grpc-status", "-1") }, h2.GRPCOther, "other"},
		{"none", func(s *hostile.Stream) { s.Respond(502, "<html>") }, h2.GRPCNone, "none"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var seen *hostile.Stream
			conn := connect(t, listen(t, func(s *hostile.Stream) { seen = s; test.answer(s) }).Address)
			got, err := do(t, conn, request, 0)
			if err != nil || got.GRPC != test.want || got.GRPC.String() != test.text {
				t.Fatalf("%+v (%s), %v", got, got.GRPC, err)
			}
			if seen.Field("te") != "trailers" || seen.Field("content-type") != "application/grpc" {
				t.Errorf("%v", seen.Fields)
			}
			if n := len(seen.Body); n < 100 || fmt.Sprint(n) != seen.Field("content-length") || !bytes.HasPrefix(seen.Body, []byte{0, 0, 0}) {
				t.Errorf("body of %d bytes: %q", n, seen.Body)
			}
		})
	}
	plain, err := do(t, connect(t, listen(t, func(s *hostile.Stream) { s.Respond(200, "ok") }).Address), get, 0)
	if err != nil || plain.GRPC != 0 {
		t.Errorf("%+v, %v", plain, err)
	}
}

// A target that does not speak HTTP/2 is told apart from one that is not well.
func TestConnect(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler()) // of HTTP/1.1 only
	defer secure.Close()
	both := httptest.NewUnstartedServer(http.NotFoundHandler())
	both.EnableHTTP2 = true
	both.StartTLS()
	defer both.Close()
	for _, test := range []struct {
		name   string
		dial   func() (net.Conn, error)
		not    bool // ErrNotHTTP2
		class  wire.Class
		saying string
	}{
		{"HTTP/1.1", func() (net.Conn, error) { return net.Dial("tcp", plain.Listener.Addr().String()) }, true, wire.Protocol, `it answered "HTTP/1.1 "`},
		{"TLS without h2", func() (net.Conn, error) { return dialTLS(secure, h2.Protocols) }, true, wire.Protocol, "TLS agreed on http/1.1"},
		{"TLS without ALPN", func() (net.Conn, error) { return dialTLS(both, nil) }, true, wire.Protocol, "TLS agreed on nothing"},
		{"TLS", func() (net.Conn, error) { return dialTLS(both, h2.Protocols) }, false, "", ""},
		{"silent", func() (net.Conn, error) { return pipe(func(net.Conn) {}), nil }, false, wire.DialTimeout, "no HTTP/2 settings"},
		{"closed", func() (net.Conn, error) { return pipe(func(c net.Conn) { c.Close() }), nil }, false, wire.EOF, "closed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			raw, err := test.dial()
			if err != nil {
				t.Fatal(err)
			}
			timeout := patience
			if test.class == wire.DialTimeout {
				timeout = 50 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			conn, err := h2.Connect(ctx, raw, patience)
			if err == nil {
				conn.Close()
			}
			if (err == nil) != (test.class == "") || errors.Is(err, h2.ErrNotHTTP2) != test.not {
				t.Fatal(err)
			}
			if err != nil && (wire.Classify(err) != test.class || !strings.Contains(err.Error(), test.saying)) {
				t.Errorf("%s: %v", wire.Classify(err), err)
			}
		})
	}
}

func dialTLS(server *httptest.Server, protocols []string) (net.Conn, error) {
	return tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: protocols})
}

// pipe is a connection whose other end reads what comes, and then does that.
func pipe(then func(net.Conn)) net.Conn {
	client, server := net.Pipe()
	go func() {
		_, err := io.ReadFull(server, make([]byte, len(http2.ClientPreface)))
		if err == nil {
			then(server)
		}
		_, _ = io.Copy(io.Discard, server) // until the client gives up
	}()
	return client
}

// A connection that net/http uses no more, and does not close either, is gone; a request that it did not take is untouched.
func TestNotUsableAnyMore(t *testing.T) {
	server := listen(t, func(s *hostile.Stream) { s.Reset(http2.ErrCodeProtocol) })
	conn := connect(t, server.Address)
	for range 2 {
		if !conn.Reserve() {
			t.Fatal("no room for two requests")
		}
	}
	x := h2.Exchange{Request: []byte(get), Left: func() {}, Began: func() {}}
	if _, err := conn.Do(t.Context(), x); wire.Classify(err) != wire.StreamReset {
		t.Fatal(err)
	}
	if _, err := conn.Do(t.Context(), x); !errors.Is(err, h2.ErrUntouched) || wire.Classify(err) != wire.GoAway || !conn.Gone() {
		t.Errorf("%v, gone: %v", err, conn.Gone())
	}
	if server.Requests() != 1 {
		t.Errorf("%d requests came", server.Requests())
	}
}

// What a target has to say about a failure is cut.
func TestLongComplaints(t *testing.T) {
	server := listen(t, func(s *hostile.Stream) {
		s.Framer.WriteGoAway(s.ID, http2.ErrCodeNo, bytes.Repeat([]byte("\x00é"), 4000)) // the client may be gone
		s.Conn.Close()
	})
	_, err := do(t, connect(t, server.Address), get, 0)
	if wire.Classify(err) != wire.GoAway || len(err.Error()) > 500 || !utf8.ValidString(err.Error()) {
		t.Errorf("%d bytes: %.600s", len(err.Error()), err)
	}
}
