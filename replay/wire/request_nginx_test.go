package wire

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"ngxreplay/internal/nginxtest"
	"ngxreplay/replay/trace"
)

// A real nginx answers If-None-Match: * with 304, and measures the requests with filler as long as the logged ones.
func TestNginxReadsWhatWeMake(t *testing.T) {
	n := nginxtest.Start(t, `
error_log stderr; pid nginx.pid; worker_processes 1;
events { worker_connections 64; }
http {
	`+nginxtest.Temporary+`
	log_format length '$request_length $status';
	client_body_buffer_size 1m; # no files
	server {
		listen LISTEN;
		access_log length.log length;
		location /page { empty_gif; }
		location /upload { proxy_pass http://UPSTREAM; } # what it answers itself it logs before the body
	}
	server { listen UPSTREAM; access_log off; return 204; }
}`)
	endpoint, err := ParseEndpoint("http://" + n.Address)
	if err != nil {
		t.Fatal(err)
	}
	d := &Dialer{Endpoint: endpoint, Timeout: 10 * time.Second}
	raw, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	in := bufio.NewReader(raw)
	send := func(format Format, r trace.Request, want int) {
		t.Helper()
		format.Host = endpoint.Host
		if _, err := raw.Write(format.Append(nil, &r, Sending{})); err != nil {
			t.Fatal(err)
		}
		got, err := http.ReadResponse(in, nil)
		if err != nil || got.StatusCode != want || got.Close {
			t.Fatalf("%s: %+v, %v, want %d", r.Target, got, err, want)
		}
		if _, err := io.Copy(io.Discard, got.Body); err != nil {
			t.Fatal(err)
		}
	}
	page := trace.Request{Method: []byte("GET"), Target: []byte("/page"), Status: 304}
	send(Format{}, page, 200)
	send(Format{Revalidate: true}, page, 304)
	for _, length := range []int64{200, 1000, 5000, 100_000} {
		send(Format{}, trace.Request{Method: []byte("POST"), Target: []byte("/upload"), RequestLength: length}, 204)
	}
	raw.Close()
	n.Stop(t)
	lines := strings.Split(strings.TrimSpace(string(n.Log(t, "length.log"))), "\n")[2:]
	for i, length := range []int{200, 1000, 5000, 100_000} {
		if want := fmt.Sprintf("%d 204", length); lines[i] != want {
			t.Errorf("nginx counted %q, want %q", lines[i], want)
		}
	}
}
