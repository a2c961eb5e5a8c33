package results

import "ngxreplay/replay"

// A Difference says how the bodies of one replay differ from those of another of the same traffic.
type Difference struct {
	Compared int64 // requests that both answered, at least one of them with a body
	Differ   int64 // of these, those whose bodies are not the same
}

// Compare compares the bodies that were hashed in two replays of the same traffic.
func Compare(base, other *Outcomes) Difference {
	var d Difference
	for n := range min(base.End(), other.End()) {
		a, inBase := base.At(n)
		b, inOther := other.At(n)
		if !inBase || !inOther || a.Fate != replay.Answered || b.Fate != replay.Answered || !a.Hashed && !b.Hashed {
			continue
		}
		d.Compared++
		if a.Hashed != b.Hashed || a.Hash != b.Hash {
			d.Differ++
		}
	}
	return d
}
