package trace

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"ngxreplay/replay/route"

	"github.com/parquet-go/parquet-go"
)

// sampleRequests are like those of a combined log of a busy site: a few pages and agents come often, many once.
func sampleRequests(n int) []Request {
	rng := rand.New(rand.NewPCG(1, 2))
	often := func(words int) int { return int(float64(words) * rng.Float64() * rng.Float64() * rng.Float64()) }
	requests := make([]Request, n)
	for i := range requests {
		r := absent()
		r.Offset = int64(i)*1_000_000 + rng.Int64N(1_000_000)
		r.Method = []byte([]string{"GET", "GET", "GET", "GET", "POST", "HEAD"}[rng.IntN(6)])
		r.Target = fmt.Appendf(nil, "/shop/product/%d?page=%d", often(200_000), often(40))
		r.Protocol = []byte("HTTP/1.1")
		r.Referer = fmt.Appendf(nil, "https://www.shop.example/category/%d.html", often(5000))
		r.UserAgent = fmt.Appendf(nil, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.%d.0 Safari/537.36", 90+often(40), often(30))
		r.Client = fmt.Appendf(nil, "192.%d.%d.%d", often(3), often(200), rng.IntN(256))
		r.Status, r.BodyBytes = 200, int64(often(40_000))
		r.Source, r.Line = "access.log", int64(i+1)
		requests[i] = r
	}
	return requests
}

func benchTable(requests []Request) *route.Table {
	learner := route.NewLearner()
	for i := range requests {
		learner.Observe(requests[i].Method, requests[i].Target)
	}
	return learner.Table(DefaultRoutes)
}

const benchRows = 200_000

// BenchmarkWrite writes sort records as a trace. rows/file is what Parquet costs of it, and rows/generic what it would
// cost with the library's writer.
func BenchmarkWrite(b *testing.B) {
	requests := sampleRequests(benchRows)
	b.Run("trace", func(b *testing.B) {
		builder := newBuilder(BuildOptions{}.withDefaults())
		var records [][]byte
		for i := range requests {
			records = append(records, appendRequest(timing{source: builder.sources.number(requests[i].Source)}.appendTo(nil), &requests[i]))
		}
		table := benchTable(requests)
		benchPerRow(b, func() int64 {
			w, err := create(filepath.Join(b.TempDir(), "x.trace"), Info{Ledger: newLedger()}, table, 0)
			if err != nil {
				b.Fatal(err)
			}
			for i, record := range records {
				if err := w.writeRecord(builder, requests[i].Offset, record); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := w.finish(); err != nil {
				b.Fatal(err)
			}
			return w.rows.offset
		})
	})
	b.Run("file", func(b *testing.B) {
		benchPerRow(b, func() int64 { return writeTable(b, io.Discard, requests) })
	})
	b.Run("generic", func(b *testing.B) {
		benchPerRow(b, func() int64 {
			var size sizeCounter
			w := parquet.NewGenericWriter[genericRow](&size, parquet.MaxRowsPerRowGroup(1<<17))
			if _, err := w.Write(genericRows(requests)); err != nil {
				b.Fatal(err)
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
			return int64(size)
		})
	})
}

// BenchmarkRead reads a trace, by columns and with the library's reader.
func BenchmarkRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x.trace")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	size := writeTable(b, file, sampleRequests(benchRows))
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
	b.Run("columns", func(b *testing.B) {
		batch := make([]Request, 512)
		benchPerRow(b, func() int64 {
			r, err := openAny(path)
			if err != nil {
				b.Fatal(err)
			}
			for err == nil {
				_, err = r.Read(batch)
			}
			if err != io.EOF || r.rows != benchRows {
				b.Fatal(err, r.rows)
			}
			r.Close()
			return size
		})
	})
	b.Run("generic", func(b *testing.B) {
		batch := make([]genericRow, 512)
		benchPerRow(b, func() int64 {
			file, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			defer file.Close()
			r := parquet.NewGenericReader[genericRow](file)
			for err == nil {
				_, err = r.Read(batch)
			}
			if err != io.EOF {
				b.Fatal(err)
			}
			return size
		})
	})
}

// benchPerRow measures work on benchRows rows, which returns how many bytes the file has.
func benchPerRow(b *testing.B, work func() int64) {
	b.ReportAllocs()
	var size int64
	start := cpuTime(b)
	for b.Loop() {
		size = work()
	}
	b.SetBytes(size)
	b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N)/benchRows, "cpu-ns/row")
	b.ReportMetric(float64(size)/benchRows, "bytes/row")
}

// cpuTime is what the process has used: a busy machine does not change it much.
func cpuTime(b *testing.B) int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func writeTable(tb testing.TB, out io.Writer, requests []Request) int64 {
	tb.Helper()
	w, err := newTableWriter(out)
	if err != nil {
		tb.Fatal(err)
	}
	for rows := range slices.Chunk(requests, batchRows) {
		if err := w.write(rows); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.close("test", "x"); err != nil {
		tb.Fatal(err)
	}
	return w.offset
}

type sizeCounter int64

func (c *sizeCounter) Write(b []byte) (int, error) {
	*c += sizeCounter(len(b))
	return len(b), nil
}

// A genericRow is a request as the library's own writer and reader want it.
type genericRow struct {
	Offset        int64    `parquet:"offset_ns,delta,zstd"`
	Method        []byte   `parquet:"method,string,dict,zstd"`
	Target        []byte   `parquet:"target,zstd"`
	Protocol      []byte   `parquet:"protocol,string,optional,dict,zstd"`
	Referer       []byte   `parquet:"referer,optional,dict,zstd"`
	UserAgent     []byte   `parquet:"user_agent,optional,dict,zstd"`
	Client        []byte   `parquet:"client,optional,dict,zstd"`
	Connection    int64    `parquet:"connection,zstd"`
	Requests      int64    `parquet:"connection_requests,zstd"`
	Status        int32    `parquet:"status,zstd"`
	BodyBytes     int64    `parquet:"body_bytes,zstd"`
	RequestTime   int64    `parquet:"request_time_ns,zstd"`
	RequestLength int64    `parquet:"request_length,zstd"`
	Route         string   `parquet:"route,dict,zstd"`
	Source        string   `parquet:"source,dict,zstd"`
	Line          int64    `parquet:"line,delta,zstd"`
	Headers       []Header `parquet:"headers,list"`
}

func genericRows(requests []Request) []genericRow {
	rows := make([]genericRow, len(requests))
	for i := range requests {
		r := &requests[i]
		rows[i] = genericRow{
			r.Offset, r.Method, r.Target, r.Protocol, r.Referer, r.UserAgent, r.Client, r.Connection, r.ConnectionRequests,
			r.Status, r.BodyBytes, r.RequestTime, r.RequestLength, r.Route, r.Source, r.Line, r.Headers,
		}
	}
	return rows
}
