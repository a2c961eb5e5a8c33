// Package traffic makes the traffic of a replay from a trace: looped, amplified or thinned, and mixed.
//
//	trace ─► looper ─► amplifier ─► mixer ─► requests, in order of time
//	         again     copies       which
//	         and again of clients   comes when
//
// Each stage reads the one before it and holds a bounded part of it: the looper a batch, the amplifier at most one second
// of the traffic, the mixer what its classes wait with, in memory up to a limit and on disk beyond it. A stage that is
// not asked for is not there. All decisions are functions of numbers in package pace; the same trace, options and seed
// make the same traffic.
package traffic
