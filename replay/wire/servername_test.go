package wire

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

func TestServerName(t *testing.T) {
	f := func(host, want string) {
		t.Helper()
		if got := ServerName([]byte(host)); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
	f("shop.example", "shop.example")
	f("Shop.EXAMPLE:8443", "shop.example")
	f("shop.example.", "shop.example")
	f("xn--bcher-kva.example", "xn--bcher-kva.example")
	f("a_b.example", "a_b.example")
	f("localhost:80", "localhost")
	f("192.0.2.7", "192.0.2.7")
	f("192.0.2.7:443", "192.0.2.7")
	f("[2001:db8::7]:443", "2001:db8::7")
	f("[2001:DB8::7]", "2001:db8::7")
	f("[::ffff:192.0.2.7]", "192.0.2.7")
	f("[fe80::1%eth0]:443", "fe80::1")
	f(strings.Repeat("a", 63)+".example", strings.Repeat("a", 63)+".example")
	for _, bad := range []string{
		"", "-", "_", ".", "a..b", ".a", "-a", "bücher.example", "a b", "a\x00b", "*.example", "shop.example/x", "::1]x",
		strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 127) + "a", strings.Repeat("a", 1<<20),
	} {
		f(bad, "")
	}
}

// Each host is asked for and verified, and what is wrong says what to do.
func TestDialHost(t *testing.T) {
	p := newPKI(t, "shop.example")
	address, seen := p.serveTLS(t, tls.NoClientCert)
	config, err := TLSOptions{CA: p.ca}.Config()
	if err != nil {
		t.Fatal(err)
	}
	insecure, err := TLSOptions{Insecure: true}.Config()
	if err != nil {
		t.Fatal(err)
	}
	dial := func(config *tls.Config, host string) (net.Conn, error) {
		d := &Dialer{Endpoint: Endpoint{Address: address, TLS: true}, Timeout: 10 * time.Second, TLS: config}
		return d.DialHost(t.Context(), host)
	}
	asked := func(config *tls.Config, host, want string) {
		t.Helper()
		conn, err := dial(config, host)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if state := <-seen; state.ServerName != want {
			t.Errorf("for %q the server was asked for %q, want %q", host, state.ServerName, want)
		}
	}
	asked(config, "shop.example", "shop.example")
	asked(insecure, "other.example", "other.example")
	asked(insecure, "", "") // the address of the endpoint
	asked(insecure, "192.0.2.7", "")

	refused := func(host string, want ...string) {
		t.Helper()
		conn, err := dial(config, host)
		if err == nil {
			conn.Close()
			t.Errorf("%q was accepted", host)
			return
		}
		var identity *IdentityError
		if Classify(err) != TLS || !errors.As(err, &identity) {
			t.Errorf("%q: %s, %v", host, Classify(err), err)
		}
		for _, text := range want {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%q: no %q in %q", host, text, err)
			}
		}
	}
	refused("other.example", "certificate is for shop.example, the log's host is other.example", "--sni shop.example keeps the Host header", "--host shop.example")
	refused("192.0.2.7", "certificate is for shop.example, the log's host is 192.0.2.7")
	refused("", "certificate is for shop.example, the name asked for is 127.0.0.1", "--sni shop.example")
	config.RootCAs, err = TLSOptions{CA: newPKI(t, "else").ca}.authorities()
	if err != nil {
		t.Fatal(err)
	}
	refused("shop.example", "unknown authority", "--ca FILE")

	address = rejectNames(t)
	refused("shop.example", "the log's host is shop.example, which the target does not know: --sni NAME")
}

// rejectNames listens for handshakes and answers each with the alert of a server that does not know the name.
func rejectNames(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = conn.Write([]byte("\x15\x03\x03\x00\x02\x02\x70"))
			conn.Close()
		}
	}()
	return listener.Addr().String()
}

func TestSomeNames(t *testing.T) {
	if got := someOf([]string{"a", "b", "c", "d", "e"}); got != "a, b, c and 2 others" {
		t.Error(got)
	}
	if got := someOf(nil); got != "no name" {
		t.Error(got)
	}
}
