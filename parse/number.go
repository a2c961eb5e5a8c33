package parse

import "bytes"

// parseInt reads decimal digits. It refuses what does not fit 18 digits: no size or count in a log is that large.
func parseInt(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	var n int64
	for _, c := range b {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	return n, true
}

// parseSeconds reads a decimal number of seconds ("0.057", "1707246001.123") as nanoseconds, exactly: no float is in
// between. Digits after the ninth decimal are dropped. decimals is how many there were.
func parseSeconds(b []byte) (ns int64, decimals int, ok bool) {
	whole, fraction := b, []byte(nil)
	if i := bytes.IndexByte(b, '.'); i >= 0 {
		whole, fraction = b[:i], b[i+1:]
		if len(fraction) == 0 {
			return 0, 0, false
		}
	}
	if len(whole) > 10 {
		return 0, 0, false
	}
	n, ok := parseInt(whole)
	if !ok || n > maxSecond {
		return 0, 0, false
	}
	part, ok := parseFraction(fraction)
	return n*1e9 + part, len(fraction), ok
}

// maxSecond keeps second*1e9 + 999999999 inside an int64: the year 2262.
const maxSecond = 9_223_372_035

// parseFraction reads the digits after a decimal point as billionths.
func parseFraction(b []byte) (int64, bool) {
	var n int64
	for i, c := range b {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		if i < 9 {
			n = n*10 + int64(d)
		}
	}
	for i := len(b); i < 9; i++ {
		n *= 10
	}
	return n, true
}

// parseSecondsList adds up a list of times such as "0.010, 0.020 : 0.030", where "-" stands for no time. It returns
// Absent when the list holds no time at all.
func parseSecondsList(b []byte) (int64, bool) {
	sum, found := int64(0), false
	for len(b) > 0 {
		i := 0
		for i < len(b) && b[i] != ' ' && b[i] != ',' {
			i++
		}
		item := b[:i]
		b = b[min(i+1, len(b)):]
		if len(item) == 0 || len(item) == 1 && (item[0] == '-' || item[0] == ':') {
			continue
		}
		ns, _, ok := parseSeconds(item)
		if !ok || sum+ns < 0 {
			return 0, false
		}
		sum, found = sum+ns, true
	}
	if !found {
		return Absent, true
	}
	return sum, true
}
