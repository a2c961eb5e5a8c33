package trace

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOutliers(t *testing.T) {
	const s, minute = int64(time.Second), int64(time.Minute)
	run := func(start int64, n int, gap int64) (list []int64) {
		for i := range n {
			list = append(list, start+int64(i)*gap)
		}
		return list
	}
	f := func(name string, arrivals []int64, want ...Outlier) {
		t.Helper()
		var e edges
		for _, a := range arrivals {
			e.add(a, 1, []byte(fmt.Sprint(a)))
		}
		got := e.outliers()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if n := len(got); n > 0 && got[n-1].Last && string(e.lastMark) != fmt.Sprint(arrivals[len(arrivals)-1]) {
			t.Errorf("%s: the last mark is %s", name, e.lastMark)
		}
		if string(e.firstMark) != fmt.Sprint(arrivals[0]) {
			t.Errorf("%s: the first mark is %s", name, e.firstMark)
		}
	}
	day := 24 * 60 * minute
	dense := run(0, 1000, s)
	f("none", dense)
	f("one before", append([]int64{-30 * day}, dense...), Outlier{Requests: 1, GapNS: 30 * day})
	f("ten before, apart from each other", append(run(-60*day, 10, day), dense...), Outlier{Requests: 10, GapNS: 51 * day})
	f("eleven are too many", append(run(-60*day, 11, s), dense...))
	f("one after", append(dense, 5*day), Outlier{Last: true, Requests: 1, GapNS: 5*day - 999*s})
	f("both ends", append(append([]int64{-day}, dense...), 999*s+2*day, 999*s+2*day), Outlier{Requests: 1, GapNS: day}, Outlier{Last: true, Requests: 2, GapNS: 2 * day})
	f("a gap below a tenth of the span", append([]int64{-90 * s}, dense...))
	f("a gap below a minute", append([]int64{-50 * s}, run(0, 100, s/100)...))
	f("few requests", append([]int64{-day}, run(0, 8, s)...))
	f("ten requests", append([]int64{-day}, run(0, 9, s)...), Outlier{Requests: 1, GapNS: day})
	f("a hundred of many", append(run(-day, 100, 0), run(0, 20_000, s/100)...), Outlier{Requests: 100, GapNS: day})
	f("more than a hundred of many", append(run(-day, 101, 0), run(0, 20_000, s/100)...))
	f("a sparse log", run(0, 1000, day))
	f("one request", []int64{5})
}

func TestJumps(t *testing.T) {
	f := func(want Jumps, seconds ...int64) {
		t.Helper()
		var j jumpFinder
		for i, s := range seconds {
			j.see(s*int64(time.Second), int64(i+1))
		}
		if j.Jumps != want {
			t.Errorf("%v: %+v, want %+v", seconds, j.Jumps, want)
		}
	}
	f(Jumps{}, 0, 10, 5, 100, 41, 160)
	f(Jumps{}, 0, 60, 0, 60) // a minute is not more than a minute
	f(Jumps{Count: 1, LargestNS: 61e9, FirstLine: 3}, 0, 61, 0, 1, 2, 3)
	f(Jumps{Count: 1, LargestNS: 3600e9, FirstLine: 2}, 3600, 0, 1, 2, 3600, 3601)
	f(Jumps{Count: 2, LargestNS: 2000e9, FirstLine: 2}, 3000, 2000, 0, 5)
	f(Jumps{Count: 1, LargestNS: 4000e9, FirstLine: 2}, -1000, -5000, -4900) // before 1970
}

// What stands out is found by a build and by a survey alike, with the place where it was read.
func TestWhatIsOddAboutTimesIsFound(t *testing.T) {
	var lines []string
	for i := range 300 {
		lines = append(lines, combinedLine(i, "/a"))
	}
	lines[100] = combinedLine(-30*86400, "/wrong-clock")
	lines = append(lines, combinedLine(86400, "/next-day"))
	log := writeLog(t, "a.log", lines...)
	built, _ := buildTrace(t, Selection{Inputs: []string{log}}, BuildOptions{})
	survey, err := Inspect(t.Context(), Selection{Inputs: []string{log}}, Routing{})
	if err != nil {
		t.Fatal(err)
	}
	for _, outliers := range [][]Outlier{built.Info.Outliers, survey.Outliers} {
		if len(outliers) != 2 || outliers[0].Line != 101 || outliers[1].Line != 301 || outliers[0].Source != log || !outliers[1].Last {
			t.Errorf("%+v", outliers)
		}
	}
	want := "1 request lies 30 days before the others (" + log + ":101): --since, --until or --max-gap leaves the gap out"
	if findings := strings.Join(survey.Findings(), "\n"); !strings.Contains(findings, want) || !strings.Contains(findings, "time goes back by 30 days ("+log+":101)") {
		t.Error(findings)
	}
	if j := built.Info.Sources[0].Jumps; j.Count != 1 || j.FirstLine != 101 {
		t.Errorf("%+v", j)
	}
	cut, _ := buildTrace(t, Selection{Inputs: []string{log}}, BuildOptions{MaxGap: 30 * time.Second})
	if findings := strings.Join(cut.Info.Findings(), "\n"); strings.Contains(findings, "before the others") || !strings.Contains(findings, "2 idle gaps") {
		t.Error(findings)
	}
}
