package parse

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ngxreplay/internal/nginxtest"
)

// TestNginxCarriers reads what a real nginx sends to syslog, with and without the name of the host, and the archive of
// many members that it writes with gzip.
func TestNginxCarriers(t *testing.T) {
	listener, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conf := strings.Replace(nginxConf(nil), "\tserver {", fmt.Sprintf(`	access_log syslog:server=%[1]s,tag=web combined;
	access_log syslog:server=%[1]s,nohostname combined;
	access_log archive.gz combined gzip=1 buffer=1k;
	server {`, listener.LocalAddr()), 1)
	n := nginxtest.Start(t, conf)
	const requests = 50
	var log strings.Builder
	if err := listener.SetReadDeadline(time.Now().Add(answerLimit)); err != nil {
		t.Fatal(err)
	}
	for i := range requests {
		send(t, n, fmt.Appendf(nil, "GET /%d HTTP/1.1\r\nHost: a\r\nUser-Agent: \"x\"\r\nConnection: close\r\n\r\n", i), false)
		for range 2 {
			datagram := make([]byte, 4096)
			size, _, err := listener.ReadFrom(datagram)
			if err != nil {
				t.Fatal(err)
			}
			log.Write(append(datagram[:size], '\n'))
		}
	}
	n.Stop(t)
	check := func(s *Source, envelope Envelope, times int) {
		t.Helper()
		d, err := Detect(s.Sample())
		if err != nil || d.Format.Name() != "combined" || d.Envelope != envelope || len(d.Formats) != 1 {
			t.Fatalf("%+v, %v", d, err)
		}
		r := NewReader(s, s.Name, d.Formats...)
		for line := 0; r.Scan(); line++ {
			e, bad := r.Entry()
			if bad != nil {
				t.Fatal(bad)
			}
			if want := fmt.Sprintf("/%d", line/times); string(e.Target) != want || string(e.UserAgent) != `"x"` {
				t.Errorf("got %s by %s, want %s", e.Target, e.UserAgent, want)
			}
		}
		if r.Err() != nil || r.Counts() != (Counts{Lines: requests * int64(times), Entries: requests * int64(times)}) {
			t.Errorf("%+v, %v", r.Counts(), r.Err())
		}
	}
	s, err := OpenReader("syslog", strings.NewReader(log.String()))
	if err != nil {
		t.Fatal(err)
	}
	check(s, EnvelopeSyslog, 2)
	archive := mustOpen(t, filepath.Join(n.Dir, "archive.gz"))
	if archive.Compression != "gzip" {
		t.Error(archive.Compression)
	}
	check(archive, EnvelopeNone, 1)
}
