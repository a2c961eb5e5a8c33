package pace

import (
	"fmt"
	"time"
)

// An Amplifier makes more traffic in the same time, or less, by whole clients. A factor of 3 gives each client two
// copies; of 0.5 it keeps about half of the clients; of 2.5 each has one copy and about half have a second.
//
// What is left after the whole part of the factor is decided when a client is first seen, so that one pass is enough:
// it gets what is left over when, counted in requests, less has been given than was asked. Any beginning of the
// traffic thus has about the asked share, and the clients of few and of many requests keep their part of it.
//
// It holds one small entry a client, and none when the factor is whole. It is not safe for concurrent use.
type Amplifier struct {
	whole   int
	part    float64 // of the factor, from 0 to below 1
	seed    uint64
	phase   time.Duration
	seen    int64 // requests
	given   int64 // of them, those of clients in chosen
	clients map[uint64]bool
}

// MaxAmplify bounds the factor: the copies of a second are held in memory.
const MaxAmplify = 1000

// NewAmplifier refuses a factor that is not above 0. Start is when the trace begins, in nanoseconds since 1970: it
// says where the seconds of the log lie.
func NewAmplifier(factor float64, start int64, seed uint64) (*Amplifier, error) {
	if !(factor > 0) || factor > MaxAmplify {
		return nil, fmt.Errorf("amplify %v: want a number above 0 and up to %d: 3 for three times the clients, 0.5 for half", factor, MaxAmplify)
	}
	phase := start % int64(time.Second)
	if phase < 0 {
		phase += int64(time.Second)
	}
	return &Amplifier{
		whole:   int(factor),
		part:    factor - float64(int(factor)),
		seed:    seed,
		phase:   time.Duration(phase),
		clients: map[uint64]bool{},
	}, nil
}

// Copies is how often the next request of the traffic, which is of that client, is to be sent: 0 leaves it out, 1
// keeps it. It is called once for each request, in order.
func (a *Amplifier) Copies(client uint64) int {
	if a.part == 0 {
		return a.whole
	}
	a.seen++
	chosen, known := a.clients[client]
	if !known {
		chosen = float64(a.given) < a.part*float64(a.seen)
		a.clients[client] = chosen
	}
	if !chosen {
		return a.whole
	}
	a.given++
	return a.whole + 1
}

// Identity is the number of the client that a copy of a client is. Copy 0 is the client itself.
func Identity(client uint64, n int) uint64 {
	if n == 0 {
		return client
	}
	return mix64(client + uint64(n)*golden)
}

// Shift is the offset of a request in copy n of its client; copy 0 stays where it is. The clock of a copy runs slower
// and then faster inside each second of the log, or the other way round, by a line with one bend:
//
//	1s ┤        ╭╯
//	   │      ╭─╯      Both coordinates of the bend are drawn between a quarter and three quarters of a second, for
//	 b ┤   ╭──╯        each copy. The seconds themselves stay, and so do the order of a client's requests and the
//	   │ ╭─╯           number of requests in each second.
//	   └─┴──┬────┬──►
//	        a    1s
//
// The second in which the trace begins counts from there.
func (a *Amplifier) Shift(offset time.Duration, client uint64, n int) time.Duration {
	if n == 0 {
		return offset
	}
	second, within, length := a.split(offset)
	h := mix64(a.seed ^ Identity(client, n))
	from, to := bend(uint32(h), length), bend(uint32(h>>32), length)
	switch {
	case from == 0 || to == 0: // the trace begins in the very last nanoseconds of a second
	case within < from:
		within = within * to / from
	default:
		within = to + (within-from)*(length-to)/(length-from)
	}
	return second + within
}

// Earliest is the lowest offset to which a request at that offset or later can be shifted: three quarters of a second
// become a quarter at worst.
func (a *Amplifier) Earliest(offset time.Duration) time.Duration {
	second, within, _ := a.split(offset)
	return second + max(within/3-1, 0)
}

// split returns the beginning of the log's second in which offset lies, how far inside it is, and how long it is.
func (a *Amplifier) split(offset time.Duration) (second, within, length time.Duration) {
	at := offset + a.phase
	if at < time.Second {
		return 0, offset, time.Second - a.phase
	}
	within = at % time.Second
	return offset - within, within, time.Second
}

// bend is a quarter to three quarters of length.
func bend(draw uint32, length time.Duration) time.Duration {
	return length/4 + time.Duration(uint64(draw)*uint64(length/2)>>32)
}

// golden and mix64 are those of SplitMix64.
const golden = 0x9e3779b97f4a7c15

func mix64(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
