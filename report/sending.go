package report

import "strings"

// Sending is what was asked of the requests beyond what the log holds.
type Sending struct {
	Rewrites    []string `json:"rewrites,omitempty"`
	DropCookies bool     `json:"drop_cookies,omitempty"`
	Traceparent bool     `json:"traceparent,omitempty"`
	Revalidate  bool     `json:"revalidate,omitempty"`
	Auth        string   `json:"auth,omitempty"`   // the kind, and where its secret was
	Bodies      string   `json:"bodies,omitempty"` // the file of rules
}

// Dialing is what was asked of the connections.
type Dialing struct {
	Insecure   bool     `json:"insecure,omitempty"`
	CA         string   `json:"ca,omitempty"`
	Cert       string   `json:"cert,omitempty"`
	ServerName string   `json:"sni,omitempty"`
	ByHost     bool     `json:"sni_by_host,omitempty"` // TLS connections have the server name of each request's host
	Resolve    []string `json:"resolve,omitempty"`
	Sources    string   `json:"source,omitempty"`
}

func (f *facts) addSending(s *Sending) {
	f.add("rewrites", strings.Join(s.Rewrites, ", "))
	f.addIf(s.DropCookies, "cookies", "dropped")
	f.addIf(s.Traceparent, "traceparent", "one for each request, by the seed")
	f.addIf(s.Revalidate, "logged 304", "asked for with If-None-Match: *")
	f.add("authorization", s.Auth)
	f.add("bodies", s.Bodies)
}

func (f *facts) addDialing(d *Dialing) {
	f.addIf(d.Insecure, "certificates", "not verified")
	f.add("authorities", d.CA)
	f.add("client certificate", d.Cert)
	f.add("TLS server name", d.ServerName)
	f.addIf(d.ByHost, "TLS server name", "that of each request's host")
	f.add("addresses", strings.Join(d.Resolve, " "))
	f.add("from", d.Sources)
}

func (f *facts) addIf(given bool, name, value string) {
	if given {
		f.add(name, value)
	}
}
