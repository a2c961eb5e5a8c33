package parse

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/satyrius/gonx"
)

const benchCombined = `10.152.189.85 - - [07/Feb/2024:11:53:54 +0500] "GET /storage/websites/April2022/Eergmp9p0lgN006Hok6Z.png HTTP/1.1" 200 820116 "https://myactivity.example.com/" "Mozilla/5.0 (Linux; Android 12; M2101K7AG) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/121.0.6167.143 Mobile Safari/537.36"`

const benchJSON = `{"time":"2019-01-22T03:56:14+03:30","remote_addr":"54.36.149.41","request":"GET /filter/27|13%20%D9%85%DA%AF%D8%A7%D9%BE%DB%8C%DA%A9%D8%B3%D9%84,27|p53 HTTP/1.1","status":200,"body_bytes_sent":30577,"http_referer":"","http_user_agent":"Mozilla/5.0 (compatible; AhrefsBot/6.1; +http://ahrefs.com/robot/)"}`

const benchJSONFormat = `{"time":"$time_iso8601","remote_addr":"$remote_addr","request":"$request","status":$status,"body_bytes_sent":$body_bytes_sent,"http_referer":"$http_referer","http_user_agent":"$http_user_agent"}`

func BenchmarkCombined(b *testing.B) {
	b.Run("parse", func(b *testing.B) {
		f, _ := Lookup("combined")
		benchParse(b, f, benchCombined)
	})
	b.Run("gonx", func(b *testing.B) {
		p := gonx.NewParser(combined)
		b.SetBytes(int64(len(benchCombined)))
		b.ReportAllocs()
		for b.Loop() {
			e, err := p.ParseString(benchCombined)
			if err != nil {
				b.Fatal(err)
			}
			if s, _ := e.Field("status"); s != "200" {
				b.Fatal(s)
			}
		}
	})
}

func benchParse(b *testing.B, f *Format, text string) {
	p, line := f.NewParser(), []byte(text)
	var e Entry
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Parse(line, &e); err != nil {
			b.Fatal(err)
		}
		if e.Status != 200 || e.Unreplayable != "" {
			b.Fatal(e.Status)
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	b.Run("parse", func(b *testing.B) {
		benchParse(b, mustCompile("", benchJSONFormat, EscapeJSON), benchJSON)
	})
	b.Run("encoding-json", func(b *testing.B) {
		line := []byte(benchJSON)
		b.SetBytes(int64(len(line)))
		b.ReportAllocs()
		for b.Loop() {
			var e struct {
				Time      string `json:"time"`
				Addr      string `json:"remote_addr"`
				Request   string `json:"request"`
				Status    int    `json:"status"`
				BodyBytes int64  `json:"body_bytes_sent"`
				Referer   string `json:"http_referer"`
				UserAgent string `json:"http_user_agent"`
			}
			if err := json.Unmarshal(line, &e); err != nil {
				b.Fatal(err)
			}
			if e.Status != 200 {
				b.Fatal(e.Status)
			}
		}
	})
}

// BenchmarkReader reads whole logs, with line splitting.
func BenchmarkReader(b *testing.B) {
	f, _ := Lookup("combined")
	log := bytes.Repeat([]byte(benchCombined+"\n"), 10_000)
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(bytes.NewReader(log), "bench", f)
		for r.Scan() {
			if e, bad := r.Entry(); bad != nil || e.Status != 200 {
				b.Fatal(bad)
			}
		}
		if r.Counts().Entries != 10_000 || r.Err() != nil {
			b.Fatal(r.Counts(), r.Err())
		}
	}
}

// BenchmarkParallel reads the same log serially and by several goroutines, from memory and compressed.
func BenchmarkParallel(b *testing.B) {
	f, _ := Lookup("combined")
	log := bytes.Repeat([]byte(benchCombined+"\n"), 100_000)
	compressed := gzipped(b, string(log))
	run := func(name string, open func() lineReader) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(log)))
			b.ReportAllocs()
			for b.Loop() {
				r := open()
				var status int
				for r.Scan() {
					if e, bad := r.Entry(); bad == nil {
						status += e.Status
					}
				}
				if r.Counts().Entries != 100_000 || r.Err() != nil || status != 200*100_000 {
					b.Fatal(r.Counts(), r.Err())
				}
			}
		})
	}
	source := func(data []byte) *Source {
		s, err := OpenReader("bench", bytes.NewReader(data))
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	run("serial", func() lineReader { return NewReader(source(log), "bench", f) })
	run("parallel", func() lineReader { return NewParallelReader(source(log), "bench", 2, f) })
	run("serial-gzip", func() lineReader { return NewReader(source(compressed), "bench", f) })
	run("parallel-gzip", func() lineReader { return NewParallelReader(source(compressed), "bench", 2, f) })
}
