package traffic

import (
	"io"

	"ngxreplay/replay/pace"
)

// A Share is what became of one class of a mix.
type Share struct {
	Class    string  `json:"class"`
	Requests int64   `json:"requests"` // in the trace, as far as it is replayed
	Log      float64 `json:"log"`      // the share of them
	Weight   string  `json:"weight"`   // as it was asked for
	Asked    float64 `json:"asked"`    // the share by weight
	Drawn    int64   `json:"drawn"`    // requests of the part of the traffic that is told of
	Achieved float64 `json:"achieved"` // the share of them
	Cycles   int64   `json:"cycles"`   // how often it began again with its first request
	LeftOut  int64   `json:"left_out"` // requests, loops and copies included, that were never drawn; 0 when the replay ended before the traffic
}

// A Mixed is what became of a trace by a mix.
type Mixed struct {
	Classes  []Share `json:"classes"`
	Requests int64   `json:"requests"` // in the trace, as far as it is replayed
	Drawn    int64   `json:"drawn"`
	Unnamed  int64   `json:"unnamed"` // requests read that fit no class, loops and copies included: they are left out
}

// Mixed says what became of the classes in the first requests of the traffic: at most that many, and no more than were
// read. Who sends requests reads ahead. It is nil without a mix.
func (t *Traffic) Mixed(first int64) *Mixed {
	m := t.mixer
	if m == nil {
		return nil
	}
	mixed := &Mixed{Requests: t.census.requests, Unnamed: m.unnamed, Drawn: min(first, m.sent)}
	whole := m.end == io.EOF && m.slots.unread == 0 && mixed.Drawn == m.sent
	drawn := drawnOf(m.draws.Again(), mixed.Drawn, len(m.queues))
	for i, class := range m.mix.classes {
		q := &m.queues[i]
		s := Share{
			Class:    class.name,
			Requests: t.census.classes[i],
			Log:      ratio(t.census.classes[i], mixed.Requests),
			Weight:   class.weight.String(),
			Asked:    m.draws.Share(i),
			Drawn:    drawn[i],
			Achieved: ratio(drawn[i], mixed.Drawn),
		}
		if drawn[i] > q.total {
			s.Cycles = (drawn[i] - 1) / q.total
		} else if whole {
			s.LeftOut = q.total - drawn[i]
		}
		mixed.Classes = append(mixed.Classes, s)
	}
	return mixed
}

// drawnOf counts how often each class is drawn in the first n draws.
func drawnOf(draws *pace.Mix, n int64, classes int) []int64 {
	drawn := make([]int64, classes)
	for range n {
		drawn[draws.Next()]++
	}
	return drawn
}

func ratio(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
