package replay

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// An Exemplar is a request that took long, and where the log has it.
type Exemplar struct {
	Source   string
	Line     int64
	Method   string
	Target   string // cut when it is long
	Due      time.Duration
	Lag      time.Duration // sent - due
	Service  time.Duration // done - sent, of the last attempt
	Response time.Duration // done - due
	Status   int
	Retries  int // attempts beside the first
}

// exemplars is how many of the slowest requests are kept.
const exemplars = 10

// slowest keeps the requests with the longest response times, the slowest first.
type slowest struct{ exemplars []Exemplar }

func (l *slowest) add(s *sample) {
	if len(l.exemplars) == exemplars && s.response() <= l.exemplars[exemplars-1].Response {
		return
	}
	at, _ := slices.BinarySearchFunc(l.exemplars, s, func(e Exemplar, s *sample) int { return cmp.Compare(s.response(), e.Response) })
	if len(l.exemplars) == exemplars {
		l.exemplars = l.exemplars[:exemplars-1]
	}
	l.exemplars = slices.Insert(l.exemplars, at, s.exemplar())
}

// exemplar describes a sample, whose request will be gone.
func (s *sample) exemplar() Exemplar {
	method, rest, _ := bytes.Cut(s.bytes, []byte{' '})
	target, _, _ := bytes.Cut(rest, []byte{' '})
	return Exemplar{
		Source: s.source, Line: s.line, Method: string(method), Target: string(target[:min(len(target), longestTarget)]),
		Due: s.due, Lag: s.lag(), Service: s.done - s.sent, Response: s.response(), Status: int(s.answer.status), Retries: int(s.retries),
	}
}

// longestTarget is where the target of an exemplar is cut.
const longestTarget = 500
