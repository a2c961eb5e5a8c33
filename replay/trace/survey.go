package trace

import (
	"context"
	"fmt"
	"slices"
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
	Problems  []Problem          // inputs that could not be read to their end

	Methods   map[string]int64
	Status    map[string]int64 // three digits
	Protocols map[string]int64
	Hosts     int // different ones, counted up to a million
	Clients   int

	First, Last time.Time     // log time; zero without entries
	Precision   time.Duration // the coarsest of the requests
	PeakSecond  int64         // most entries in a second
	PeakAt      time.Time     // when, the first of them
	Curve       []Bucket      // entries over time, at most maxBuckets
	Uncounted   int64         // entries that peak and curve leave out, because the log spans too many minutes
	BodyBytes   int64         // logged in all
	Routes      []route.Route
	Outliers    []Outlier
}

// Findings say in words what is odd about the times of the entries.
func (s *Survey) Findings() []string { return timeFindings(s.Sources, s.Outliers, 0) }

// A Bucket is a stretch of a log's time.
type Bucket struct {
	Start   time.Time     `json:"start"`
	Length  time.Duration `json:"length_ns"`
	Entries int64         `json:"entries"`
}

// maxMinutes bounds the memory of a survey: 100,000 different minutes with traffic are ten weeks without a pause.
const maxMinutes = 100_000

// maxBuckets is how finely the curve shows a log.
const maxBuckets = 60

// Inspect reads the inputs and counts, in memory that does not grow with them.
func Inspect(ctx context.Context, sel Selection, routes Routing) (Survey, error) {
	s := surveyor{
		hosts: newDistinct(), clients: newDistinct(), learner: newLearner(routes.Table), seconds: seconds{limit: maxMinutes}, first: 1<<63 - 1, last: -1 << 63,
	}
	s.learner.Explain = routes.Explain
	in := intake{entry: s.entry}
	err := in.read(ctx, sel)
	survey := s.survey()
	survey.Sources, survey.Ledger, survey.Malformed, survey.Problems = in.sources, in.ledger, in.malformed, in.problems
	survey.Routes = routes.of(s.learner)
	return survey, err
}

type surveyor struct {
	methods, protocols tally
	status             [1000]int64
	hosts, clients     distinct
	seconds            seconds
	learner            *route.Learner
	first, last        int64
	precision          time.Duration
	bodyBytes          int64
	entries            int64
	firstAt, lastAt    origin
}

func (s *surveyor) entry(e *parse.Entry, source string, line int64, excluded Rule) {
	if excluded != "" {
		return
	}
	s.entries++
	if e.Unreplayable == "" {
		s.learner.Observe(e.Method, e.Target)
		s.precision = max(s.precision, e.Precision)
	}
	s.status[min(max(e.Status, 0), len(s.status)-1)]++
	if e.Method != nil && (e.Protocol != nil || e.Unreplayable == "") { // not the GET of "GET /"
		s.methods.add(e.Method)
	}
	if e.Protocol != nil {
		s.protocols.add(e.Protocol)
	}
	if e.Host != nil {
		s.hosts.add(e.Host)
	}
	if e.Client != nil {
		s.clients.add(e.Client)
	}
	s.bodyBytes += max(e.BodyBytes, 0)
	if e.Time < s.first {
		s.first, s.firstAt = e.Time, origin{source, line}
	}
	if e.Time > s.last {
		s.last, s.lastAt = e.Time, origin{source, line}
	}
	s.seconds.add(floorDiv(e.Time, int64(time.Second)))
}

func (s *surveyor) survey() Survey {
	v := Survey{
		Methods: s.methods.table(), Protocols: s.protocols.table(), Status: map[string]int64{},
		Hosts: s.hosts.n, Clients: s.clients.n, Precision: s.precision, BodyBytes: s.bodyBytes,
	}
	for status, n := range s.status {
		if n > 0 {
			v.Status[fmt.Sprintf("%03d", status)] = n
		}
	}
	if s.entries > 0 {
		v.First, v.Last = time.Unix(0, s.first), time.Unix(0, s.last)
		v.PeakSecond, v.PeakAt = int64(s.seconds.peak), time.Unix(s.seconds.peakAt, 0)
		v.Uncounted = s.seconds.missed
		v.Outliers = locate(s.seconds.outliers(), s.firstAt, s.lastAt)
		v.Curve = s.seconds.curve(floorDiv(s.first, int64(time.Second)), floorDiv(s.last, int64(time.Second)))
	}
	return v
}

// curve adds the seconds up to at most maxBuckets equal stretches.
func (s *seconds) curve(first, last int64) []Bucket {
	length := (last-first)/maxBuckets + 1
	buckets := make([]Bucket, (last-first)/length+1)
	for i := range buckets {
		buckets[i] = Bucket{Start: time.Unix(first+int64(i)*length, 0).UTC(), Length: time.Duration(length) * time.Second}
	}
	for number, page := range s.pages {
		for i, n := range page {
			if n > 0 {
				buckets[(number*pageSeconds+int64(i)-first)/length].Entries += int64(n)
			}
		}
	}
	return slices.Clip(buckets)
}
