package main

import (
	"strings"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	f := func(want string, grow func(i int, s *slice)) {
		t.Helper()
		slices := make([]slice, 15)
		for i := range slices {
			slices[i] = slice{rss: 40 << 20, p50: 100 * time.Microsecond}
			grow(i, &slices[i])
		}
		err := judge(slices)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	f("", func(int, *slice) {})
	f("", func(i int, s *slice) { s.rss += int64(i%3) << 20 })
	f("", func(i int, s *slice) { s.rss -= 20 << 20 * int64(max(1-i, 0)) }) // a small beginning
	f("", func(i int, s *slice) { s.p50 *= time.Duration(1 + i%3) })
	f("memory grew", func(i int, s *slice) { s.rss += int64(i) << 20 })
	f("median lag grew", func(i int, s *slice) { s.p50 += time.Duration(i) * 200 * time.Microsecond })
	if judge(make([]slice, 4)) == nil {
		t.Error("four slices have no quarters")
	}
}
