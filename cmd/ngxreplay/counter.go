package main

import "sync/atomic"

// newCounter returns the two ends of a number that one goroutine sets and another reads.
func newCounter() (read func() int64, set func(int64)) {
	var n atomic.Int64
	return n.Load, n.Store
}
