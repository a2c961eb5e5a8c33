package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ngxreplay/parse"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"
)

// drawRequests draws requests that no log would hold, sorted by offset.
func drawRequests(t *rapid.T) []Request {
	word := rapid.OneOf(rapid.Just([]byte(nil)), rapid.SliceOfN(rapid.Byte(), 0, 9), rapid.SampledFrom([][]byte{[]byte("a"), []byte("GET"), {}}))
	some := rapid.SliceOfN(rapid.Byte(), 1, 9)
	number := rapid.OneOf(rapid.Just(int64(parse.Absent)), rapid.Int64(), rapid.Int64Range(0, 500))
	text := rapid.SampledFrom([]string{"", "x", "/user/:id", "ü"})
	header := rapid.Custom(func(t *rapid.T) Header { return Header{some.Draw(t, "name"), some.Draw(t, "value")} })
	offset := int64(0)
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Request {
		offset += rapid.Int64Range(0, 1e9).Draw(t, "gap")
		return Request{
			Offset: offset, Method: some.Draw(t, "method"), Target: some.Draw(t, "target"), Protocol: word.Draw(t, "protocol"),
			Scheme: word.Draw(t, "scheme"), Host: word.Draw(t, "host"), Referer: word.Draw(t, "referer"), UserAgent: word.Draw(t, "agent"),
			Headers: rapid.SliceOfN(header, 0, 3).Draw(t, "headers"), Body: word.Draw(t, "body"), Client: word.Draw(t, "client"), User: word.Draw(t, "user"),
			Connection: number.Draw(t, "connection"), ConnectionRequests: number.Draw(t, "requests"), Status: rapid.Int32().Draw(t, "status"),
			BodyBytes: number.Draw(t, "bytes"), RequestTime: number.Draw(t, "time"), RequestLength: number.Draw(t, "length"),
			Route: text.Draw(t, "route"), Source: text.Draw(t, "source"), Line: number.Draw(t, "line"),
		}
	}), 1, 60).Draw(t, "requests")
}

// sameRequests compares what a file holds: no headers are no headers, whether nil or empty.
var sameRequests = cmp.Transformer("headers", func(h []Header) string { return fmt.Sprint(h) })

// Whatever was written is read, whatever the sizes of pages, row groups and batches.
func TestFileProperties(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.trace")
	rapid.Check(t, func(t *rapid.T) {
		requests := drawRequests(t)
		var file bytes.Buffer
		w, err := newTableWriter(&file)
		if err != nil {
			t.Fatal(err)
		}
		w.limits.pageRows = rapid.IntRange(1, 70).Draw(t, "page")
		w.limits.groupRows = rapid.IntRange(1, 70).Draw(t, "group")
		if err := w.write(requests); err != nil {
			t.Fatal(err)
		}
		metadata := fmt.Sprintf(`{"schema":%q,"requests":%d}`, Schema, len(requests))
		if err := errors.Join(w.close(metadataKey, metadata), os.WriteFile(path, file.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
		got, err := readBatches(path, rapid.IntRange(1, 70).Draw(t, "batch"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(requests, got, sameRequests); diff != "" {
			t.Fatal(diff)
		}
	})
}

func readBatches(path string, size int) ([]Request, error) {
	r, err := openAny(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var all []Request
	for {
		batch := make([]Request, size)
		n, err := r.Read(batch)
		all = append(all, batch[:n]...)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

// A column of too many different words goes on without a dictionary.
func TestManyWords(t *testing.T) {
	long := strings.Repeat("x", 500)
	var requests []Request
	for i := range 8000 {
		r := absent()
		r.Offset, r.Method, r.Target = int64(i), []byte("GET"), []byte("/")
		r.UserAgent = fmt.Appendf(nil, "%s%d", long, i%6000)
		requests = append(requests, r)
	}
	path := filepath.Join(t.TempDir(), "x.parquet")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newTableWriter(file)
	if err != nil {
		t.Fatal(err)
	}
	w.limits.pageRows = 1000
	wide := 0
	for i := range requests {
		if err := w.write(requests[i : i+1]); err != nil {
			t.Fatal(err)
		}
		for _, c := range w.columns {
			if c.wide && c.name == "user_agent" {
				wide++
			}
		}
	}
	if err := errors.Join(w.close("k", "v"), file.Close()); err != nil {
		t.Fatal(err)
	}
	if wide == 0 || wide == len(requests) {
		t.Errorf("%d of %d requests without a dictionary", wide, len(requests))
	}
	got, err := readBatches(path, 512)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if !bytes.Equal(got[i].UserAgent, requests[i].UserAgent) {
			t.Fatalf("request %d: agent %s", i, got[i].UserAgent[len(long):])
		}
	}
}

func writeParquet[T any](t testing.TB, rows []T, options ...parquet.WriterOption) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.parquet")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := parquet.NewGenericWriter[T](file, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAForeignFileNeedsThreeColumns(t *testing.T) {
	type row struct {
		Target string `parquet:"target"`
		Method string `parquet:"method,dict"`
		Offset uint32 `parquet:"offset_ns"`
		Other  float64
	}
	path := writeParquet(t, []row{{"/b", "GET", 7e8, 1}, {"/a", "POST", 2e8, 1}, {"/c", "GET", 4e9, 1}})
	if _, err := Open(path); !errors.Is(err, ErrForeign) {
		t.Errorf("Open: %v", err)
	}
	built, requests := buildTrace(t, Selection{Inputs: []string{path}}, BuildOptions{})
	if got := targets(requests); got != "/a /b /c" || requests[1].Arrival() != 500*time.Millisecond {
		t.Errorf("%s, the second after %v", got, requests[1].Arrival())
	}
	r := requests[0]
	if r.Source != path || r.Line != 2 || string(r.Method) != "POST" || r.Status != 0 || r.BodyBytes != parse.Absent || r.RequestTime != parse.Absent || r.Connection != parse.Absent || r.Host != nil {
		t.Errorf("%+v", r)
	}
	if built.Info.SHA256 == "" || len(built.Info.Routes) == 0 || built.Info.Methods["GET"] != 2 || built.Info.Ledger.Entries != 3 {
		t.Errorf("%+v", built.Info)
	}
}

func TestAForeignFileOfAllTypes(t *testing.T) {
	type header struct {
		Key   string  `parquet:"key"`
		Value *string `parquet:"value,optional"`
	}
	type row struct {
		Arrival time.Time `parquet:"arrival,timestamp(millisecond)"`
		Method  *string   `parquet:"method,optional"`
		Target  *[]byte   `parquet:"target,optional"`
		Status  *uint16   `parquet:"status,optional,dict"`
		Bytes   *int32    `parquet:"body_bytes,optional"`
		Length  uint64    `parquet:"request_length"`
		Host    *string   `parquet:"host,optional,dict"`
		Headers []header  `parquet:"headers,list"`
		Route   string    `parquet:"route"`
		Source  string    `parquet:"source"`
		Line    int8      `parquet:"line"`
	}
	text := func(s string) *string { return &s }
	target, status, size, start := []byte("/x"), uint16(404), int32(9), time.UnixMilli(1_700_000_000_123)
	path := writeParquet(t, []row{
		{start.Add(time.Second), text("PUT"), &target, &status, &size, 11, text("h"), []header{{"accept", text("*/*")}, {"cookie", nil}}, "/ignored", "web1", 5},
		{start, text("GET"), &target, nil, nil, 12, nil, nil, "/ignored", "web1", 4},
	}, parquet.DataPageVersion(1))
	built, requests := buildTrace(t, Selection{Inputs: []string{path}}, BuildOptions{})
	want := []Request{absent(), absent()}
	want[0].Method, want[0].Target, want[0].RequestLength, want[0].Line = []byte("GET"), target, 12, 4
	want[1].Method, want[1].Target, want[1].RequestLength, want[1].Line = []byte("PUT"), target, 11, 5
	want[1].Offset, want[1].Status, want[1].BodyBytes, want[1].Host = 1e9, 404, 9, []byte("h")
	want[1].Headers = []Header{{[]byte("accept"), []byte("*/*")}}
	for i := range want {
		want[i].Source, want[i].Route = "web1", "/x"
	}
	if diff := cmp.Diff(want, requests, sameRequests); diff != "" {
		t.Error(diff)
	}
	if built.Info.StartNS != start.UnixNano() || built.Info.PrecisionNS != int64(time.Millisecond) {
		t.Errorf("start %d, precision %d", built.Info.StartNS, built.Info.PrecisionNS)
	}
}

func TestForeignFilesThatAreNoTraces(t *testing.T) {
	type good struct {
		Offset int64  `parquet:"offset_ns"`
		Method string `parquet:"method"`
		Target string `parquet:"target"`
	}
	text := "GET"
	for _, c := range []struct{ path, want string }{
		{writeParquet(t, []struct {
			Method string `parquet:"method"`
			Target string `parquet:"target"`
		}{{"GET", "/"}}), "column offset_ns is missing"},
		{writeParquet(t, []struct {
			Offset int64  `parquet:"offset_ns"`
			Target string `parquet:"target"`
		}{{1, "/"}}), "column method is missing"},
		{writeParquet(t, []struct {
			Offset int64  `parquet:"arrival"`
			Method string `parquet:"method"`
			Target string `parquet:"target"`
		}{{1, "GET", "/"}}), "column arrival is no timestamp"},
		{writeParquet(t, []struct {
			Offset float64 `parquet:"offset_ns"`
			Method string  `parquet:"method"`
			Target string  `parquet:"target"`
		}{{1, "GET", "/"}}), "column offset_ns is DOUBLE, want an integer"},
		{writeParquet(t, []struct {
			Arrival int32  `parquet:"arrival,date"`
			Method  string `parquet:"method"`
			Target  string `parquet:"target"`
		}{{1, "GET", "/"}}), "column arrival is DATE, want a timestamp"},
		{writeParquet(t, []struct {
			Offset int64  `parquet:"offset_ns"`
			Method int32  `parquet:"method"`
			Target string `parquet:"target"`
		}{{1, 2, "/"}}), "column method is INT(32,true), want text"},
		{writeParquet(t, []struct {
			Offset int64    `parquet:"offset_ns"`
			Method string   `parquet:"method"`
			Target []string `parquet:"target"`
		}{{1, "GET", []string{"/"}}}), "column target is a list"},
		{writeParquet(t, []struct {
			Offset int64   `parquet:"offset_ns"`
			Method *string `parquet:"method,optional"`
			Target string  `parquet:"target"`
		}{{1, &text, "/"}, {1, nil, "/"}}), "column method holds nulls"},
		{writeParquet(t, []struct {
			Offset uint64 `parquet:"offset_ns"`
			Method string `parquet:"method"`
			Target string `parquet:"target"`
		}{{math.MaxUint64, "GET", "/"}}), "18446744073709551615 is too large"},
		{writeParquet(t, []good{{math.MinInt64, "GET", "/"}}), "row 1: an arrival of"},
		{writeParquet(t, []good{{1, "GET", "/"}, {2, "", "/"}}), "row 2: method is empty"},
		{writeParquet(t, []good{{1, "GET", ""}}), "row 1: target is empty"},
		{writeParquet(t, []good{}), "nothing to replay"},
	} {
		_, err := Build(t.Context(), Selection{Inputs: []string{c.path}}, BuildOptions{}, filepath.Join(t.TempDir(), "x.trace"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		} else if !strings.Contains(err.Error(), "docs/trace-format.md") && !strings.Contains(c.want, "large") && !strings.Contains(c.want, "nothing") {
			t.Errorf("%v: does not name the document", err)
		}
	}
}

// ownTrace writes a file with the metadata of a trace. Damage to its pages shows in their checksums only when checked.
func ownTrace(t testing.TB, checked bool, info Info, requests ...Request) string {
	t.Helper()
	metadata, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w, err := newTableWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range w.columns {
		if !checked {
			c.sum = func(...[]byte) int32 { return 0 }
		}
	}
	for i := range requests {
		if err := w.write(requests[i : i+1]); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "x.trace")
	if err := errors.Join(w.close(metadataKey, string(metadata)), os.WriteFile(path, file.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTracesThatAreRefused(t *testing.T) {
	at := func(offset int64) Request { return Request{Offset: offset, Method: []byte("GET"), Target: []byte("/")} }
	for _, c := range []struct{ path, want string }{
		{ownTrace(t, true, Info{Schema: "ngxreplay.trace/2", Requests: 1}, at(0)), `schema "ngxreplay.trace/2", but this ngxreplay reads ngxreplay.trace/1`},
		{ownTrace(t, true, Info{Schema: Schema, Requests: 2}, at(0)), "1 rows, but the metadata says 2 requests"},
		{ownTrace(t, true, Info{Schema: Schema, Requests: 2}, at(5), at(4)), "not a sorted trace"},
		{writeParquet(t, []struct {
			Offset int64 `parquet:"offset_ns"`
			Method int64 `parquet:"method"`
		}{{1, 2}}, parquet.KeyValueMetadata(metadataKey, `{"schema":"ngxreplay.trace/1","requests":1}`)), "column method is INT(64,true), want text"},
		{writeLog(t, "half.trace", magic, "and no more"), "not a complete trace"},
	} {
		if _, err := readBatches(c.path, 9); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// FuzzReader damages a trace in two places, with and without checksums that tell: it is read or it is an error, and what
// is read is in order.
func FuzzReader(f *testing.F) {
	requests := sampleRequests(300)
	for i := range requests {
		if i%7 == 0 {
			requests[i].Headers = []Header{{[]byte("accept"), []byte("*/*")}, {[]byte("dnt"), nil}}
		}
	}
	info := Info{Schema: Schema, Requests: 300}
	var files [3][]byte
	for i, path := range [...]string{ownTrace(f, false, info, requests...), ownTrace(f, true, info, requests...), writeParquet(f, genericRows(requests))} {
		var err error
		if files[i], err = os.ReadFile(path); err != nil {
			f.Fatal(err)
		}
	}
	for i := range uint32(200) {
		f.Add(i*uint32(len(files[0])/200), byte(1<<(i%8)), uint32(0), byte(0), byte(i))
	}
	path := filepath.Join(f.TempDir(), "x.trace")
	f.Fuzz(func(t *testing.T, at uint32, flip byte, at2 uint32, flip2 byte, which byte) {
		file := bytes.Clone(files[which%3])
		file[int(at)%len(file)] ^= flip
		file[int(at2)%len(file)] ^= flip2
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readBatches(path, 64)
		if err != nil || which%3 == 2 {
			return
		}
		for i := range got {
			if i > 0 && got[i].Offset < got[i-1].Offset {
				t.Fatalf("request %d at %d, after %d", i, got[i].Offset, got[i-1].Offset)
			}
		}
	})
}
