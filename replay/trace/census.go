package trace

import "math"

// A census counts the requests that have no better time than their second, by second and source. It is kept in pages
// of about a minute: a dense log costs little more than 4 bytes a second, a sparse one some 300 a page.
type census struct {
	first int64 // the earliest second
	pages map[int64][]page
	// The page of the last request, where most of the next are.
	number int64
	source int
	counts *[pageSeconds]uint32
}

// A page is one source's part of a minute.
type page struct {
	source int
	counts *[pageSeconds]uint32
}

func newCensus() census { return census{first: math.MaxInt64, pages: map[int64][]page{}} }

// add counts a request and returns its rank: how many of its source and second came before it.
func (c *census) add(second int64, source int) (rank uint32) {
	number := floorDiv(second, pageSeconds)
	if c.counts == nil || number != c.number || source != c.source {
		c.number, c.source, c.counts = number, source, c.open(number, source)
	}
	c.first = min(c.first, second)
	n := &c.counts[second-number*pageSeconds]
	*n++
	return *n - 1
}

func (c *census) open(number int64, source int) *[pageSeconds]uint32 {
	pages := c.pages[number]
	for i := range pages {
		if pages[i].source == source {
			return pages[i].counts
		}
	}
	counts := new([pageSeconds]uint32)
	c.pages[number] = append(pages, page{source, counts})
	return counts
}

// A portion is how many requests of a second a source has.
type portion struct {
	source int
	n      uint32
}

// portions appends the sources that have requests in a second.
func (c *census) portions(dst []portion, second int64) []portion {
	number := floorDiv(second, pageSeconds)
	for _, p := range c.pages[number] {
		if n := p.counts[second-number*pageSeconds]; n > 0 {
			dst = append(dst, portion{p.source, n})
		}
	}
	return dst
}

// turn says which turn a request has among all of a second, from 0, when the sources take turns fairly: in order of
// (rank + 1/2) / n, and of their numbers where that is equal. Each source's own order is kept, and no source waits for
// the end of another.
func turn(portions []portion, source int, rank uint32) int {
	if len(portions) == 1 {
		return int(rank)
	}
	own := 0
	for i := range portions {
		if portions[i].source == source {
			own = i
		}
	}
	before, at, n := int64(rank), 2*int64(rank)+1, int64(portions[own].n)
	for i, other := range portions {
		// How many r of the other have (2r+1)/(2 other.n) < at/(2n), or <= for sources of smaller numbers.
		room := at*int64(other.n) - n
		switch {
		case i == own || room < 0:
		case other.source < source:
			before += room/(2*n) + 1
		default:
			before += (room + 2*n - 1) / (2 * n)
		}
	}
	return int(before)
}
