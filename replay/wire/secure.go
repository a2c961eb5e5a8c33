package wire

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLSOptions say whom to trust and who we are. Names of files may be empty.
type TLSOptions struct {
	Insecure   bool     // accept any certificate
	CA         string   // PEM file of the authorities to trust, instead of the system's
	Cert, Key  string   // PEM files of the client's certificate; Key may be in Cert
	ServerName string   // sent and verified instead of the endpoint's host
	Protocols  []string // offered to the target, the preferred first; none is HTTP/1.1
}

// sessions is how many TLS sessions a configuration keeps for resumption. A server name needs one.
const sessions = 64

// Config reads the files and joins what is wrong with them. Connections of one configuration resume each other's
// sessions, as those of a browser do.
func (o TLSOptions) Config() (*tls.Config, error) {
	protocols := o.Protocols
	if len(protocols) == 0 {
		protocols = []string{"http/1.1"}
	}
	config := &tls.Config{
		ServerName: o.ServerName, InsecureSkipVerify: o.Insecure, NextProtos: protocols,
		ClientSessionCache: tls.NewLRUClientSessionCache(sessions),
	}
	var errs [2]error
	config.RootCAs, errs[0] = o.authorities()
	config.Certificates, errs[1] = o.certificates()
	return config, errors.Join(errs[:]...)
}

func (o TLSOptions) authorities() (*x509.CertPool, error) {
	if o.CA == "" {
		return nil, nil
	}
	text, err := os.ReadFile(o.CA)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("ca: %s: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", o.CA)
	}
	return pool, nil
}

func (o TLSOptions) certificates() ([]tls.Certificate, error) {
	switch {
	case o.Cert == "" && o.Key == "":
		return nil, nil
	case o.Cert == "":
		return nil, errors.New("key without a certificate: give both --cert and --key")
	}
	pair, err := tls.LoadX509KeyPair(o.Cert, cmp.Or(o.Key, o.Cert))
	if err != nil {
		return nil, fmt.Errorf("client certificate %s: %w", o.Cert, err)
	}
	return []tls.Certificate{pair}, nil
}
