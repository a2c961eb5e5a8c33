package trace

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkBuilder is what a request costs between parsing and the trace file, in memory and with sorted runs on disk.
func BenchmarkBuilder(b *testing.B) {
	const requests = 100_000
	for name, memory := range map[string]int{"memory": DefaultMemory, "disk": 4 << 20} {
		for _, kind := range []string{"coarse", "fine"} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				list, stamps := benchRequests(requests, kind == "fine")
				b.ReportAllocs()
				for b.Loop() {
					builder := newBuilder(BuildOptions{Memory: memory}.withDefaults())
					for i := range list {
						if err := builder.add(&list[i], stamps[i]); err != nil {
							b.Fatal(err)
						}
					}
					n := 0
					if err := builder.drain(func(key, []byte) error { n++; return nil }); err != nil || n != requests {
						b.Fatal(n, err)
					}
					if err := builder.close(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/requests, "ns/request")
			})
		}
	}
}

// benchRequests are those of a thousand a second, fine ones with request times of up to a second.
func benchRequests(n int, fine bool) ([]Request, []stamp) {
	rng := rand.New(rand.NewPCG(1, 2))
	list, stamps := make([]Request, n), make([]stamp, n)
	for i := range list {
		list[i] = Request{
			Method: []byte("GET"), Target: fmt.Appendf(nil, "/product/%d/reviews?page=%d", rng.IntN(4000), i%7), Protocol: []byte("HTTP/1.1"),
			Referer: []byte("https://www.shop.example/category/17/offers.html"), Client: []byte("203.0.113.77"),
			UserAgent: []byte("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"),
			Status:    200, BodyBytes: rng.Int64N(60_000), RequestTime: -1, RequestLength: -1, Connection: -1, ConnectionRequests: -1,
			Source: "access.log", Line: int64(i + 1),
		}
		at := epoch.UnixNano() + int64(i)*1e6
		stamps[i] = stamp{time: at / 1e9 * 1e9, precision: coarsePrecision}
		if fine {
			list[i].RequestTime = rng.Int64N(1000) * 1e6
			stamps[i] = stamp{time: at, precision: 1e6}
		}
	}
	return list, stamps
}
