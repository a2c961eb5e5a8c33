package trace

import (
	"slices"
	"testing"
	"time"
)

func TestGapsAreCut(t *testing.T) {
	f := func(longest int64, arrivals, want []int64, count, total int64) {
		t.Helper()
		g := gaps{longest: longest}
		var got []int64
		for _, a := range arrivals {
			got = append(got, g.cut(a))
		}
		if !slices.Equal(got, want) || g.count != count || g.total != total {
			t.Errorf("at most %d: got %v, %d gaps, %d cut; want %v, %d, %d", longest, got, g.count, g.total, want, count, total)
		}
	}
	f(0, []int64{0, 100, 1000}, []int64{0, 100, 1000}, 0, 0)
	f(10, []int64{500, 510, 521, 521, 1000}, []int64{500, 510, 520, 520, 530}, 2, 1+469)
	f(10, []int64{-100, 0}, []int64{-100, -90}, 1, 90)
	f(10, []int64{7}, []int64{7}, 0, 0)
}

func TestMaxGap(t *testing.T) {
	log := writeLog(t, "a.log", timedLine(0, 0, "/a"), timedLine(1000, 0, "/b"), timedLine(3_600_000, 0, "/c"), timedLine(3_600_500, 0, "/d"))
	built, requests := buildTrace(t, Selection{Inputs: []string{log}}, BuildOptions{MaxGap: 2 * time.Second})
	for i, want := range []time.Duration{0, time.Second, 3 * time.Second, 3500 * time.Millisecond} {
		if requests[i].Arrival() != want {
			t.Errorf("request %d at %v, want %v", i, requests[i].Arrival(), want)
		}
	}
	if i := built.Info; i.GapsCut != 1 || i.CutNS != int64(3597*time.Second) || i.MaxGapNS != int64(2*time.Second) {
		t.Errorf("%d gaps, %v", i.GapsCut, time.Duration(i.CutNS))
	}
	// What --limit leaves out was not cut either.
	built, _ = buildTrace(t, Selection{Inputs: []string{log}}, BuildOptions{MaxGap: 2 * time.Second, Limit: 2})
	if built.Info.GapsCut != 0 || built.Info.CutNS != 0 {
		t.Errorf("%+v", built.Info)
	}
}
