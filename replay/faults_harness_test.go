package replay_test

import (
	"io"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"ngxreplay/internal/hostile"
	"ngxreplay/replay"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"

	"go.uber.org/goleak"
)

// goodRequests are n requests a millisecond apart, with ids from first on, each with a logged answer that no other has.
func goodRequests(first, n int) []trace.Request {
	rows := make([]trace.Request, n)
	for i := range rows {
		id := first + i
		rows[i] = trace.Request{
			Offset: int64(id) * int64(time.Millisecond), Method: []byte("GET"), Target: []byte(hostile.Target(id)),
			Route: "/r/:id", Status: int32(hostile.Status(id)), BodyBytes: hostile.Size(id), Source: "x.log", Line: int64(id + 1),
		}
	}
	return rows
}

// A memory is a trace in memory.
type memory struct {
	rows   []trace.Request
	before map[int]func() // called before the request of that number is handed over
	info   trace.Info
	read   int
}

func (m *memory) describe() {
	m.info = trace.Info{Requests: int64(len(m.rows)), Methods: map[string]int64{}}
	for i := range m.rows {
		m.info.Methods[string(m.rows[i].Method)]++
		m.info.SpanNS = m.rows[i].Offset
	}
}

func (m *memory) Info() *trace.Info { return &m.info }
func (m *memory) Close() error      { return nil }

func (m *memory) Read(dst []trace.Request) (int, error) {
	if f := m.before[m.read]; f != nil {
		f()
	}
	n := 0
	for n < len(dst) && m.read < len(m.rows) && (n == 0 || m.before[m.read] == nil) {
		dst[n] = m.rows[m.read]
		n++
		m.read++
	}
	if m.read == len(m.rows) {
		return n, io.EOF
	}
	return n, nil
}

// prepare makes a replay of a trace.
func prepare(t *testing.T, source *memory, dial replay.Dial, opts replay.Options) *replay.Replay {
	t.Helper()
	source.describe()
	tr, err := traffic.New(func() (traffic.Trace, error) { return source, nil }, traffic.Options{Clients: true})
	if err != nil {
		t.Fatal(err)
	}
	return replay.New(tr, replay.Target{Dial: dial, Format: wire.Format{Host: "hostile.test"}}, opts)
}

// run replays over TCP.
func run(t *testing.T, source *memory, dial replay.Dial, opts replay.Options) *replay.Result {
	t.Helper()
	result, err := prepare(t, source, dial, opts).Run(t.Context(), t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func listen(t *testing.T, keepAlive bool, script ...hostile.Step) *hostile.Server {
	t.Helper()
	server, err := hostile.Listen(keepAlive, script...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

func dialer(server *hostile.Server) replay.Dial {
	d := &wire.Dialer{Endpoint: wire.Endpoint{Address: server.Address}, Timeout: longTimeout}
	return d.Dial
}

// startTLS is the first step of a server that speaks TLS, and how it is dialled.
func startTLS(t *testing.T) (hostile.Step, func(*hostile.Server) replay.Dial) {
	t.Helper()
	certified := httptest.NewUnstartedServer(nil) // for its certificate
	certified.StartTLS()
	config := certified.TLS.Clone()
	certified.Close()
	trusting, err := wire.TLSOptions{Insecure: true}.Config()
	if err != nil {
		t.Fatal(err)
	}
	return hostile.StartTLS(config), func(server *hostile.Server) replay.Dial {
		d := &wire.Dialer{Endpoint: wire.Endpoint{Address: server.Address, TLS: true}, Timeout: longTimeout, TLS: trusting}
		return d.Dial
	}
}

// checkLeaks holds, at the end of a test, that no goroutine and no descriptor is left that was not there before. It must
// be called first.
func checkLeaks(t *testing.T) {
	t.Helper()
	goroutines := goleak.IgnoreCurrent()
	before := descriptors(t)
	t.Cleanup(func() {
		goleak.VerifyNone(t, goroutines)
		if after := descriptors(t); after > before {
			t.Errorf("%d descriptors are open, %d before", after, before)
		}
	})
}

// descriptors is how many are open; 0 where the system does not tell.
func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return len(entries)
}
