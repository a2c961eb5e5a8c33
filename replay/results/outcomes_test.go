package results

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ngxreplay/replay"
	"ngxreplay/replay/wire"

	"pgregory.net/rapid"
)

// newOutcomes returns outcomes that the test closes.
func newOutcomes(t *testing.T) *Outcomes {
	t.Helper()
	o, err := NewOutcomes(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}

func drawOutcome(t *rapid.T, number int64) replay.Outcome {
	span := func(name string) time.Duration { return time.Duration(rapid.Int64Min(0).Draw(t, name)) }
	x := replay.Outcome{Number: number, Due: span("due"), Done: span("done")}
	switch x.Fate = rapid.SampledFrom([]replay.Fate{replay.Answered, replay.Failed, replay.Dropped}).Draw(t, "fate"); x.Fate {
	case replay.Answered:
		x.Status, x.Bytes, x.Hash = rapid.IntRange(101, 999).Draw(t, "status"), rapid.Int64Min(0).Draw(t, "bytes"), rapid.Uint64().Draw(t, "hash")
		x.Hashed = rapid.Bool().Draw(t, "hashed")
	case replay.Failed:
		x.Failed = rapid.SampledFrom([]wire.Class{wire.Reset, wire.EOF, wire.Timeout}).Draw(t, "class")
	}
	if x.Fate != replay.Dropped {
		x.Sent, x.First, x.Attempts = span("sent"), span("first"), rapid.IntRange(1, 200).Draw(t, "attempts")
	}
	return x
}

// What was added is found again, in whatever order it came and however far apart.
func TestOutcomesKeepWhatWasAdded(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := newOutcomes(t)
		defer o.Close()
		want := map[int64]replay.Outcome{}
		numbers := rapid.SliceOfNDistinct(rapid.OneOf(rapid.Int64Range(0, 300), rapid.Int64Range(0, 5*blocks*blockSize)), 0, 200, rapid.ID).Draw(rt, "numbers")
		var end int64
		for _, n := range numbers {
			want[n] = drawOutcome(rt, n)
			o.Add(want[n])
			end = max(end, n+1)
		}
		for _, n := range append(slices.Sorted(maps.Keys(want)), 301, 5*blocks*blockSize+1, -1) {
			w, in := want[n]
			if got, ok := o.At(n); ok != in || got != w && in {
				rt.Fatalf("%d: got %+v %v, want %+v %v", n, got, ok, w, in)
			}
		}
		if o.End() != end || o.Err() != nil {
			rt.Fatal(o.End(), end, o.Err())
		}
	})
}

func TestOutcomesOfSeveralGoroutines(t *testing.T) {
	o := newOutcomes(t)
	const each, tasks = 5000, 4
	var wait sync.WaitGroup
	for task := range int64(tasks) {
		wait.Go(func() {
			for i := range int64(each) {
				o.Add(replay.Outcome{Number: i*tasks + task, Fate: replay.Answered, Status: 200, Attempts: 1, Bytes: i})
			}
		})
	}
	wait.Wait()
	for n := range int64(each * tasks) {
		if x, ok := o.At(n); !ok || x.Bytes != n/tasks {
			t.Fatal(n, x, ok)
		}
	}
	if err := o.Check(replay.Ledger{Responses: each * tasks}); err != nil {
		t.Error(err)
	}
	if err := o.Check(replay.Ledger{Responses: each*tasks - 1}); err == nil || !strings.Contains(err.Error(), "bug of ngxreplay") {
		t.Error(err)
	}
}

// Nothing is left in the directory, and a file that fails is told with what to do.
func TestOutcomesOnDisk(t *testing.T) {
	dir := t.TempDir()
	o, err := NewOutcomes(dir)
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v left behind, %v", left, err)
	}
	o.Add(replay.Outcome{Number: 1, Fate: replay.Answered})
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	o.Add(replay.Outcome{Number: 1 + blocks*blockSize, Fate: replay.Answered}) // has to write the other
	o.Add(replay.Outcome{Number: 2, Fate: replay.Answered})
	err = o.Check(replay.Ledger{Responses: 1})
	if !errors.Is(err, os.ErrClosed) || !strings.Contains(err.Error(), "--spill") || !strings.Contains(err.Error(), dir) {
		t.Error(err)
	}
	if _, ok := o.At(1); ok {
		t.Error("an outcome of a broken file")
	}
	if _, err := NewOutcomes(dir + "/nowhere"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "--spill") {
		t.Error(err)
	}
}

func TestCompareBodies(t *testing.T) {
	a, b := newOutcomes(t), newOutcomes(t)
	answer := func(hash uint64, hashed bool) replay.Outcome {
		return replay.Outcome{Fate: replay.Answered, Hash: hash, Hashed: hashed}
	}
	for n, pair := range [][2]replay.Outcome{
		{answer(1, true), answer(1, true)},
		{answer(1, true), answer(2, true)},                                        // differs
		{answer(0, true), answer(0, false)},                                       // an empty body and none
		{answer(0, false), answer(0, false)},                                      // nothing to compare
		{answer(1, true), {Fate: replay.Failed, Failed: wire.EOF}},                // not answered by both
		{{Fate: replay.Dropped}, answer(1, true)},                                 //
		{answer(1, true), {}},                                                     // abandoned
		{answer(0, true), answer(0, true)},                                        // a hash may be 0
		{{Fate: replay.Failed, Failed: wire.EOF}, {Fate: replay.Dropped, Due: 1}}, //
	} {
		for i, o := range []*Outcomes{a, b} {
			if x := pair[i]; x.Fate != 0 {
				x.Number = int64(n)
				o.Add(x)
			}
		}
	}
	if got, want := Compare(a, b), (Difference{Compared: 4, Differ: 2}); got != want || Compare(b, a) != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if a.Hashed() != 6 || b.Hashed() != 4 {
		t.Errorf("%d and %d hashed", a.Hashed(), b.Hashed())
	}
}

func BenchmarkAdd(b *testing.B) {
	o, err := NewOutcomes(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer o.Close()
	b.ReportAllocs()
	for n := int64(0); b.Loop(); n++ {
		o.Add(replay.Outcome{Number: n ^ 63, Fate: replay.Answered, Status: 200, Attempts: 1})
	}
}
