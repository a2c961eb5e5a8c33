package report

import "testing"

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
