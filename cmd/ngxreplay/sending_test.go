package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"ngxreplay/replay/wire"

	"github.com/golang-jwt/jwt/v5"
)

// A seen request is what a handler had of it.
type seen struct {
	method, target, host, contentType, trace, token, cookie string
	body                                                    []byte
}

// startSocket serves a unix socket and keeps what it is sent.
func startSocket(t *testing.T) (path string, requests func() []seen) {
	t.Helper()
	dir, err := os.MkdirTemp("", "ngx") // t.TempDir is too long for a socket on some systems
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path = filepath.Join(dir, "app.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all []seen
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		h := r.Header
		mu.Lock()
		defer mu.Unlock()
		all = append(all, seen{r.Method, r.RequestURI, r.Host, h.Get("Content-Type"), h.Get("Traceparent"), h.Get("Authorization"), h.Get("Cookie"), body})
	}))
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return path, func() []seen {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

const sendingLog = `192.0.2.1 - - [10/Oct/2025:13:55:36 +0000] "GET /v1/a HTTP/1.1" 200 0 "-" "one"
192.0.2.2 - - [10/Oct/2025:13:55:36 +0000] "POST /v1/order HTTP/1.1" 200 0 "-" "two"
192.0.2.1 - - [10/Oct/2025:13:55:36 +0000] "PUT /v1/file HTTP/1.1" 200 0 "-" "one"
`

// One run with everything that changes requests, over a unix socket, seen from the other side.
func TestRequestsAsAskedFor(t *testing.T) {
	t.Setenv("SECRET", "hunter2")
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	log := write("access.log", sendingLog)
	bodies := write("bodies.yml", "- method: POST\n  json: '{\"n\": {{.N}}, \"who\": \"{{name}}\"}'\n- file: blob.bin\n")
	write("blob.bin", "\x00\x01")
	socket, requests := startSocket(t)
	run := func() []seen {
		before := len(requests())
		code, stdout, stderr := ngxreplay(t.Context(), "run", log, "--target", "app=unix:"+socket, "--speed", "50", "--spread", "even", "--connections", "1",
			"--rewrite", "^/v1/=>/v2/", "--auth", "jwt:hs256:env:SECRET,aud=shop", "--traceparent", "--bodies", bodies, "--json")
		if !isMeasured(code, stderr) {
			t.Fatal(code, stderr)
		}
		if strings.Contains(stdout, "hunter2") {
			t.Error("the secret is in the report")
		}
		if c := readRun(t, stdout).Config; c.Sending.Auth != "jwt:hs256:env:SECRET,aud=shop" || !c.Sending.Traceparent || c.Sending.Bodies != bodies {
			t.Errorf("%+v", c.Sending)
		}
		return requests()[before:]
	}
	got, again := run(), run()
	if len(got) != 3 || len(again) != 3 {
		t.Fatalf("%d and %d requests, want 3", len(got), len(again))
	}
	seed := wire.NewTraceSeed(1, "app")
	subjects := map[string]bool{}
	for i, r := range got {
		if !strings.HasPrefix(r.target, "/v2/") || r.host != "localhost" {
			t.Errorf("%s at %s", r.target, r.host)
		}
		if !strings.HasPrefix(r.trace, "00-"+seed.ID(uint64(i)).String()+"-") {
			t.Errorf("request %d: traceparent %s", i, r.trace)
		}
		claims := jwt.MapClaims{}
		token := strings.TrimPrefix(r.token, "Bearer ")
		if _, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return []byte("hunter2"), nil }); err != nil || claims["aud"] != "shop" {
			t.Errorf("%s: %v", r.token, err)
		}
		subjects[claims["sub"].(string)] = true
		if string(again[i].body) != string(r.body) || again[i].trace != r.trace {
			t.Errorf("another run sent %q, this one %q", again[i].body, r.body)
		}
	}
	if len(subjects) != 2 {
		t.Errorf("two clients are %v", subjects)
	}
	var order struct {
		N   int
		Who string
	}
	if err := json.Unmarshal(got[1].body, &order); err != nil || order.N != 1 || order.Who == "" || got[1].contentType != "application/json" {
		t.Errorf("%+v, %v", got[1], err)
	}
	if string(got[2].body) != "\x00\x01" || got[2].contentType != "application/octet-stream" || len(got[0].body) != 0 {
		t.Errorf("%+v", got[2])
	}
}
