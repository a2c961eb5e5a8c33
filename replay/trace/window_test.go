package trace

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Records whose arrival is never before their key come out in order of arrival, and of tie where that is equal; none is
// held once nothing can come before it.
func TestWindowProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Int64Range(0, 30), 0, 60).Draw(t, "times")
		slices.Sort(times)
		var w window
		var got, want []key
		yield := func(k key, record []byte) error {
			if string(record) != string(rune('a'+k.tie)) {
				t.Fatalf("record of %v is %q", k, record)
			}
			got = append(got, k)
			return nil
		}
		for i, at := range times {
			_ = w.pop(at, yield)
			if first, _, ok := w.first(); ok && first.key.time < at {
				t.Fatal("held for nothing")
			}
			tie := uint64((i * 7) % len(times)) // not in order of time
			if len(times)%7 == 0 {
				tie = uint64(i)
			}
			k := key{at + rapid.Int64Range(0, 9).Draw(t, "delay"), tie}
			want = append(want, k)
			w.push(k, []byte(string(rune('a'+k.tie))))
		}
		_ = w.flush(yield)
		slices.SortFunc(want, key.compare)
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		if len(w.slots) > len(times) || len(w.free) != len(w.slots) {
			t.Fatalf("%d slots, %d free", len(w.slots), len(w.free))
		}
	})
}
