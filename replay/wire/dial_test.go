package wire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A pki is an authority with a certificate for servers and one for clients, as PEM files.
type pki struct{ ca, server, client string }

func newPKI(t *testing.T, name string) pki {
	t.Helper()
	dir := t.TempDir()
	serial := int64(1)
	issue := func(file string, template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (string, *x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if parent == nil {
			parent, parentKey = template, key
		}
		template.SerialNumber, serial = big.NewInt(serial), serial+1
		template.NotBefore, template.NotAfter = time.Unix(0, 0), time.Unix(1<<33, 0)
		der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
		if err != nil {
			t.Fatal(err)
		}
		keyDER, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})...)
		path := filepath.Join(dir, file)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return path, cert, key
	}
	ca, root, key := issue("ca.pem", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, nil)
	server, _, _ := issue("server.pem", &x509.Certificate{DNSNames: []string{name}}, root, key)
	client, _, _ := issue("client.pem", &x509.Certificate{Subject: pkix.Name{CommonName: "replayer"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, root, key)
	return pki{ca, server, client}
}

// serveTLS serves handshakes, writes one byte on each connection, and sends what it saw of them.
func (p pki) serveTLS(t *testing.T, auth tls.ClientAuthType) (address string, seen <-chan tls.ConnectionState) {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(p.server, p.server)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := TLSOptions{CA: p.ca}.authorities()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: auth, ClientCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	states := make(chan tls.ConnectionState, 16)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := conn.Write([]byte("x")); err != nil {
					return // the client gave up
				}
				states <- conn.(*tls.Conn).ConnectionState()
				io.Copy(io.Discard, conn)
			}()
		}
	}()
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String(), states
}

func TestTLS(t *testing.T) {
	p := newPKI(t, "shop.example")
	address, seen := p.serveTLS(t, tls.RequireAndVerifyClientCert)
	config, err := TLSOptions{CA: p.ca, Cert: p.client}.Config()
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(address)
	overrides, err := ParseOverrides([]string{"shop.example:" + port + ":127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	endpoint, err := ParseEndpoint("https://shop.example:" + port)
	if err != nil {
		t.Fatal(err)
	}
	d := &Dialer{Endpoint: endpoint, Timeout: 10 * time.Second, TLS: config, Overrides: overrides}
	for i := range 3 {
		conn, err := d.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err != nil { // brings the ticket too
			t.Fatal(err)
		}
		conn.Close()
		state := <-seen
		if state.ServerName != "shop.example" || state.NegotiatedProtocol == "h2" {
			t.Errorf("connection %d: %q, %q", i, state.ServerName, state.NegotiatedProtocol)
		}
		if state.DidResume != (i > 0) {
			t.Errorf("connection %d: resumed: %v", i, state.DidResume)
		}
		if len(state.PeerCertificates) != 1 || state.PeerCertificates[0].Subject.CommonName != "replayer" {
			t.Errorf("connection %d: certificates %v", i, state.PeerCertificates)
		}
	}
}

func TestTLSRefusals(t *testing.T) {
	p, other := newPKI(t, "shop.example"), newPKI(t, "shop.example")
	address, _ := p.serveTLS(t, tls.NoClientCert)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	go func() {
		for {
			conn, err := silent.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	f := func(address string, o TLSOptions, want Class) {
		t.Helper()
		config, err := o.Config()
		if err != nil {
			t.Fatal(err)
		}
		d := &Dialer{Endpoint: Endpoint{Address: address, TLS: true}, Timeout: 10 * time.Second, TLS: config}
		conn, err := d.Dial(t.Context())
		if conn != nil {
			conn.Close()
		}
		if want == "" && err != nil || want != "" && (err == nil || Classify(err) != want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
	f(address, TLSOptions{CA: p.ca, ServerName: "shop.example"}, "")
	f(address, TLSOptions{Insecure: true}, "")
	f(address, TLSOptions{CA: p.ca}, TLS)                                 // the certificate is not for 127.0.0.1
	f(address, TLSOptions{CA: other.ca, ServerName: "shop.example"}, TLS) // nor from that authority
	f(silent.Addr().String(), TLSOptions{CA: p.ca}, TLS)                  // closed within the handshake
}

// A TLS 1.3 server that wants a certificate says so after the client's handshake.
func TestRefusalAfterTheHandshake(t *testing.T) {
	p := newPKI(t, "shop.example")
	address, _ := p.serveTLS(t, tls.RequireAndVerifyClientCert)
	d := &Dialer{Endpoint: Endpoint{Address: address, TLS: true}, Timeout: 10 * time.Second, TLS: &tls.Config{InsecureSkipVerify: true}}
	conn, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err = conn.Read(make([]byte, 1)); Classify(err) != TLS {
		t.Errorf("%s: %v, want %s", Classify(err), err, TLS)
	}
}

func TestTLSFiles(t *testing.T) {
	p, other := newPKI(t, "x"), newPKI(t, "x")
	bad := filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, []byte("not PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(o TLSOptions, want ...string) {
		t.Helper()
		_, err := o.Config()
		if (err == nil) != (len(want) == 0) {
			t.Errorf("%+v: %v", o, err)
		}
		for _, w := range want {
			if err != nil && !strings.Contains(err.Error(), w) {
				t.Errorf("%+v: %v, want %q", o, err, w)
			}
		}
	}
	f(TLSOptions{})
	f(TLSOptions{CA: p.ca, Cert: p.client, Key: p.client})
	f(TLSOptions{CA: "nosuch.pem"}, "nosuch.pem", "no such file")
	f(TLSOptions{CA: bad, Key: p.client}, "BEGIN CERTIFICATE", "both --cert and --key") // all at once
	f(TLSOptions{Cert: p.client, Key: other.client}, "does not match")
	f(TLSOptions{Cert: bad}, "bad.pem")
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.sock")
	endpoint, err := ParseEndpoint("unix:" + path)
	if err != nil || !endpoint.IsLoopback() || endpoint.Host != "localhost" {
		t.Fatalf("%+v, %v", endpoint, err)
	}
	d := &Dialer{Endpoint: endpoint, Timeout: 10 * time.Second}
	if _, err := d.Dial(t.Context()); err == nil || Classify(err) != Refused {
		t.Errorf("no socket: %v", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if n, err := d.Routes(t.Context()); n != 0 || err != nil {
		t.Errorf("%d routes, %v", n, err)
	}
	for _, bad := range []string{"unix:", "unix:app.sock", "unix:/", "unix:/" + strings.Repeat("x", 107)} {
		if e, err := ParseEndpoint(bad); err == nil {
			t.Errorf("%q: %+v", bad, e)
		}
	}
	if e, err := ParseEndpoint("unix:///run/a.sock"); err != nil || e.Address != "/run/a.sock" {
		t.Errorf("%+v, %v", e, err)
	}
}

// listen listens on addresses of one port.
func listen(t *testing.T, hosts ...string) (listeners []net.Listener, port string) {
	t.Helper()
	port = "0"
	for _, host := range hosts {
		l, err := net.Listen("tcp", net.JoinHostPort(host, port))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		_, port, _ = net.SplitHostPort(l.Addr().String())
		listeners = append(listeners, l)
	}
	return listeners, port
}

func TestAddressesInTurn(t *testing.T) {
	_, port := listen(t, "127.0.0.2", "127.0.0.3")
	overrides, err := ParseOverrides([]string{"Shop.example:" + port + ":127.0.0.2,127.0.0.3"})
	if err != nil {
		t.Fatal(err)
	}
	sources, err := ParseAddresses("127.0.0.4,127.0.0.5,::1")
	if err != nil {
		t.Fatal(err)
	}
	d := &Dialer{Endpoint: Endpoint{Address: "shop.example:" + port}, Timeout: 10 * time.Second, Overrides: overrides, Sources: sources}
	if err := CheckSources(sources[:2]); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for range 8 {
		conn, err := d.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		from, _, _ := net.SplitHostPort(conn.LocalAddr().String())
		to, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
		got[from+" "+to]++
		conn.Close()
	}
	for _, from := range []string{"127.0.0.4", "127.0.0.5"} {
		for _, to := range []string{"127.0.0.2", "127.0.0.3"} {
			if got[from+" "+to] != 2 {
				t.Errorf("%s to %s: %d of 8: %v", from, to, got[from+" "+to], got)
			}
		}
	}
	if n, err := d.Routes(t.Context()); n != 4 || err != nil {
		t.Errorf("%d routes, %v", n, err)
	}
}

// An address where nobody listens does not fail every second connection.
func TestOtherAddressIsTried(t *testing.T) {
	_, port := listen(t, "127.0.0.2")
	overrides, err := ParseOverrides([]string{"h:" + port + ":127.0.0.3,127.0.0.2"})
	if err != nil {
		t.Fatal(err)
	}
	d := &Dialer{Endpoint: Endpoint{Address: "h:" + port}, Timeout: 10 * time.Second, Overrides: overrides}
	for range 4 {
		conn, err := d.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
}

// Names are resolved once: overrides that change later are not seen.
func TestResolvedOnce(t *testing.T) {
	_, port := listen(t, "127.0.0.2")
	key := "h:" + port
	overrides, err := ParseOverrides([]string{key + ":127.0.0.2"})
	if err != nil {
		t.Fatal(err)
	}
	d := &Dialer{Endpoint: Endpoint{Address: key}, Timeout: 10 * time.Second, Overrides: overrides}
	for range 2 {
		conn, err := d.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		overrides[key] = nil
	}
}

func TestClassesOfDialling(t *testing.T) {
	closed, port := listen(t, "127.0.0.1")
	closed[0].Close()
	f := func(d *Dialer, want Class) {
		t.Helper()
		conn, err := d.Dial(t.Context())
		if err == nil {
			conn.Close()
		}
		if err == nil || Classify(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	f(&Dialer{Endpoint: Endpoint{Address: "127.0.0.1:" + port}, Timeout: 10 * time.Second}, Refused)
	f(&Dialer{Endpoint: Endpoint{Address: strings.Repeat("x", 64) + ".example:80"}, Timeout: 10 * time.Second}, DNS) // no name server is asked for such a label
	f(&Dialer{Endpoint: Endpoint{Address: "127.0.0.1:" + port}, Timeout: 1}, DialTimeout)
	f(&Dialer{Endpoint: Endpoint{Address: "127.0.0.1:" + port}, Timeout: 10 * time.Second, Sources: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}, Local)
	f(&Dialer{Endpoint: Endpoint{Address: "127.0.0.1:" + port}, Timeout: 10 * time.Second, Sources: []netip.Addr{netip.IPv6Loopback()}}, Local)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (&Dialer{Endpoint: Endpoint{Address: "127.0.0.1:" + port}, Timeout: 10 * time.Second}).Dial(ctx); Classify(err) != Cancelled {
		t.Errorf("%v, want cancelled", err)
	}
	if err := CheckSources([]netip.Addr{netip.MustParseAddr("192.0.2.1")}); err == nil || !strings.Contains(err.Error(), "source 192.0.2.1") {
		t.Error(err)
	}
}

func TestParseOverrides(t *testing.T) {
	o, err := ParseOverrides([]string{"a:80:192.0.2.1,[2001:db8::1]", "A:80:192.0.2.2"})
	if err != nil || len(o) != 1 || len(o["a:80"]) != 3 || o["a:80"][1].String() != "[2001:db8::1]:80" {
		t.Errorf("%v, %v", o, err)
	}
	for _, bad := range []string{"", "a", "a:80", "a:80:", "a:0:192.0.2.1", "a:x:192.0.2.1", ":80:192.0.2.1", "a:80:b", "a:80:192.0.2.1,"} {
		if o, err := ParseOverrides([]string{bad}); err == nil {
			t.Errorf("%q: %v", bad, o)
		}
	}
}

func TestLimits(t *testing.T) {
	f := func(l Limits, connections, routes int, want ...string) {
		t.Helper()
		err := l.Check(connections, routes)
		if (err == nil) != (len(want) == 0) {
			t.Errorf("%+v, %d, %d: %v", l, connections, routes, err)
		}
		for _, w := range want {
			if err != nil && !strings.Contains(err.Error(), w) {
				t.Errorf("%v, want %q", err, w)
			}
		}
	}
	f(Limits{}, 50_000, 1)
	f(Limits{Files: 1024, Ports: 28232}, 960, 1)
	f(Limits{Files: 1024, Ports: 28232}, 961, 1, "961 connections need 1025 file descriptors", "ulimit -Hn 1025", "at most 960")
	f(Limits{Files: 1 << 20, Ports: 28232}, 28232, 1)
	f(Limits{Files: 1 << 20, Ports: 28232}, 50_000, 1, "28232 for each pair", "from 2 addresses with --source")
	f(Limits{Files: 1 << 20, Ports: 28232}, 50_000, 2)
	f(Limits{Files: 1 << 20, Ports: 28232}, 50_000, 0) // a unix socket
	for text, want := range map[string]int{"32768\t60999\n": 28232, "": 0, "5": 0, "9 8": 0} {
		if got := parsePorts(text); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
	if _, err := RaiseLimits(); err != nil {
		t.Error(err)
	}
}
