package trace

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"ngxreplay/replay/route"

	"github.com/bmatcuk/doublestar/v4"
)

// A sieve applies a valid filter to requests. It is not safe for concurrent use.
type sieve struct {
	filter       Filter
	all          bool // nothing is excluded
	since, until int64
	statuses     []bool // by status, when some are wanted only
	sample       clientShare
	byClient     bool // sample or shard
	where        *where
}

// maxStatus bounds the statuses that a filter can name: three digits.
const maxStatus = 999

func newSieve(f Filter) (*sieve, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	s := &sieve{filter: f, since: math.MinInt64, until: math.MaxInt64, sample: newClientShare(f.Sample, f.Seed)}
	s.all = f.IsZero()
	if !f.Since.IsZero() {
		s.since = nanoseconds(f.Since)
	}
	if !f.Until.IsZero() {
		s.until = nanoseconds(f.Until)
	}
	if len(f.Statuses) > 0 {
		s.statuses = wantedStatuses(f.Statuses)
	}
	s.byClient = f.Sample > 0 || f.Shard != (Shard{})
	var err error
	s.where, err = compileWhere(f.Where)
	return s, err
}

// nanoseconds since 1970, as far as they can be counted.
func nanoseconds(t time.Time) int64 {
	switch {
	case t.Before(time.Unix(0, math.MinInt64)):
		return math.MinInt64
	case t.After(time.Unix(0, math.MaxInt64)):
		return math.MaxInt64
	}
	return t.UnixNano()
}

func wantedStatuses(texts []string) []bool {
	wanted := make([]bool, maxStatus+1)
	for _, text := range texts {
		if strings.EqualFold(text[1:], "xx") {
			first := 100 * int(text[0]-'0')
			for i := range 100 {
				wanted[first+i] = true
			}
			continue
		}
		n, _ := strconv.Atoi(text) // validated
		wanted[n] = true
	}
	return wanted
}

// outside returns the bound that a logged time is beyond, or "".
func (s *sieve) outside(logged int64) Rule {
	switch {
	case logged < s.since:
		return BySince
	case logged >= s.until:
		return ByUntil
	}
	return ""
}

// exclude returns the rule that excludes r, which was logged at that time, or "" when r stays. What costs least is asked
// first.
func (s *sieve) exclude(r *Request, logged int64) Rule {
	if s.all {
		return ""
	}
	if rule := s.outside(logged); rule != "" {
		return rule
	}
	f := &s.filter
	switch {
	case len(f.Methods) > 0 && !slices.ContainsFunc(f.Methods, func(m string) bool { return strings.EqualFold(m, string(r.Method)) }):
		return ByMethod
	case s.statuses != nil && (r.Status < 0 || r.Status > maxStatus || !s.statuses[r.Status]):
		return ByStatus
	}
	if len(f.Paths)+len(f.Excludes) > 0 {
		path := string(route.Path(r.Target))
		matches := func(glob string) bool { return doublestar.MatchUnvalidated(glob, path) }
		if len(f.Paths) > 0 && !slices.ContainsFunc(f.Paths, matches) {
			return ByPath
		}
		if slices.ContainsFunc(f.Excludes, matches) {
			return ByExclude
		}
	}
	if f.SkipNoise && isNoise(route.Path(r.Target), r.UserAgent) {
		return ByNoise
	}
	if s.byClient {
		client := f.Identity.Client(r)
		if !f.Shard.has(client) {
			return ByShard
		}
		if !s.sample.has(client) {
			return BySample
		}
	}
	if s.where != nil {
		return s.where.exclude(r)
	}
	return ""
}
