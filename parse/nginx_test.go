package parse

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"ngxreplay/internal/nginxtest"
)

// answerLimit is how long nginx may take to answer. It takes milliseconds.
const answerLimit = 20 * time.Second

// send writes raw bytes on a connection of its own and returns what came back until nginx closed it. abort closes our
// side first, as a client that gives up does.
func send(t *testing.T, n *nginxtest.Server, raw []byte, abort bool) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", n.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(raw); err != nil {
		t.Fatal(err)
	}
	if abort {
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("%.100q: %v", raw, err)
	}
	return answer
}

// nginxConf writes a configuration with a log for each format and escape. One worker and no lingering: then a line is
// written before its connection is closed, and the lines have the order of the requests.
func nginxConf(formats []nginxFormat) string {
	var b strings.Builder
	b.WriteString(`worker_processes 1;
pid nginx.pid;
events { worker_connections 64; }
http {
	lingering_close off;
	` + nginxtest.Temporary + "\n")
	for i, f := range formats {
		for _, escape := range escapes {
			fmt.Fprintf(&b, "\tlog_format f%d_%s escape=%s '%s';\n", i, escape, escape, f.text)
			fmt.Fprintf(&b, "\taccess_log f%d_%s.log f%d_%s;\n", i, escape, i, escape)
		}
	}
	b.WriteString(`
	server {
		listen LISTEN;
		location / { proxy_pass http://UPSTREAM; }
	}
	server {
		listen UPSTREAM;
		access_log off;
		location / { return 200 "a body\n"; }
	}
}
`)
	return b.String()
}

var escapes = []Escape{EscapeDefault, EscapeJSON, EscapeNone}
