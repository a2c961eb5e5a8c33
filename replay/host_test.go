package replay

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ngxreplay/replay/traffic"
	"ngxreplay/replay/wire"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

// A virtualServer serves two names over TLS, each with a certificate of its own, and any other with the first.
type virtualServer struct {
	*httptest.Server
	roots *x509.CertPool

	mu       sync.Mutex
	asked    map[string]int // handshakes by server name
	mistaken []string       // requests on the connection of another host
	came     int
	held     chan struct{} // when set, answers wait for it
}

func serveHosts(t *testing.T) *virtualServer {
	t.Helper()
	s := &virtualServer{roots: x509.NewCertPool(), asked: map[string]int{}}
	configs := map[string]*tls.Config{}
	for _, name := range []string{"a.example", "b.example"} {
		certificate := s.issue(t, name, "*.many.example")
		configs[name] = &tls.Config{Certificates: []tls.Certificate{certificate}}
	}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.TLS = &tls.Config{
		Certificates: configs["a.example"].Certificates,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.asked[hello.ServerName]++
			return configs[hello.ServerName], nil
		},
	}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of clients that refuse its certificate
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// issue makes a certificate that signs itself, for names and for the address 127.0.0.9 if it is the first.
func (s *virtualServer) issue(t *testing.T, names ...string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0), DNSNames: names,
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 9)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.roots.AddCert(certificate)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (s *virtualServer) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.came++
	host, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	if name := r.TLS.ServerName; name != host && !(name == "" && net.ParseIP(host) != nil) {
		s.mistaken = append(s.mistaken, fmt.Sprintf("%s on a connection for %q", r.Host, name))
	}
	held := s.held
	s.mu.Unlock()
	if held != nil {
		<-held
	}
	_, _ = w.Write([]byte("ok"))
}

// replay replays at s with connections of the hosts.
func (s *virtualServer) replay(t *testing.T, source *memoryTrace, opts Options) *Result {
	t.Helper()
	d := &wire.Dialer{
		Endpoint: wire.Endpoint{Address: s.Listener.Addr().String(), TLS: true}, Timeout: time.Minute,
		TLS: &tls.Config{RootCAs: s.roots, ClientSessionCache: tls.NewLRUClientSessionCache(4)},
	}
	probe := func(ctx context.Context) (net.Conn, error) { return d.DialHost(ctx, "a.example") }
	target := Target{Dial: probe, DialHost: d.DialHost, Format: wire.Format{Host: "127.0.0.9"}}
	result, err := New(source.traffic(t, traffic.Options{}), target, opts).Run(t.Context(), t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.mistaken) > 0 {
		t.Errorf("%d requests came on the connection of another host: %s", len(s.mistaken), s.mistaken[0])
	}
	if err := result.Ledger.Check(); err != nil {
		t.Error(err)
	}
	return result
}

// visits to hosts, in turn.
func toHosts(n int, distance time.Duration, hosts ...string) *memoryTrace {
	source := newTrace(every(distance, n)...)
	for i := range source.rows {
		source.rows[i].Host = []byte(hosts[i%len(hosts)])
		source.rows[i].Client = []byte{byte('a' + i%3)}
	}
	return source
}

func TestEachHostHasItsServerName(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"open":       func(o *Options) {},
		"closed":     func(o *Options) { o.Closed = true },
		"one by one": func(o *Options) { o.Connections = 1 },
		"per client": func(o *Options) { o.PerClient = true },
		"primed":     func(o *Options) { o.Prime = 4 },
	} {
		t.Run(name, func(t *testing.T) {
			goroutines := goleak.IgnoreCurrent()
			t.Cleanup(func() { goleak.VerifyNone(t, goroutines) })
			s := serveHosts(t)
			opts := testOptions
			opts.Connections, opts.Timeout = 16, time.Minute
			change(&opts)
			const requests = 200
			result := s.replay(t, toHosts(requests, 100*time.Microsecond, "a.example", "B.example:8443", "127.0.0.9:443"), opts)
			if l := result.Ledger; l.Responses != requests || result.OpenAtOnce > opts.Connections {
				t.Errorf("%+v, %v, %d connections at once", l, result.Errors, result.OpenAtOnce)
			}
			if len(s.asked) != 3 || s.asked["a.example"] == 0 || s.asked["b.example"] == 0 || s.asked[""] == 0 {
				t.Errorf("the server was asked for %v", s.asked)
			}
		})
	}
}

// Hosts without end share the connections there are, and what no certificate is for fails alone.
func TestManyHostsShareAPool(t *testing.T) {
	var hosts []string
	for i := range 300 {
		hosts = append(hosts, fmt.Sprintf("h%d.many.example", i))
	}
	for _, closed := range []bool{false, true} {
		s := serveHosts(t)
		opts := testOptions
		opts.Connections, opts.Closed, opts.Timeout = 8, closed, time.Minute
		result := s.replay(t, toHosts(len(hosts), time.Millisecond, hosts...), opts)
		if l := result.Ledger; l.Responses != 300 || result.OpenAtOnce > 8 {
			t.Errorf("closed %v: %+v, %v, %d connections at once", closed, l, result.Errors, result.OpenAtOnce)
		}
		if len(s.asked) != 301 { // and the probe's
			t.Errorf("closed %v: the server was asked for %d names", closed, len(s.asked))
		}
	}
	s := serveHosts(t)
	opts := testOptions
	opts.Timeout = time.Minute
	result := s.replay(t, toHosts(90, time.Millisecond, "a.example", "else.example", "b.example"), opts)
	f := result.Errors[wire.TLS]
	if f == nil || f.Count != 30 || result.Ledger.Responses != 60 {
		t.Fatalf("%+v, %v", result.Ledger, result.Errors)
	}
	if !strings.Contains(f.Examples[0], "certificate is for a.example, *.many.example, 127.0.0.9, the log's host is else.example: --sni a.example") {
		t.Error(f.Examples[0])
	}
}

// What cannot be verified is not tried again, whatever Retry says.
func TestWrongCertificatesAreNotRetried(t *testing.T) {
	s := serveHosts(t)
	opts := testOptions
	opts.Retry, opts.Timeout = MostRetries, time.Minute
	result := s.replay(t, toHosts(30, time.Millisecond, "a.example", "else.example"), opts)
	if f := result.Errors[wire.TLS]; f == nil || f.Count != 15 || result.Retries.Sent() != 0 {
		t.Errorf("%v, retried %v", result.Errors, result.Retries.After)
	}
}

// A pool that is too small for its traffic does not spend its time with handshakes: a connection goes on with its own
// host for a while, but not for ever.
func TestConnectionsAreNotGivenAwayAtOnce(t *testing.T) {
	const requests = 1000
	for _, closed := range []bool{false, true} {
		s := serveHosts(t)
		opts := testOptions
		opts.Connections, opts.Timeout, opts.Closed = 4, time.Minute, closed
		if !closed {
			s.held = make(chan struct{})
			time.AfterFunc(100*time.Millisecond, func() { close(s.held) }) // all but four wait by then
		}
		result := s.replay(t, toHosts(requests, time.Microsecond, "a.example", "b.example", "c.many.example"), opts)
		if l := result.Ledger; l.Responses != requests || result.Opened > requests/8 || result.OpenAtOnce > 4 {
			t.Errorf("closed %v: %+v, %v, %d connections for %d requests", closed, l, result.Errors, result.Opened, requests)
		}
		t.Logf("closed %v: %d connections for %d requests", closed, result.Opened, requests)
	}
}

// Whatever hosts come and however their connections end, each request ends, on a connection of its own host, and none
// waits longer than those before it take.
func TestNoRequestIsForgottenAmongHosts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		hosts := []string{"a", "b", "c", "d", "e", "f"}[:rapid.IntRange(1, 6).Draw(rt, "hosts")]
		source := newTrace(every(time.Duration(rapid.IntRange(0, 20).Draw(rt, "ms"))*time.Millisecond, rapid.IntRange(1, 300).Draw(rt, "requests"))...)
		for i := range source.rows {
			source.rows[i].Host = []byte(rapid.SampledFrom(hosts).Draw(rt, "host"))
		}
		opts := testOptions
		opts.Closed, opts.Timeout = rapid.Bool().Draw(rt, "closed"), time.Hour
		opts.Connections = rapid.IntRange(1, 5).Draw(rt, "connections")
		opts.Retry = rapid.IntRange(0, 1).Draw(rt, "retry")
		ends := rapid.IntRange(1, 30).Draw(rt, "ends")
		target := &fakeTarget{answer: func(n int, conn net.Conn, r *http.Request) bool {
			time.Sleep(time.Duration(n%7) * time.Millisecond)
			return n%ends > 0 && answerOK(n, conn, r)
		}}
		var mistaken atomic.Int64
		dialHost := func(_ context.Context, host string) (net.Conn, error) {
			client, server := net.Pipe()
			own := &fakeTarget{}
			own.answer = func(_ int, conn net.Conn, r *http.Request) bool {
				if r.Host != host {
					mistaken.Add(1)
				}
				target.mu.Lock()
				target.dials++
				n := target.dials
				target.mu.Unlock()
				return target.answer(n, conn, r)
			}
			target.handlers.Go(func() { own.serve(server) })
			return client, nil
		}
		synctest.Test(t, func(t *testing.T) {
			result, err := New(source.traffic(t, traffic.Options{}), Target{Dial: target.dial, DialHost: dialHost}, opts).run(t.Context(), t.Context(), startBubbleClock)
			if err != nil {
				rt.Fatal(err)
			}
			target.handlers.Wait()
			if l := result.Ledger; l.Responses+l.Failed != int64(len(source.rows)) || mistaken.Load() > 0 || result.OpenAtOnce > opts.Connections {
				rt.Fatalf("%+v, %d on the connection of another host, %d connections at once", l, mistaken.Load(), result.OpenAtOnce)
			}
			if result.Elapsed > 20*time.Second {
				rt.Fatalf("it took %v", result.Elapsed)
			}
		})
	})
}

func TestQueuePrefersALane(t *testing.T) {
	a, b := &lane{}, &lane{}
	var q queue
	if q.prefer(a) != nil {
		t.Error("something came of an empty queue")
	}
	for i := range 400 {
		r := &request{due: time.Duration(i), lane: a}
		if i == 0 {
			r.lane = b
		}
		q.push(r)
	}
	var order []time.Duration
	for q.len() > 0 {
		q.prefer(a)
		order = append(order, q.pop().due)
	}
	if at := slices.Index(order, 0); at != overtaking {
		t.Errorf("the first left after %d others, want %d", at, overtaking)
	}
	order = slices.DeleteFunc(order, func(d time.Duration) bool { return d == 0 })
	if !slices.IsSorted(order) || len(order) != 399 {
		t.Errorf("the others left out of order: %v", order)
	}
}

// In a closed loop a connection is idle rather than given away, as long as whoever waits has a connection to wait for, and
// is not overtaken without end.
func TestWhoIsNext(t *testing.T) {
	a, b := &lane{open: 1}, &lane{open: 1}
	l := &loop{opts: Options{Closed: true}, lanes: newLanes(false, true, 2)}
	f := func(from *lane, want *request, waiting ...*request) {
		t.Helper()
		l.waiting = queue{items: waiting}
		if got := l.following(from); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	ofA, ofB, late := &request{lane: a}, &request{lane: b}, &request{lane: b, overtaken: overtaking}
	f(b, ofB, ofB, ofA)
	f(a, ofA, ofB, ofA)
	f(a, nil, ofB)
	f(a, late, late, ofA)
	b.open = 0
	f(a, ofB, ofB)
	l.opts.Closed, b.open = false, 1
	f(a, ofB, ofB)
}

// Neither names nor lanes grow with what a log invents.
func TestHostsAreBounded(t *testing.T) {
	var names hostNames
	lanes := newLanes(false, true, 8)
	quiet := 0
	for i := range 10_000 {
		r := &request{host: names.of(fmt.Appendf(nil, "H%d.example:80", i))}
		if want := fmt.Sprintf("h%d.example", i); r.host != want {
			t.Fatalf("%q, want %q", r.host, want)
		}
		quiet += 1 - len(lanes.enter(r))
		lanes.put(&conn{lane: r.lane})
		if len(names.known) > hostsKept || len(lanes.byKey) > 8 || quiet > 8 {
			t.Fatalf("%d names, %d lanes, %d connections", len(names.known), len(lanes.byKey), quiet)
		}
	}
	if name := names.of(bytes.Repeat([]byte("a"), 1000)); name != "" || len(names.known) > hostsKept {
		t.Errorf("%q", name)
	}
}
