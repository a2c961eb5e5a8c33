// Package pace decides when requests are due. It holds pure functions of numbers: no clock, no randomness that is
// not given as a seed, and none of its sibling packages.
//
// Offsets are times since the first request of the trace; due times are times since the start of the replay. Both
// are absolute, so that errors never add up over a day of traffic.
package pace
