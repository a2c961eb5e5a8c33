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
	Service  time.Duration // done - sent
	Response time.Duration // done - due
	Status   int
}

// exemplars is how many of the slowest requests are kept.
const exemplars = 10

// slowest keeps the requests with the longest response times.
type slowest struct{ samples []sample }

func (l *slowest) add(s *sample) {
	if len(l.samples) == exemplars && s.response() <= l.samples[exemplars-1].response() {
		return
	}
	at, _ := slices.BinarySearchFunc(l.samples, s, func(a sample, b *sample) int { return cmp.Compare(b.response(), a.response()) })
	if len(l.samples) == exemplars {
		l.samples = l.samples[:exemplars-1]
	}
	l.samples = slices.Insert(l.samples, at, *s)
}

// list describes them, the slowest first.
func (l *slowest) list() []Exemplar {
	var list []Exemplar
	for i := range l.samples {
		s := &l.samples[i]
		e := Exemplar{
			Source: s.source, Line: s.line, Due: s.due, Lag: s.lag(), Service: s.done - s.sent, Response: s.response(),
			Status: int(s.answer.status),
		}
		method, rest, _ := bytes.Cut(s.bytes, []byte{' '})
		target, _, _ := bytes.Cut(rest, []byte{' '})
		e.Method, e.Target = string(method), string(target[:min(len(target), longestTarget)])
		list = append(list, e)
	}
	return list
}

// longestTarget is where the target of an exemplar is cut.
const longestTarget = 500
