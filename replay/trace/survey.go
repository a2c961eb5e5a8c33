package trace

import (
	"context"
	"hash/maphash"
	"strconv"
	"time"

	"ngxreplay/parse"
	"ngxreplay/replay/route"
)

// A Survey is what is in some inputs and what would be sent of them.
//
// Methods, protocols, statuses, hosts, clients and seconds are those of entries that no filter excludes; entries that
// cannot be replayed have a status and a time, but no method.
type Survey struct {
	Sources   []Source
	Ledger    Ledger
	Malformed []*parse.LineError // the first few

	Methods   map[string]int64
	Status    map[string]int64 // three digits
	Protocols map[string]int64
	Hosts     int // different ones
	Clients   int

	First, Last time.Time // log time; zero without entries
	Seconds     map[int64]int64
	Precision   time.Duration // the coarsest of the sources
	PeakSecond  int64         // most entries in a second
	PeakAt      time.Time     // when, the first of them
	BodyBytes   int64         // logged in all
	Routes      []route.Route
}

// Inspect reads the inputs and counts.
func Inspect(ctx context.Context, sel Selection, maxRoutes int) (Survey, error) {
	s := surveyor{
		survey: Survey{
			Methods: map[string]int64{}, Status: map[string]int64{}, Protocols: map[string]int64{}, Seconds: map[int64]int64{},
		},
		seed: maphash.MakeSeed(), hosts: map[uint64]struct{}{}, clients: map[uint64]struct{}{},
	}
	learner := route.NewLearner()
	in := intake{
		entry: s.entry,
		request: func(r *Request, at stamp) error {
			learner.Observe(r.Method, r.Target)
			s.survey.Precision = max(s.survey.Precision, at.precision)
			return nil
		},
	}
	err := in.read(ctx, sel)
	result := s.survey
	result.Sources, result.Ledger, result.Malformed = in.sources, in.ledger, in.malformed
	result.Hosts, result.Clients = len(s.hosts), len(s.clients)
	for _, r := range learner.Table(maxRoutes).Routes() {
		if r.Requests > 0 {
			result.Routes = append(result.Routes, r)
		}
	}
	return result, err
}

type surveyor struct {
	survey         Survey
	seed           maphash.Seed
	hosts, clients map[uint64]struct{}
}

func (s *surveyor) entry(e *parse.Entry, excluded Rule) {
	if excluded != "" {
		return
	}
	v := &s.survey
	v.Status[statusText(e.Status)]++
	if e.Method != nil {
		countMethod(v.Methods, e.Method)
	}
	if e.Protocol != nil {
		countMethod(v.Protocols, e.Protocol)
	}
	s.distinct(s.hosts, e.Host)
	s.distinct(s.clients, e.Client)
	v.BodyBytes += max(e.BodyBytes, 0)
	s.time(e.Time)
}

func (s *surveyor) time(ns int64) {
	v := &s.survey
	at := time.Unix(0, ns)
	if v.First.IsZero() || at.Before(v.First) {
		v.First = at
	}
	if v.Last.IsZero() || at.After(v.Last) {
		v.Last = at
	}
	second := at.Unix()
	v.Seconds[second]++
	if n := v.Seconds[second]; n > v.PeakSecond || n == v.PeakSecond && second < v.PeakAt.Unix() {
		v.PeakSecond, v.PeakAt = n, time.Unix(second, 0)
	}
}

func (s *surveyor) distinct(set map[uint64]struct{}, b []byte) {
	if b != nil {
		set[maphash.Bytes(s.seed, b)] = struct{}{}
	}
}

// statusText writes a status as nginx does: 000 has three digits too.
func statusText(status int) string {
	text := strconv.Itoa(status)
	for len(text) < 3 {
		text = "0" + text
	}
	return text
}
