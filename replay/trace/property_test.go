package trace

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A logged line of the properties below: in which second it ended, how far into it, how long it took.
type loggedLine struct {
	second, fraction int // fraction in microseconds
	took             int // milliseconds
	client           int
}

func drawLines(t *rapid.T) []loggedLine {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) loggedLine {
		return loggedLine{
			second: rapid.IntRange(0, 12).Draw(t, "second"), fraction: rapid.IntRange(0, 999_999).Draw(t, "fraction"),
			took: rapid.SampledFrom([]int{0, 0, 3, 900, 2500, 70_000}).Draw(t, "took"), client: rapid.IntRange(1, 9).Draw(t, "client"),
		}
	}), 1, 25).Draw(t, "lines")
}

// precisions are the formats of a log by how exact its times are, without and with request times.
var precisions = map[string]func(l loggedLine, target string) string{
	"1s": func(l loggedLine, target string) string {
		return strings.Replace(combinedLine(l.second, target), "192.0.2.1", fmt.Sprintf("192.0.2.%d", l.client), 1)
	},
	"1s timed": func(l loggedLine, target string) string {
		at := epoch.Add(time.Duration(l.second) * time.Second).Format(time.RFC3339)
		return fmt.Sprintf(`{"time_iso8601":"%s","request":"GET %s HTTP/1.1","status":200,"request_time":%d.%03d,"remote_addr":"192.0.2.%d"}`+"\n",
			at, target, l.took/1000, l.took%1000, l.client)
	},
	"1ms": func(l loggedLine, target string) string {
		return fmt.Sprintf(`{"msec":%d.%03d,"request":"GET %s HTTP/1.1","status":200,"remote_addr":"192.0.2.%d"}`+"\n",
			epoch.Unix()+int64(l.second), l.fraction/1000, target, l.client)
	},
	"1ms timed": func(l loggedLine, target string) string {
		return timedLine(l.second*1000+l.fraction/1000, l.took, target)
	},
	"1us": func(l loggedLine, target string) string {
		at := epoch.Add(time.Duration(l.second)*time.Second + time.Duration(l.fraction)*time.Microsecond).Format("2006-01-02T15:04:05.000000Z07:00")
		return fmt.Sprintf(`{"time":"%s","request":"GET %s HTTP/1.1","status":200,"remote_addr":"192.0.2.%d"}`+"\n", at, target, l.client)
	},
}

// writeServers writes each server's lines into a file of its own, and returns the files and the lines by target.
func writeServers(t *rapid.T, dir string, kinds []string) (inputs []string, byTarget map[string]loggedLine) {
	byTarget = map[string]loggedLine{}
	for server := range rapid.IntRange(1, 3).Draw(t, "servers") {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		var text strings.Builder
		for i, line := range drawLines(t) {
			target := fmt.Sprintf("/s%d/%d", server, i)
			byTarget[target] = line
			text.WriteString(precisions[kind](line, target))
		}
		path := filepath.Join(dir, fmt.Sprintf("web%d.log", server))
		if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, path)
	}
	return inputs, byTarget
}

func kindsOf(untimed bool) []string {
	var kinds []string
	for kind := range precisions {
		if !untimed || !strings.Contains(kind, "timed") {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

func rapidBuild(t *rapid.T, sel Selection, opts BuildOptions, path string) (Info, []Request) {
	built, err := Build(t.Context(), sel, opts, path)
	if err != nil {
		t.Fatal(err)
	}
	return built.Info, readRapid(t, path, built.Info.Requests)
}

// readRapid reads a trace that must hold that many requests.
func readRapid(t *rapid.T, path string, want int64) []Request {
	reader, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	requests := make([]Request, want+1)
	n, _ := reader.Read(requests)
	if int64(n) != want {
		t.Fatalf("%d requests of %d", n, want)
	}
	return requests[:n]
}

// Neither the order in which inputs are named nor the memory of the sort changes the trace, whatever the logs are.
func TestOrderAndMemoryDoNotMatter(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		inputs, _ := writeServers(t, dir, kindsOf(false))
		opts := BuildOptions{
			Spread: rapid.SampledFrom([]Spread{Poisson, Even, Start}).Draw(t, "spread"), Seed: rapid.Uint64().Draw(t, "seed"),
			MaxGap: rapid.SampledFrom([]time.Duration{0, time.Second}).Draw(t, "gap"), Spill: dir,
		}
		first, _ := rapidBuild(t, Selection{Inputs: inputs}, opts, filepath.Join(dir, "a.trace"))
		opts.Memory = rapid.SampledFrom([]int{1, 700, 5000}).Draw(t, "memory")
		second, _ := rapidBuild(t, Selection{Inputs: rapid.Permutation(inputs).Draw(t, "permuted")}, opts, filepath.Join(dir, "b.trace"))
		if first.SHA256 != second.SHA256 {
			t.Fatal("another trace")
		}
	})
}

// Without request times the trace has in each second of the clock what the logs have in it. With them, each request
// arrives within the logged precision of its end less what it took, and the requests of one source that share a second
// and took equally long stay in order.
func TestArrivalsAreThoseOfTheLog(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		untimed := rapid.Bool().Draw(t, "untimed")
		inputs, byTarget := writeServers(t, dir, kindsOf(untimed))
		info, requests := rapidBuild(t, Selection{Inputs: inputs}, BuildOptions{
			Spread: rapid.SampledFrom([]Spread{Poisson, Even, Start}).Draw(t, "spread"), Seed: rapid.Uint64().Draw(t, "seed"),
			Memory: rapid.SampledFrom([]int{700, DefaultMemory}).Draw(t, "memory"),
		}, filepath.Join(dir, "x.trace"))
		seen := map[string]bool{}
		lastLine := map[string]int64{}
		for i, r := range requests {
			if seen[string(r.Target)] || i > 0 && r.Offset < requests[i-1].Offset {
				t.Fatalf("%s is doubled, or out of order", r.Target)
			}
			seen[string(r.Target)] = true
			line := byTarget[string(r.Target)]
			arrived := time.Unix(0, info.StartNS+r.Offset)
			earliest := epoch.Add(time.Duration(line.second)*time.Second - time.Duration(max(r.RequestTime, 0)))
			if late := arrived.Sub(earliest); late < 0 || late >= time.Second {
				t.Fatalf("%s arrived %v after the earliest time at which it can have", r.Target, late)
			}
			if untimed && arrived.Unix() != epoch.Unix()+int64(line.second) {
				t.Fatalf("%s is in another second", r.Target)
			}
			id := fmt.Sprint(r.Source, line.second, r.RequestTime)
			if isCoarse(info, r.Source) && r.Line < lastLine[id] {
				t.Fatalf("%s:%d comes after line %d", r.Source, r.Line, lastLine[id])
			}
			lastLine[id] = r.Line
		}
		if len(seen) != len(byTarget) {
			t.Fatalf("%d requests of %d lines", len(seen), len(byTarget))
		}
	})
}

func isCoarse(info Info, source string) bool {
	return slices.ContainsFunc(info.Sources, func(s Source) bool { return s.Name == source && s.PrecisionNS == int64(time.Second) })
}

// No request is lost or doubled under any combination of filters, sample, shards, limit and files: what a selection
// keeps, and what the ledger says it leaves out, is everything; and all shards together are the whole.
func TestNothingIsLostOrDoubled(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		inputs, byTarget := writeServers(t, dir, kindsOf(false))
		filter := Filter{
			Sample: rapid.SampledFrom([]float64{0, 0.01, 0.5, 0.99, 1}).Draw(t, "sample"), Seed: rapid.Uint64().Draw(t, "seed"),
			Where: rapid.SampledFrom([]string{"", "status == 200", `path endsWith "1"`, "1 % (status - 200) == 0", "request_time > 0.5"}).Draw(t, "where"),
		}
		if rapid.Bool().Draw(t, "since") {
			filter.Since = epoch.Add(3 * time.Second)
		}
		if rapid.Bool().Draw(t, "until") {
			filter.Until = epoch.Add(9 * time.Second)
		}
		if rapid.Bool().Draw(t, "path") {
			filter.Paths = []string{"/s[01]/**"}
		}
		identity, err := ParseIdentity(rapid.SampledFrom([]string{"origin", "address", "user"}).Draw(t, "client"))
		if err != nil {
			t.Fatal(err)
		}
		filter.Identity = identity
		limit := rapid.SampledFrom([]int64{0, 1, 7}).Draw(t, "limit")
		shards := rapid.Uint64Range(2, 3).Draw(t, "shards")
		parts := map[string]int{}
		collect := func(shard Shard, limit int64) map[string]int {
			filter := filter
			filter.Shard = shard
			found := map[string]int{}
			path := filepath.Join(dir, "part.trace")
			built, err := Build(t.Context(), Selection{Inputs: inputs, Filter: filter}, BuildOptions{Limit: limit, Memory: 700}, path)
			if checked := built.Info.Ledger.Check(); checked != nil {
				t.Fatal(checked)
			}
			if built.Info.Ledger.Entries != int64(len(byTarget)) {
				t.Fatalf("%d entries of %d lines", built.Info.Ledger.Entries, len(byTarget))
			}
			if err != nil { // everything is filtered
				return found
			}
			requests := readRapid(t, path, built.Info.Requests)
			for _, r := range requests {
				found[fmt.Sprintf("%s:%d", r.Source, r.Line)]++
			}
			if int64(len(requests)) != built.Info.Ledger.Requests || len(found) != len(requests) {
				t.Fatalf("%d requests, %d different, ledger %d", len(requests), len(found), built.Info.Ledger.Requests)
			}
			return found
		}
		whole := collect(Shard{}, 0)
		for k := range shards {
			for place := range collect(Shard{k + 1, shards}, 0) {
				parts[place]++
			}
		}
		if len(parts) != len(whole) {
			t.Fatalf("%d parts hold %d requests of %d", shards, len(parts), len(whole))
		}
		for place, n := range parts {
			if n != 1 || whole[place] != 1 {
				t.Fatalf("%s is in %d parts and %d times in the whole", place, n, whole[place])
			}
		}
		if limit > 0 {
			if n := len(collect(Shard{}, limit)); n != min(int(limit), len(whole)) {
				t.Fatalf("limit %d of %d keeps %d", limit, len(whole), n)
			}
		}
	})
}
