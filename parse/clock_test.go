package parse

import (
	"strings"
	"testing"
	"time"
)

const localLayout = "02/Jan/2006:15:04:05 -0700"

func TestLocalTime(t *testing.T) {
	var c clock // one for all cases: what it remembers must not leak from one to the next
	f := func(in string, want int64) {
		t.Helper()
		for range 2 {
			if got, ok := c.local([]byte(in)); !ok || got != want*1e9 {
				t.Errorf("%s: got %d, %v, want %d", in, got, ok, want)
			}
		}
	}
	f("07/Feb/2024:00:00:01 +0500", 1707246001)
	f("07/Feb/2024:00:00:01 +0000", 1707264001)
	f("07/Feb/2024:00:00:01 -0000", 1707264001)
	f("22/Jan/2019:03:56:14 +0330", 1548116774)
	f("22/Jan/2019:03:56:14 -0330", 1548141974)
	f("29/Feb/2024:23:59:59 +0000", 1709251199)
	f("29/Feb/2000:00:00:00 +0000", 951782400)
	f("01/Jan/1970:00:00:00 +0000", 0)
	f("31/Dec/1969:23:59:59 +0000", -1)
	// A change to summer time inside a file.
	f("31/Mar/2024:01:59:59 +0100", 1711846799)
	f("31/Mar/2024:03:00:00 +0200", 1711846800)

	bad := func(in string) {
		t.Helper()
		if got, ok := c.local([]byte(in)); ok {
			t.Errorf("%s was read as %d", in, got)
		}
	}
	bad("")
	bad("29/Feb/2023:00:00:00 +0000")
	bad("29/Feb/1900:00:00:00 +0000")
	bad("31/Apr/2024:00:00:00 +0000")
	bad("00/Apr/2024:00:00:00 +0000")
	bad("07/Fev/2024:00:00:01 +0500")
	bad("07/Feb/2024:24:00:00 +0500")
	bad("07/Feb/2024:00:60:00 +0500")
	bad("07/Feb/2024:00:00:60 +0500")
	bad("07/Feb/2024:00:00:01  0500")
	bad("07/Feb/2024:00:00:01 +05:0")
	bad("07/Feb/2024:00:00:01 +0560")
	bad("07/Feb/2024:00:00:01 +2400")
	bad("07/Feb/9999:00:00:01 +0000")
	bad("07/Feb/2024 00:00:01 +0500")
	bad("07/Feb/2024:00:00:01 +0500 ")
	bad("7/Feb/2024:00:00:01 +05000")
}

func TestAnyTime(t *testing.T) {
	var c clock
	f := func(in string, want int64, precision time.Duration) {
		t.Helper()
		for range 2 {
			got, p, ok := c.any([]byte(in))
			if !ok || got != want || p != precision {
				t.Errorf("%s: got %d, %v, %v, want %d, %v", in, got, p, ok, want, precision)
			}
		}
	}
	f("2019-01-22T03:56:14+03:30", 1548116774e9, time.Second)
	f("2019-01-22T03:56:15+03:30", 1548116775e9, time.Second)
	f("2019-01-22T03:56:14-03:30", 1548141974e9, time.Second)
	f("2019-01-22T03:56:14+0330", 1548116774e9, time.Second)
	f("2019-01-22 03:56:14+0330", 1548116774e9, time.Second)
	f("2019-01-22T00:26:14Z", 1548116774e9, time.Second)
	f("2019-01-22T00:26:14.5Z", 1548116774500e6, 100*time.Millisecond)
	f("2019-01-22T00:26:14.123+00:00", 1548116774123e6, time.Millisecond)
	f("2019-01-22T00:26:14,123456789+00:00", 1548116774123456789, time.Nanosecond)
	f("2019-01-22T00:26:14.1234567891+00:00", 1548116774123456789, time.Nanosecond)
	f("22/Jan/2019:03:56:14 +0330", 1548116774e9, time.Second)
	f("1548116774", 1548116774e9, time.Second)
	f("1548116774.123", 1548116774123e6, time.Millisecond)
	f("1548116774123", 1548116774123e6, time.Millisecond)
	f("1548116774123456", 1548116774123456e3, time.Microsecond)
	f("1548116774123456789", 1548116774123456789, time.Nanosecond)
	f("0.001", 1e6, time.Millisecond)

	bad := func(in string) {
		t.Helper()
		if got, _, ok := c.any([]byte(in)); ok {
			t.Errorf("%s was read as %d", in, got)
		}
	}
	bad("")
	bad("-")
	bad("yesterday")
	bad("2019-01-22")
	bad("2019-01-22T03:56:14")
	bad("2019-01-22T03:56:14.+03:30")
	bad("2019-01-22T03:56:14.123")
	bad("2019-13-22T03:56:14+03:30")
	bad("2019-02-29T03:56:14+03:30")
	bad("2019-01-22T03:56:61+03:30")
	bad("2019-01-22T03:56:14+03:3a")
	bad("2019-01-22T03:56:14Z ")
	bad("12345678901234567890")
	bad("99999999999999999")
	bad("1548116774.")
	bad("1548116774.1x")
}

func TestSeconds(t *testing.T) {
	f := func(in string, want int64, ok bool) {
		t.Helper()
		if got, _, gotOK := parseSeconds([]byte(in)); gotOK != ok || ok && got != want {
			t.Errorf("%q: got %d, %v", in, got, gotOK)
		}
	}
	f("0.000", 0, true)
	f("0.057", 57e6, true)
	f("60", 60e9, true)
	f("0.1", 1e8, true)
	f("0.1234567899", 123456789, true)
	f("9223372035.999", 9223372035999e6, true)
	f("9223372036", 0, false)
	f("99999999999", 0, false)
	f("", 0, false)
	f(".5", 0, false)
	f("5.", 0, false)
	f("1e3", 0, false)
	f("-1", 0, false)

	list := func(in string, want int64, ok bool) {
		t.Helper()
		if got, gotOK := parseSecondsList([]byte(in)); gotOK != ok || ok && got != want {
			t.Errorf("%q: got %d, %v", in, got, gotOK)
		}
	}
	list("", Absent, true)
	list("-", Absent, true)
	list("-, -", Absent, true)
	list("0.010", 10e6, true)
	list("0.010, 0.020", 30e6, true)
	list("0.010, - : 0.030", 40e6, true)
	list("- 0.321", 321e6, true)
	list("0.010, x", 0, false)
	list("9223372035, 9223372035", 0, false)
}

// FuzzTime compares with time.Parse, which takes a little more: what it would not write itself may be refused here.
func FuzzTime(f *testing.F) {
	f.Add("07/Feb/2024:00:00:01 +0500")
	f.Add("29/Feb/2000:23:59:59 -1130")
	f.Add("2024-02-29T12:00:00.123456+05:30")
	f.Add("2024-02-29T12:00:00Z")
	f.Add("1707246001.123")
	var c clock
	f.Fuzz(func(t *testing.T, s string) {
		c.any([]byte(s))
		want, err := time.Parse(localLayout, s)
		got, ok := c.local([]byte(s))
		checkTime(t, s, want, err == nil && want.Format(localLayout) == s, got, ok, err)

		iso := strings.Replace(s, ",", ".", 1)
		want, err = time.Parse(time.RFC3339Nano, iso)
		got, decimals, ok := c.iso([]byte(s))
		if ok && (len(s) <= 10 || s[10] != 'T' || decimals > 9 || s[len(s)-1] != 'Z' && s[len(s)-3] != ':') {
			return // the near relatives of RFC 3339
		}
		checkTime(t, s, want, err == nil && want.Format(time.RFC3339) == s, got, ok, err)
	})
}

func checkTime(t *testing.T, s string, want time.Time, canonical bool, got int64, ok bool, err error) {
	t.Helper()
	_, offset := want.Zone()
	inRange := want.Year() >= 1679 && want.Year() <= 2260 && max(offset, -offset) < 24*3600
	switch {
	case ok && err != nil:
		t.Errorf("%q was read as %d, the standard library says %v", s, got, err)
	case ok && got != want.UnixNano():
		t.Errorf("%q was read as %d, want %d", s, got, want.UnixNano())
	case !ok && canonical && inRange:
		t.Errorf("%q was refused", s)
	}
}

// FuzzSecond makes times that are all good, so that every day and zone is met.
func FuzzSecond(f *testing.F) {
	f.Add(int64(1707246001), 300)
	f.Add(int64(951782399), -570)
	var c clock
	f.Fuzz(func(t *testing.T, unix int64, minutes int) {
		unix %= 9e9
		zone := time.FixedZone("", minutes%(24*60)*60)
		at := time.Unix(unix, 0).In(zone)
		if at.Year() < 1678 || at.Year() > 2261 {
			return
		}
		if got, ok := c.local([]byte(at.Format(localLayout))); !ok || got != unix*1e9 {
			t.Errorf("%s: got %d, %v, want %d", at.Format(localLayout), got, ok, unix)
		}
		if got, _, ok := c.iso([]byte(at.Format(time.RFC3339))); !ok || got != unix*1e9 {
			t.Errorf("%s: got %d, %v, want %d", at.Format(time.RFC3339), got, ok, unix)
		}
	})
}
