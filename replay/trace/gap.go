package trace

// gaps cuts the idle gaps between consecutive arrivals to a longest one. All times are in nanoseconds.
type gaps struct {
	longest int64 // 0 cuts nothing

	count int64 // gaps that were cut
	total int64 // what they lost in all
	last  int64 // arrival before, uncut
	begun bool
}

// cut returns an arrival as it is when the gaps before it are cut. Arrivals must not decrease.
func (g *gaps) cut(arrival int64) int64 {
	if gap := arrival - g.last; g.begun && g.longest > 0 && gap > g.longest {
		g.count++
		g.total += gap - g.longest
	}
	g.last, g.begun = arrival, true
	return arrival - g.total
}
