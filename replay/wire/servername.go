package wire

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// longestName is how long the name of a host can be, and longestLabel a part of it.
const (
	longestName  = 253
	longestLabel = 63
)

// ServerName returns what TLS asks for and looks for in the certificate where a Host header says host: the name in small
// letters and without port, or the IP address, which is looked for but not asked for. It returns "" for what is neither:
// hosts come from logs, and anybody may have sent them.
func ServerName(host []byte) string {
	if len(host) > longestName+len(":65535") {
		return ""
	}
	name := string(bytes.ToLower(host))
	if ip, err := netip.ParseAddrPort(name); err == nil {
		return ip.Addr().Unmap().WithZone("").String()
	}
	if ip, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return ip.Unmap().WithZone("").String()
	}
	name, _, _ = strings.Cut(name, ":")
	name = strings.TrimSuffix(name, ".")
	if !isServerName(name) {
		return ""
	}
	return name
}

// isServerName reports whether a host can be called that.
func isServerName(name string) bool {
	if len(name) > longestName {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > longestLabel || !isAlphanumeric(label[0]) {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !isAlphanumeric(c) && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}

func isAlphanumeric(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// An IdentityError says that the target is not who was asked for, and what to do. Asking again does not help.
type IdentityError struct {
	text string
	err  error
}

func (e *IdentityError) Error() string { return e.text }
func (e *IdentityError) Unwrap() error { return e.err }

// isUnrecognized reports whether a server says that it has no such name (RFC 6066). crypto/tls has the alerts of a peer as
// a type of its own.
func isUnrecognized(err error) bool {
	var alert *net.OpError
	return errors.As(err, &alert) && alert.Op == "remote error" && alert.Err.Error() == tls.AlertError(112).Error()
}

// explain adds what to do to an error of a handshake that is about who the target is; others remain as they are. logged
// says that the name is the host of a logged request.
func explain(err error, name string, logged bool) error {
	var verification *tls.CertificateVerificationError
	var mismatch x509.HostnameError
	var unknown x509.UnknownAuthorityError
	wanted := "the name asked for is " + name
	if logged {
		wanted = "the log's host is " + name
	}
	switch {
	case errors.As(err, &mismatch):
		names := certificateNames(mismatch.Certificate)
		remedy := "--insecure accepts it"
		if usable := slices.IndexFunc(names, isServerName); usable >= 0 {
			remedy = fmt.Sprintf("--sni %s keeps the Host header, --host %[1]s replaces it, --insecure accepts any certificate", names[usable])
		}
		return &IdentityError{fmt.Sprintf("certificate is for %s, %s: %s", someOf(names), wanted, remedy), err}
	case isUnrecognized(err):
		return &IdentityError{fmt.Sprintf("%s, which the target does not know: --sni NAME asks for one that it does and keeps the Host header, --host NAME replaces it", wanted), err}
	case errors.As(err, &unknown):
		return &IdentityError{err.Error() + ": --ca FILE trusts its authority, --insecure accepts any certificate", err}
	case errors.As(err, &verification):
		return &IdentityError{err.Error() + ": --insecure accepts any certificate", err}
	}
	return err
}

// certificateNames are what a certificate is for: names first.
func certificateNames(c *x509.Certificate) []string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// someOf lists the first few of the names that a target shows, which may be many.
func someOf(names []string) string {
	const few = 3
	switch n := len(names); {
	case n == 0:
		return "no name"
	case n > few:
		return fmt.Sprintf("%s and %d others", strings.Join(names[:few], ", "), n-few)
	}
	return strings.Join(names, ", ")
}
