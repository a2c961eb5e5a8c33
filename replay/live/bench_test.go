package live

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"ngxreplay/parse"
	"ngxreplay/replay/route"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"
)

// BenchmarkLane is what a line of a followed log costs from its bytes to its place in the replay.
func BenchmarkLane(b *testing.B) {
	format, err := parse.Compile("", timed, parse.EscapeDefault)
	if err != nil {
		b.Fatal(err)
	}
	s := &Shadow{began: time.Now(), table: route.NewLearner().Table(10), routes: []string{route.Other}, window: window{delay: time.Second}}
	s.changed.L = &s.mu
	s.stream, err = trace.NewStream(trace.Filter{}, func(r *trace.Request, t int64, precision time.Duration) { s.current.keep(r, t, precision) })
	if err != nil {
		b.Fatal(err)
	}
	var log bytes.Buffer
	for n := range 10_000 {
		fmt.Fprintf(&log, "10.0.0.1 \"GET /item/%d HTTP/1.1\" 200 %d.%03d 0.0%02d\n", n, s.began.Unix(), n%1000, n%100)
	}
	l := &lane{Shadow: s, name: "a.log"}
	rows := make([]traffic.Request, 512)
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += 10_000 {
		reader := parse.NewReader(bytes.NewReader(log.Bytes()), "a.log", format)
		l.counted = parse.Counts{}
		for reader.Scan() {
			entry, malformed := reader.Entry()
			l.take(reader, entry, malformed)
		}
		for s.window.release(rows, s.now()+int64(time.Hour)) > 0 {
		}
	}
}
