package wire

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"path"
	"strings"
)

// An Endpoint is where a target listens.
type Endpoint struct {
	Address string // host:port that is dialled, or the path of a unix socket
	Host    string // for the Host header where the log holds none
	TLS     bool
	Unix    bool
}

// unixPrefix begins the URL of a unix socket.
const unixPrefix = "unix:"

// ParseEndpoint reads http://host[:port], https://host[:port] or unix:/path/to.sock.
func ParseEndpoint(rawURL string) (Endpoint, error) {
	if file, found := strings.CutPrefix(rawURL, unixPrefix); found {
		return parseSocket(rawURL, file)
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return Endpoint{}, err
	}
	ports := map[string]string{"http": "80", "https": "443"}
	port, known := ports[u.Scheme]
	switch {
	case !known:
		return Endpoint{}, fmt.Errorf("url %q: want http://HOST:PORT, https://HOST:PORT or unix:/PATH", rawURL)
	case u.Hostname() == "":
		return Endpoint{}, fmt.Errorf("url %q: names no host", rawURL)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return Endpoint{}, fmt.Errorf("url %q: the log gives path and query; name scheme, host and port only", rawURL)
	case u.User != nil:
		return Endpoint{}, fmt.Errorf("url %q: holds a user; use --auth or --header instead", u.Redacted())
	}
	return Endpoint{
		Address: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port)),
		Host:    u.Host, TLS: u.Scheme == "https",
	}, nil
}

// longestSocket is the longest path of a unix socket that the system takes, in bytes.
const longestSocket = 107

func parseSocket(rawURL, file string) (Endpoint, error) {
	if strings.HasPrefix(file, "//") { // unix:///path is written by many
		file = path.Clean(file)
	}
	switch {
	case !path.IsAbs(file) || file == "/":
		return Endpoint{}, fmt.Errorf("url %q: want the whole path of a socket, as unix:/run/app.sock", rawURL)
	case len(file) > longestSocket:
		return Endpoint{}, fmt.Errorf("url %q: its path has %d bytes, and a socket's may have %d: link to it from a shorter one", rawURL, len(file), longestSocket)
	}
	return Endpoint{Address: file, Host: "localhost", Unix: true}, nil
}

// IsLoopback reports whether the endpoint is on this machine.
func (e Endpoint) IsLoopback() bool {
	if e.Unix {
		return true
	}
	host := e.hostname()
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// hostname is the host that is dialled, without its port.
func (e Endpoint) hostname() string {
	host, _, err := net.SplitHostPort(e.Address)
	if err != nil { // not made by ParseEndpoint
		return e.Address
	}
	return host
}
