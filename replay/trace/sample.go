package trace

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// A Shard is one of several parts of the clients: the parts hold every client once. The zero value is all of them.
type Shard struct {
	Number uint64 `json:"number"` // from 1
	Of     uint64 `json:"of"`
}

// ParseShard reads "2/5", the second of five.
func ParseShard(text string) (Shard, error) {
	number, of, found := strings.Cut(text, "/")
	k, errK := strconv.ParseUint(number, 10, 32)
	n, errN := strconv.ParseUint(of, 10, 32)
	if !found || errK != nil || errN != nil || k < 1 || k > n {
		return Shard{}, fmt.Errorf("shard %q: want K/N with K from 1 to N, as 1/4", text)
	}
	return Shard{k, n}, nil
}

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Number, s.Of) }

func (s Shard) has(client uint64) bool {
	if s.Of == 0 {
		return true
	}
	part, _ := bits.Mul64(mix(client, shardSalt), s.Of)
	return part == s.Number-1
}

// A clientShare is a part of the clients that a seed draws, without a memory of them.
type clientShare struct {
	seed  uint64
	bound uint64 // clients whose draw is at most that are in
}

// newClientShare is the share of all clients in (0, 1]; 0 is all of them too.
func newClientShare(share float64, seed uint64) clientShare {
	if share <= 0 || share >= 1 {
		return clientShare{seed, math.MaxUint64}
	}
	return clientShare{seed, uint64(share * (1 << 63) * 2)}
}

func (c clientShare) has(client uint64) bool { return mix(client, c.seed^sampleSalt) <= c.bound }

// The salts make a sample and a shard independent of each other.
const (
	sampleSalt = 0x73616d706c65
	shardSalt  = 0x7368617264
)

// mix draws a number from a client and a salt, all bits of which depend on all of theirs (SplitMix64).
func mix(client, salt uint64) uint64 {
	return finish(client + (salt+1)*0x9e3779b97f4a7c15)
}
