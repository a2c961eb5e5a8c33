package report

import (
	"strings"
	"testing"
)

func TestBodies(t *testing.T) {
	for want, b := range map[string]Bodies{
		"6,815 hashed":                                            {Hashed: 6815},
		"0 hashed; none to compare with old's":                    {Base: "old"},
		"5 hashed; equal to old's in all 1 request":               {Hashed: 5, Base: "old", Compared: 1},
		"6,815 hashed; equal to old's in all 6,815 requests":      {Hashed: 6815, Base: "old", Compared: 6815},
		"6,815 hashed; differ from old's in 12 of 6,800 requests": {Hashed: 6815, Base: "old", Compared: 6800, Differ: 12},
	} {
		if got := b.cell(); got.Text != want || (got.Tone == warn) != (b.Differ > 0) {
			t.Errorf("%+v: %q (%s), want %q", b, got.Text, got.Tone, want)
		}
	}
}

// Which bodies differ is in the rows, if they are there.
func TestBodiesThatDiffer(t *testing.T) {
	run := &Run{Targets: []Target{{Name: "new", Bodies: &Bodies{Hashed: 2, Base: "old", Compared: 2, Differ: 1}}}}
	for results, want := range map[bool]string{true: "see results.parquet", false: "-o DIR --results tells which"} {
		run.Config.Results = results
		if got := bodies(run)[0].Lines[0].Text; !strings.HasSuffix(got, ": "+want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
