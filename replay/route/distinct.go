package route

import "slices"

// distinct estimates how many different texts it was shown, in bounded memory: it keeps their least hashes. The
// estimate is exact below sketchSize, typically an eighth off beyond, and does not depend on the order.
type distinct struct {
	least []uint64 // sorted
}

const sketchSize = 64

func (d *distinct) add(text []byte) { d.insert(mix(hashPath(text))) }

func (d *distinct) insert(h uint64) {
	full := len(d.least) == sketchSize
	if full && h >= d.least[sketchSize-1] {
		return
	}
	i, found := slices.BinarySearch(d.least, h)
	if found {
		return
	}
	if full {
		d.least = d.least[:sketchSize-1]
	}
	d.least = slices.Insert(d.least, i, h)
}

func (d *distinct) merge(other *distinct) {
	for _, h := range other.least {
		d.insert(h)
	}
}

// count is how many there were, and whether that is exact.
func (d *distinct) count() (n int64, exact bool) {
	if len(d.least) < sketchSize {
		return int64(len(d.least)), true
	}
	return int64((sketchSize - 1) / (float64(d.least[sketchSize-1]) / (1 << 64))), false
}

// mix spreads a hash evenly over all its bits.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
