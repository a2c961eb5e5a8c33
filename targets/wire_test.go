package targets_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"ngxreplay/targets/app"
	"ngxreplay/targets/buffalo"
	"ngxreplay/targets/chi"
	"ngxreplay/targets/contract"
	"ngxreplay/targets/echo"
	"ngxreplay/targets/fiber"
	"ngxreplay/targets/gin"
	"ngxreplay/targets/nethttp"

	"github.com/stretchr/testify/require"
)

// programs are all built-in targets.
func programs() []app.Program {
	return []app.Program{
		gin.Program(), echo.Program(), fiber.Program(), chi.Program(), buffalo.Program(), nethttp.Program(),
	}
}

// running is a target in this process.
type running struct {
	name          string
	address       string
	authorization string
	service       *app.Service
	server        app.Server
	done          chan error
}

// start serves a target on a loopback port. The test ends it if stop did not.
func start(t *testing.T, p app.Program, c app.Config) *running {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	service := app.NewService(c)
	authorization, err := service.Tokens.Authorization(time.Now())
	require.NoError(t, err)
	r := &running{
		name: p.Name, address: l.Addr().String(), authorization: authorization,
		service: service, server: p.New(service), done: make(chan error, 1),
	}
	go func() { r.done <- r.server.Serve(l) }()
	// A server knows its listener only once it serves: one answer proves that.
	answer := r.send(t, message{method: "GET", target: "/ping"})
	require.Equal(t, 200, answer.status)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, r.server.Shutdown(ctx), p.Name)
		require.NoError(t, <-r.done, p.Name)
	})
	return r
}

// header is a field of a request, in order and in the case given.
type header struct{ name, value string }

// message is a request as bytes on the wire: nothing is normalised.
type message struct {
	note    string
	method  string
	target  string
	proto   string // HTTP/1.1 if empty
	headers []header
	body    string
}

func (m message) get(name string) string {
	for _, h := range m.headers {
		if strings.EqualFold(h.name, name) {
			return strings.TrimSpace(h.value)
		}
	}
	return ""
}

func (m message) with(name, value string) message {
	m.headers = append(m.headers[:len(m.headers):len(m.headers)], header{name, value})
	return m
}

func (m message) String() string {
	target := m.target
	if len(target) > 60 {
		target = fmt.Sprintf("%s...(%d bytes)", target[:60], len(target))
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", m.note, m.method, target, m.get(contract.ExpectHeader)))
}

func (m message) bytes() []byte {
	var b bytes.Buffer
	proto := m.proto
	if proto == "" {
		proto = "HTTP/1.1"
	}
	fmt.Fprintf(&b, "%s %s %s\r\nHost: target.example\r\n", m.method, m.target, proto)
	for _, h := range m.headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h.name, h.value)
	}
	if m.body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(m.body))
	}
	b.WriteString("\r\n" + m.body)
	return b.Bytes()
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	length int64 // -1 when chunked or until close
	body   []byte
	close  bool
}

// wire is one connection to a target, reopened when the target closes it.
type wire struct {
	address string
	conn    net.Conn
	reader  *bufio.Reader
	dials   int
}

func (w *wire) exchange(m message) (answer, error) {
	if w.conn == nil {
		conn, err := net.Dial("tcp", w.address)
		if err != nil {
			return answer{}, err
		}
		w.conn, w.reader = conn, bufio.NewReader(conn)
		w.dials++
	}
	if err := w.conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return answer{}, err
	}
	if _, err := w.conn.Write(m.bytes()); err != nil {
		return answer{}, err
	}
	response, err := http.ReadResponse(w.reader, &http.Request{Method: m.method})
	if err != nil {
		return answer{}, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: response.StatusCode, header: response.Header, length: response.ContentLength, body: body, close: response.Close}
	if a.close {
		return a, w.hangUp()
	}
	return a, nil
}

func (w *wire) hangUp() error {
	if w.conn == nil {
		return nil
	}
	err := w.conn.Close()
	w.conn = nil
	return err
}

// send is one exchange on a connection of its own.
func (r *running) send(t *testing.T, m message) answer {
	t.Helper()
	w := wire{address: r.address}
	a, err := w.exchange(m)
	require.NoError(t, err, "%s: %s", r.name, m)
	require.NoError(t, w.hangUp())
	return a
}
