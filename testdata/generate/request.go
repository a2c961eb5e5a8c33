package main

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// request is one connection of the plan: when it is opened, from where, and the bytes it carries. Every request has a
// connection of its own, as behind a load balancer that does not keep them, so reading until nginx closes is enough.
type request struct {
	at       time.Duration // since the start of the run
	source   netip.Addr    // of the loopback network
	wire     []byte        // may be anything, also no HTTP at all
	patience time.Duration // how long the client waits before it hangs up; 0: until nginx closes
	leaves   bool          // the client ends its side of the connection after sending
}

// field is a header field, as it is written.
type field struct{ name, value string }

// message is an HTTP request before it has a time and a sender.
type message struct {
	method, target, host string
	protocol             string // empty: HTTP/1.1
	fields               []field
	body                 []byte
}

// get is the message of a plain GET.
func get(host, target string, fields ...field) message {
	return message{method: "GET", host: host, target: target, fields: fields}
}

// with adds a header field; one without a value is left out.
func (m message) with(name, value string) message {
	if value == "" {
		return m
	}
	m.fields = append(m.fields[:len(m.fields):len(m.fields)], field{name, value})
	return m
}

// wire writes the message as it is sent.
func (m message) wire() []byte {
	var b strings.Builder
	protocol := m.protocol
	if protocol == "" {
		protocol = "HTTP/1.1"
	}
	fmt.Fprintf(&b, "%s %s %s\r\n", m.method, m.target, protocol)
	if m.host != "" {
		fmt.Fprintf(&b, "Host: %s\r\n", m.host)
	}
	for _, f := range m.fields {
		fmt.Fprintf(&b, "%s: %s\r\n", f.name, f.value)
	}
	if m.body != nil {
		b.WriteString("Content-Length: " + strconv.Itoa(len(m.body)) + "\r\n")
	}
	b.WriteString("Connection: close\r\n\r\n")
	b.Write(m.body)
	return []byte(b.String())
}
