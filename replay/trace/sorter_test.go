package trace

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"ngxreplay/internal/unnamed"

	"pgregory.net/rapid"
)

// A disk is a spill file in memory that is full at some size.
type disk struct {
	bytes.Buffer
	room int
}

func (d *disk) Write(p []byte) (int, error) {
	n := min(len(p), d.room-d.Len())
	d.Buffer.Write(p[:n])
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func (d *disk) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(d.Bytes()).ReadAt(p, off)
}
func (d *disk) Close() error { return nil }

func sorterOn(d *disk, limit int) *sorter {
	return &sorter{limit: limit, spill: func() (spillFile, error) { return d, nil }}
}

// Whatever the keys, the sizes and the memory: every record comes out once, in order of key, as it went in.
func TestSorterProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(0, 9), rapid.Int64Range(2040, 2060), rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64})), 0, 100).Draw(t, "times")
		if rapid.Bool().Draw(t, "sorted") {
			slices.Sort(times)
		}
		s := sorterOn(&disk{room: math.MaxInt}, rapid.SampledFrom([]int{0, 300, 5000, 1 << 30}).Draw(t, "limit"))
		content := func(tie uint64) []byte { return bytes.Repeat([]byte{byte(tie)}, int(tie*tie*37%9000)) }
		var want []key
		for i, at := range times {
			k := key{at, uint64(i)}
			want = append(want, k)
			if err := s.add(k, content(k.tie)); err != nil {
				t.Fatal(err)
			}
		}
		slices.SortFunc(want, key.compare)
		var got []key
		err := s.drain(func(k key, record []byte) error {
			if !bytes.Equal(record, content(k.tie)) {
				t.Fatalf("record %v is not as it was", k)
			}
			got = append(got, k)
			return nil
		})
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v: got %v, want %v", err, got, want)
		}
	})
}

func TestSorterHoldsNoMoreThanItsLimit(t *testing.T) {
	const limit = 4 * chunkSize
	d := &disk{room: math.MaxInt}
	s := sorterOn(d, limit)
	rng := rand.New(rand.NewPCG(1, 2))
	held := 0
	for i := range 40_000 {
		if err := s.add(key{rng.Int64(), uint64(i)}, make([]byte, rng.IntN(400))); err != nil {
			t.Fatal(err)
		}
		held = max(held, len(s.arena.chunks)*chunkSize+(cap(s.index)+cap(s.scratch))*16)
	}
	if len(s.runs) < 5 || held > limit+chunkSize+limit/4 {
		t.Errorf("%d runs, %d bytes held, limit %d", len(s.runs), held, limit)
	}
}

func TestAFullDiskEndsTheSort(t *testing.T) {
	for _, room := range []int{0, 1000, writeBuffer + 1000} {
		s := sorterOn(&disk{room: room}, 1000)
		var err error
		for i := 0; i < 5000 && err == nil; i++ {
			err = s.add(key{int64(i), uint64(i)}, make([]byte, 100))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("room for %d bytes: %v", room, err)
		}
	}
}

// What comes back from a disk is not trusted: an error, never a panic or endless memory.
func TestADamagedRunIsAnError(t *testing.T) {
	d := &disk{room: math.MaxInt}
	s := sorterOn(d, 1000)
	for i := range 50 {
		if err := s.add(key{int64(i), uint64(i)}, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
	}
	binary.LittleEndian.PutUint32(d.Bytes()[16:], 1<<31)
	if err := s.drain(func(key, []byte) error { return nil }); !errors.Is(err, errRun) {
		t.Errorf("got %v", err)
	}
	d.Truncate(100)
	if err := mergeRuns(d, []section{{0, 200}}, 1000, func(key, []byte) error { return nil }); err == nil || err == io.EOF {
		t.Errorf("a run that is cut off: %v", err)
	}
}

// A build whose disk is full says where and what to do, and leaves nothing behind.
func TestAFullDiskWhileBuilding(t *testing.T) {
	spill, out := t.TempDir(), t.TempDir()
	var lines []string
	for i := range 200 {
		lines = append(lines, combinedLine(i, fmt.Sprintf("/r/%d", i)))
	}
	log := writeLog(t, "a.log", lines...)
	missing := filepath.Join(spill, "missing")
	_, err := Build(t.Context(), Selection{Inputs: []string{log}}, BuildOptions{Memory: 1000, Spill: missing}, filepath.Join(out, "x.trace"))
	var spillErr *unnamed.Error
	if !errors.As(err, &spillErr) || spillErr.Dir != missing {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(out); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if _, err := Build(t.Context(), Selection{Inputs: []string{log}}, BuildOptions{Memory: 1000, Spill: spill}, filepath.Join(out, "x.trace")); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(spill); err != nil || len(left) != 0 {
		t.Errorf("left behind in the spill directory: %v %v", left, err)
	}
}
