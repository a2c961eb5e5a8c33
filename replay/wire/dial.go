package wire

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// A Dialer makes connections to one endpoint. Its fields must not change after the first Dial; its methods may be used
// by several goroutines at once.
type Dialer struct {
	Endpoint Endpoint
	Timeout  time.Duration // of a whole Dial: names, connection and handshake
	// TLS is used where the endpoint wants it; nil trusts what the system trusts. See [TLSOptions].
	TLS *tls.Config
	// Overrides are asked for addresses before the system is.
	Overrides Overrides
	// Sources are the addresses of this machine that connections are made from, in turn. Empty leaves it to the system.
	Sources []netip.Addr

	mu   sync.Mutex
	ways []way // found by the first Dial
	turn atomic.Uint64
}

// A way is an address of the endpoint and the sources that can reach it; none leaves the choice to the system.
type way struct {
	to   netip.AddrPort
	from []netip.Addr
}

// Dial makes a connection, to the next address of the endpoint in turn. Where that one fails it tries the others, once
// each, as a browser would: the host may have an IPv6 address that nobody listens on. Its errors are *DialError.
func (d *Dialer) Dial(ctx context.Context) (net.Conn, error) { return d.DialHost(ctx, "") }

// DialHost makes a connection for requests of a host, as [ServerName] has it: it is what TLS asks for and verifies, unless
// the configuration names another. "" is the endpoint's own.
func (d *Dialer) DialHost(ctx context.Context, host string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	conn, err := d.Reach(ctx)
	if err != nil || !d.Endpoint.TLS {
		return conn, err
	}
	config := d.config(host)
	secure := tls.Client(&Underlay{Conn: conn}, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // it is of no use, whatever closing says
		return nil, &DialError{&HandshakeError{explain(err, config.ServerName, config.ServerName == host)}}
	}
	return secure, nil
}

// Reach connects without TLS, to see that somebody listens.
func (d *Dialer) Reach(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, &DialError{err}
	}
	return conn, nil
}

// connect makes a connection without TLS. net.Dialer sets TCP_NODELAY.
func (d *Dialer) connect(ctx context.Context) (net.Conn, error) {
	var dialer net.Dialer
	if d.Endpoint.Unix {
		return connectSocket(ctx, &dialer, d.Endpoint.Address)
	}
	ways, err := d.resolve(ctx)
	if err != nil {
		return nil, err
	}
	turn := d.turn.Add(1) - 1
	n := uint64(len(ways))
	var firstErr error
	for i := range n {
		w := ways[(turn+i)%n]
		conn, err := w.connect(ctx, turn/n, n-i)
		if err == nil {
			return conn, nil
		}
		if firstErr == nil {
			firstErr = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, firstErr
}

// connect connects from one of the sources, and leaves time for the other ways that are left.
func (w *way) connect(ctx context.Context, turn, left uint64) (net.Conn, error) {
	if deadline, limited := ctx.Deadline(); limited && left > 1 {
		share, cancel := context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
		defer cancel()
		ctx = share
	}
	var dialer net.Dialer
	if len(w.from) > 0 {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(w.from[turn%uint64(len(w.from))], 0))
		dialer.Control = latePort
	}
	return dialer.DialContext(ctx, "tcp", w.to.String())
}

// Routes returns how many pairs of addresses there are from here to the endpoint: each has local ports of its own. It
// looks the addresses up when no Dial did yet. A unix socket has none.
func (d *Dialer) Routes(ctx context.Context) (int, error) {
	if d.Endpoint.Unix {
		return 0, nil
	}
	ways, err := d.resolve(ctx)
	routes := 0
	for _, w := range ways {
		routes += max(1, len(w.from))
	}
	return routes, err
}

// resolve finds the ways to the endpoint, once.
func (d *Dialer) resolve(ctx context.Context) ([]way, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ways != nil {
		return d.ways, nil
	}
	addresses, err := d.Overrides.resolve(ctx, d.Endpoint.Address)
	if err != nil {
		return nil, err
	}
	d.ways, err = pair(addresses, d.Sources)
	return d.ways, err
}

// config is the TLS configuration of a connection for a host.
func (d *Dialer) config(host string) *tls.Config {
	name := cmp.Or(host, d.Endpoint.hostname())
	if d.TLS == nil {
		return &tls.Config{ServerName: name, NextProtos: []string{"http/1.1"}}
	}
	if d.TLS.ServerName != "" {
		return d.TLS
	}
	config := d.TLS.Clone() // the cache of sessions stays shared
	config.ServerName = name
	return config
}
