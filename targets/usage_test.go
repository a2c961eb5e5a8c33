package targets

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

const before = `# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 1.5
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 1000
# TYPE ngxreplay_gc_pause_seconds histogram
ngxreplay_gc_pause_seconds_bucket{le="0.0001"} 5
ngxreplay_gc_pause_seconds_bucket{le="+Inf"} 5
ngxreplay_gc_pause_seconds_sum 0
ngxreplay_gc_pause_seconds_count 5
`

const after = `# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 4
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 3000
# TYPE ngxreplay_gc_pause_seconds histogram
ngxreplay_gc_pause_seconds_bucket{le="0.00005"} 40
ngxreplay_gc_pause_seconds_bucket{le="0.0001"} 100
ngxreplay_gc_pause_seconds_bucket{le="0.0004"} 104
ngxreplay_gc_pause_seconds_bucket{le="0.002"} 105
ngxreplay_gc_pause_seconds_bucket{le="+Inf"} 105
ngxreplay_gc_pause_seconds_sum 0
ngxreplay_gc_pause_seconds_count 105
`

func TestUsageFromMetrics(t *testing.T) {
	page := before
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(page)) }))
	defer server.Close()
	meter := Meter{Metrics: server.URL}
	first, err := meter.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	page = after
	second, err := meter.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// 100 pauses since: 95 up to 100 µs, 99 up to 400 µs.
	want := Used{CPU: 2500 * time.Millisecond, PeakRSS: 3000, GCPauses: 100, GCPauseP99: 400 * time.Microsecond}
	if got := second.Since(first); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := second.Since(second); got.GCPauses != 0 || got.GCPauseP99 != 0 || got.CPU != 0 {
		t.Errorf("nothing happened, but %+v", got)
	}
	page = "" // a service that exports none of these
	empty, err := meter.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := empty.Since(empty); got != (Used{CPU: -1, PeakRSS: -1, GCPauseP99: -1}) {
		t.Errorf("unknown numbers must be -1: %+v", got)
	}
	page = "<html>"
	if _, err := meter.Read(t.Context()); err == nil {
		t.Error("a page that holds no metrics was accepted")
	}
}

func TestUsageOfAProcess(t *testing.T) {
	meter := Meter{PID: os.Getpid()}
	first, err := meter.Read(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for spin := time.Now(); time.Since(spin) < 20*time.Millisecond; {
	}
	second, err := meter.Read(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if used := second.Since(first); used.CPU <= 0 || used.PeakRSS < 1<<20 || used.GCPauseP99 != -1 {
		t.Errorf("%+v", used)
	}
	if _, err := (Meter{PID: 1 << 30}).Read(context.Background()); err == nil {
		t.Error("a process that does not exist was read")
	}
}

func TestParseSpec(t *testing.T) {
	f := func(text, name, url, metrics string) {
		t.Helper()
		got, err := ParseSpec(text)
		if err != nil || got.Name != name || got.URL != url || got.Metrics != metrics || got.IsProgram() != (url == "") {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	f("gin", "gin", "", "")
	f("http://127.0.0.1:8080", "127.0.0.1:8080", "http://127.0.0.1:8080", "")
	f("http://127.0.0.1:8080/", "127.0.0.1:8080", "http://127.0.0.1:8080", "")
	f("new=https://staging.example", "new", "https://staging.example", "")
	f("svc=http://127.0.0.1:1,metrics=http://127.0.0.1:2/metrics?a=b", "svc", "http://127.0.0.1:1", "http://127.0.0.1:2/metrics?a=b")
	for _, bad := range []string{"", "-x", "a/b", "=http://x", "a b=http://x", "x=", "x=ftp://y", "x=http://y,foo=bar", "x=http://y,metrics=z", "x=http://y/path"} {
		if got, err := ParseSpec(bad); err == nil {
			t.Errorf("%q: got %+v", bad, got)
		}
	}
	if _, err := ParseSpecs([]string{"gin", "gin", "x=ftp://y"}); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("want two problems, got %v", err)
	}
}
