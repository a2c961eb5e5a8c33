package traffic_test

import (
	"io"
	"testing"
	"time"

	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"
)

// Nanoseconds a request that is handed on, from a trace in memory: what the stages cost besides reading the file. "file"
// is the reading alone, and "file, plain" the reading through the stages when nothing is asked of them.
func BenchmarkTraffic(b *testing.B) {
	m := plain(50_000, 500, 100*time.Microsecond)
	m.most = 512
	for _, c := range []struct {
		name string
		opts traffic.Options
	}{
		{"plain", traffic.Options{}},
		{"clients", traffic.Options{Clients: true}},
		{"loop 3", traffic.Options{Loops: 3}},
		{"amplify 0.5", traffic.Options{Amplify: 0.5}},
		{"amplify 3", traffic.Options{Amplify: 3}},
		{"amplify 2.5", traffic.Options{Amplify: 2.5}},
		{"mix", traffic.Options{Mix: mix(b, "GET=9,POST=1")}},
		{"mix that cycles", traffic.Options{Mix: mix(b, "GET=5,POST=5")}},
		{"mix on disk", traffic.Options{Mix: mix(b, "GET=5,POST=5"), Memory: 1 << 20}},
	} {
		b.Run(c.name, func(b *testing.B) { benchmark(b, m.open, c.opts) })
	}
	file := build(b, "timed.log")
	b.Run("file", func(b *testing.B) {
		b.ReportAllocs()
		batch := make([]trace.Request, 512)
		for n := 0; n < b.N; {
			tr, err := file()
			for err == nil && n < b.N {
				var got int
				got, err = tr.Read(batch)
				n += got
			}
			if err != nil && err != io.EOF {
				b.Fatal(err)
			}
			tr.Close()
		}
	})
	b.Run("file, plain", func(b *testing.B) { benchmark(b, file, traffic.Options{}) })
	b.Run("file, mix", func(b *testing.B) { benchmark(b, file, traffic.Options{Mix: mix(b, "GET=7,POST=2,PUT=1")}) })
}

func benchmark(b *testing.B, open func() (traffic.Trace, error), opts traffic.Options) {
	b.ReportAllocs()
	batch := make([]traffic.Request, 512)
	for n := 0; n < b.N; {
		tr, err := traffic.New(open, opts)
		if err != nil {
			b.Fatal(err)
		}
		for err == nil && n < b.N {
			var got int
			got, err = tr.Read(batch)
			n += got
		}
		if err != nil && err != io.EOF {
			b.Fatal(err)
		}
		if err := tr.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
