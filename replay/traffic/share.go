package traffic

// A Share is what became of one class of a mix.
type Share struct {
	Class    string  `json:"class"`
	Requests int64   `json:"requests"` // in the trace, as far as it is replayed
	Log      float64 `json:"log"`      // the share of them
	Weight   string  `json:"weight"`   // as it was asked for
	Asked    float64 `json:"asked"`    // the share by weight
	Drawn    int64   `json:"drawn"`    // requests handed on
	Achieved float64 `json:"achieved"` // the share of them
	Cycles   int64   `json:"cycles"`   // how often it began again with its first request
	LeftOut  int64   `json:"left_out"` // requests, loops and copies included, that were never drawn
}

// A Mixed is what became of a trace by a mix.
type Mixed struct {
	Classes  []Share `json:"classes"`
	Requests int64   `json:"requests"` // in the trace, as far as it is replayed
	Drawn    int64   `json:"drawn"`
	Unnamed  int64   `json:"unnamed"` // requests that fit no class, loops and copies included: they are left out
}

// Mixed says what became of the classes so far. It is nil without a mix.
func (t *Traffic) Mixed() *Mixed {
	m := t.mixer
	if m == nil {
		return nil
	}
	mixed := &Mixed{Requests: t.census.requests, Unnamed: m.unnamed}
	for _, n := range m.sent {
		mixed.Drawn += n
	}
	for i, class := range m.mix.classes {
		q := &m.queues[i]
		s := Share{
			Class:    class.name,
			Requests: t.census.classes[i],
			Log:      ratio(t.census.classes[i], mixed.Requests),
			Weight:   class.weight.String(),
			Asked:    m.draws.Share(i),
			Drawn:    m.sent[i],
			Achieved: ratio(m.sent[i], mixed.Drawn),
			Cycles:   m.cycles[i],
		}
		if s.Cycles == 0 {
			s.LeftOut = q.unread
		}
		mixed.Classes = append(mixed.Classes, s)
	}
	return mixed
}

func ratio(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
