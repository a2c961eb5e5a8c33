package wire

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"time"
)

// An Endpoint is where a target listens.
type Endpoint struct {
	Address string // host:port that is dialled
	Host    string // for the Host header where the log holds none
	TLS     bool
}

// ParseEndpoint reads http://host[:port] or https://host[:port].
func ParseEndpoint(rawURL string) (Endpoint, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return Endpoint{}, err
	}
	ports := map[string]string{"http": "80", "https": "443"}
	port, known := ports[u.Scheme]
	switch {
	case !known:
		return Endpoint{}, fmt.Errorf("url %q: want http://HOST:PORT or https://HOST:PORT", rawURL)
	case u.Hostname() == "":
		return Endpoint{}, fmt.Errorf("url %q: names no host", rawURL)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return Endpoint{}, fmt.Errorf("url %q: the log gives path and query; name scheme, host and port only", rawURL)
	case u.User != nil:
		return Endpoint{}, fmt.Errorf("url %q: holds a user; use a header instead", u.Redacted())
	}
	if u.Port() != "" {
		port = u.Port()
	}
	return Endpoint{Address: net.JoinHostPort(u.Hostname(), port), Host: u.Host, TLS: u.Scheme == "https"}, nil
}

// IsLoopback reports whether the endpoint is on this machine.
func (e Endpoint) IsLoopback() bool {
	host, _, err := net.SplitHostPort(e.Address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// A Dialer makes connections to one endpoint.
type Dialer struct {
	Endpoint Endpoint
	Timeout  time.Duration
	Insecure bool // accept any certificate
}

// Dial makes a connection. Its errors are *DialError.
func (d *Dialer) Dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", d.Endpoint.Address)
	if err != nil {
		return nil, &DialError{err}
	}
	if !d.Endpoint.TLS {
		return conn, nil
	}
	host, _, _ := net.SplitHostPort(d.Endpoint.Address) // made by ParseEndpoint
	secure := tls.Client(conn, &tls.Config{ServerName: host, InsecureSkipVerify: d.Insecure, NextProtos: []string{"http/1.1"}})
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, &DialError{err}
	}
	return secure, nil
}
