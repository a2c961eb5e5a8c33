package parse

import (
	"bytes"
	"time"
)

// A clock reads the times of log lines. It remembers the last day and zone, because neighbouring lines share them:
// then only the time of day is left to read. The zero clock is ready.
type clock struct {
	day  [localDay]byte  // "07/Feb/2024:" as last seen
	zone [localZone]byte // " +0500]" without the bracket
	base int64           // the second at which that day began in that zone, since 1970

	isoDay  [isoDay]byte // the same for times of the usual length in RFC 3339
	isoZone [isoZone]byte
	isoBase int64
}

const (
	localDay  = len("07/Feb/2024:")
	localZone = len(" +0500")
	localTime = len("07/Feb/2024:00:00:01 +0500")
	isoDay    = len("2024-02-07T")
	isoZone   = len("+05:00")
	isoTime   = len("2024-02-07T00:00:01+05:00")
)

// local reads $time_local as nanoseconds since 1970.
func (c *clock) local(b []byte) (int64, bool) {
	if len(b) != localTime {
		return 0, false
	}
	if [localDay]byte(b) != c.day || [localZone]byte(b[localTime-localZone:]) != c.zone {
		base, ok := localBase(b)
		if !ok {
			return 0, false
		}
		copy(c.day[:], b)
		copy(c.zone[:], b[localTime-localZone:])
		c.base = base
	}
	second, ok := timeOfDay(b[localDay : localDay+8])
	return (c.base + second) * 1e9, ok
}

// localBase returns the second at which the day of a $time_local began in its zone.
func localBase(b []byte) (int64, bool) {
	if b[2] != '/' || b[6] != '/' || b[11] != ':' || b[20] != ' ' {
		return 0, false
	}
	day, ok1 := parseInt(b[:2])
	year, ok2 := parseInt(b[7:11])
	month := monthOf(b[3:6])
	offset, ok3 := zoneOffset(b[21:])
	days, ok4 := daysSince1970(year, month, day)
	return days*86400 - offset, ok1 && ok2 && ok3 && ok4
}

// timeOfDay reads "15:04:05" as seconds.
func timeOfDay(b []byte) (int64, bool) {
	_ = b[7]
	h1, h2, m1, m2, s1, s2 := b[0]-'0', b[1]-'0', b[3]-'0', b[4]-'0', b[6]-'0', b[7]-'0'
	if h1 > 2 || h2 > 9 || m1 > 5 || m2 > 9 || s1 > 5 || s2 > 9 || b[2] != ':' || b[5] != ':' {
		return 0, false
	}
	hour := int64(h1)*10 + int64(h2)
	return hour*3600 + (int64(m1)*10+int64(m2))*60 + int64(s1)*10 + int64(s2), hour < 24
}

// zoneOffset reads "+0330", "+03:30" or "Z" as seconds east of Greenwich.
func zoneOffset(b []byte) (int64, bool) {
	if len(b) == 1 && b[0] == 'Z' {
		return 0, true
	}
	if len(b) == 6 && b[3] == ':' {
		b = []byte{b[0], b[1], b[2], b[4], b[5]}
	}
	if len(b) != 5 || b[0] != '+' && b[0] != '-' {
		return 0, false
	}
	hours, ok1 := parseInt(b[1:3])
	minutes, ok2 := parseInt(b[3:5])
	if !ok1 || !ok2 || hours > 23 || minutes > 59 {
		return 0, false
	}
	offset := hours*3600 + minutes*60
	if b[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// iso reads RFC 3339 and its near relatives: 'T' or a blank in the middle, a fraction or none, "Z", "+03:30" or
// "+0330". decimals is how many digits the fraction had.
func (c *clock) iso(b []byte) (ns int64, decimals int, ok bool) {
	if len(b) != isoTime {
		return parseISO(b)
	}
	if [isoDay]byte(b) != c.isoDay || [isoZone]byte(b[isoTime-isoZone:]) != c.isoZone {
		ns, decimals, ok = parseISO(b)
		if ok && decimals == 0 {
			second, _ := timeOfDay(b[isoDay : isoDay+8])
			copy(c.isoDay[:], b)
			copy(c.isoZone[:], b[isoTime-isoZone:])
			c.isoBase = ns/1e9 - second
		}
		return ns, decimals, ok
	}
	second, ok := timeOfDay(b[isoDay : isoDay+8])
	return (c.isoBase + second) * 1e9, 0, ok
}

func parseISO(b []byte) (ns int64, decimals int, ok bool) {
	n := isoLen(b)
	if n == 0 || n != len(b) {
		return 0, 0, false
	}
	year, ok1 := parseInt(b[:4])
	month, ok2 := parseInt(b[5:7])
	day, ok3 := parseInt(b[8:10])
	days, ok4 := daysSince1970(year, month, day)
	second, ok5 := timeOfDay(b[11:19])
	zone, fraction := b[19:], []byte(nil)
	if zone[0] == '.' || zone[0] == ',' {
		end := 1
		for end < len(zone) && isDigit(zone[end]) {
			end++
		}
		fraction, zone = zone[1:end], zone[end:]
	}
	offset, ok6 := zoneOffset(zone)
	part, ok7 := parseFraction(fraction)
	ns = (days*86400+second-offset)*1e9 + part
	return ns, len(fraction), ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7
}

// isoLen returns the length of the RFC 3339 time that b begins with, judged by its punctuation; 0 when there is none.
func isoLen(b []byte) int {
	if len(b) < 20 || b[4] != '-' || b[7] != '-' || b[10] != 'T' && b[10] != ' ' {
		return 0
	}
	n := 19
	if b[n] == '.' || b[n] == ',' {
		n++
		for n < len(b) && isDigit(b[n]) {
			n++
		}
		if n == 20 || n == len(b) {
			return 0
		}
	}
	switch {
	case b[n] == 'Z':
		return n + 1
	case b[n] != '+' && b[n] != '-':
		return 0
	case len(b) >= n+6 && b[n+3] == ':':
		return n + 6
	case len(b) >= n+5:
		return n + 5
	}
	return 0
}

// any reads a time of whatever kind: some JSON logs call an epoch number "time". Numbers are seconds, milli-, micro-
// or nanoseconds since 1970 by their size, which is unambiguous from 1973 to 5138.
func (c *clock) any(b []byte) (ns int64, precision time.Duration, ok bool) {
	if ns, ok := c.local(b); ok {
		return ns, time.Second, true
	}
	if ns, decimals, ok := c.iso(b); ok {
		return ns, precisionOf(decimals), true
	}
	if len(b) <= 11 || bytes.IndexByte(b, '.') >= 0 {
		ns, decimals, ok := parseSeconds(b)
		return ns, precisionOf(decimals), ok
	}
	n, ok := parseInt(b)
	if len(b) == 19 { // nanoseconds fill 19 digits, one more than parseInt takes
		high, ok1 := parseInt(b[:18])
		ok = ok1 && isDigit(b[18]) && high < maxSecond*1e8
		n = high*10 + int64(b[18]-'0')
	}
	switch {
	case !ok:
		return 0, 0, false
	case n < 1e14:
		return n * 1e6, time.Millisecond, n < maxSecond*1e3
	case n < 1e17:
		return n * 1e3, time.Microsecond, n < maxSecond*1e6
	}
	return n, time.Nanosecond, true
}

// precisionOf is the precision of a number of seconds with so many decimals.
func precisionOf(decimals int) time.Duration {
	p := time.Second
	for range min(decimals, 9) {
		p /= 10
	}
	return p
}

// daysSince1970 counts days of the Gregorian calendar. It refuses days that do not exist, and years whose
// nanoseconds since 1970 an int64 cannot hold.
func daysSince1970(year, month, day int64) (int64, bool) {
	if year < 1678 || year > 2261 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	// The year begins in March, so that the leap day comes last.
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return era*146097 + dayOfEra - 719468, true
}

func daysIn(year, month int64) int64 {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// monthOf returns 1 to 12, or 0 for no month.
func monthOf(b []byte) int64 {
	switch string(b) {
	case "Jan":
		return 1
	case "Feb":
		return 2
	case "Mar":
		return 3
	case "Apr":
		return 4
	case "May":
		return 5
	case "Jun":
		return 6
	case "Jul":
		return 7
	case "Aug":
		return 8
	case "Sep":
		return 9
	case "Oct":
		return 10
	case "Nov":
		return 11
	case "Dec":
		return 12
	}
	return 0
}

func isDigit(c byte) bool { return c-'0' <= 9 }
