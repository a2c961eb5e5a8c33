package report

import (
	"math"
	"testing"
	"time"
)

func TestDigits(t *testing.T) {
	tests := []struct {
		v    float64
		want string
	}{
		{0, "0"}, {math.NaN(), missing}, {math.Inf(1), missing}, {1, "1.00"}, {1.234, "1.23"}, {12.34, "12.3"}, {123.4, "123"},
		{999.4, "999"}, {999.6, "1000"}, {1523, "1,523"}, {1523.6, "1,524"}, {9.994, "9.99"}, {9.996, "10.0"}, {99.96, "100"},
		{0.1, "0.100"}, {0.0456, "0.0456"}, {0.9996, "1.00"}, {0.00123, "0.00123"}, {0.00001, "<0.0001"}, {-12.34, "-12.3"},
		{1e6, "1,000,000"},
	}
	for _, tt := range tests {
		if got := digits(tt.v); got != tt.want {
			t.Errorf("digits(%v) = %s, want %s", tt.v, got, tt.want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100",
		math.MinInt64: "-9,223,372,036,854,775,808"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestShare(t *testing.T) {
	tests := []struct {
		part, whole int64
		want        string
	}{
		{0, 0, missing}, {0, 5, "0"}, {5, 5, "100"}, {1, 2, "50.0"}, {99_999, 100_000, "99.9"}, {1, 100_000, "<0.1"}, {1, 1000, "0.1"},
	}
	for _, tt := range tests {
		if got := share(tt.part, tt.whole); got != tt.want {
			t.Errorf("share(%d, %d) = %s, want %s", tt.part, tt.whole, got, tt.want)
		}
	}
}

func TestUnitFor(t *testing.T) {
	tests := []struct {
		values []float64
		want   string
	}{
		{nil, "ns"}, {[]float64{none, 0}, "ns"}, {[]float64{1e3}, "µs"}, {[]float64{1e6}, "ms"}, {[]float64{1e9}, "s"},
		{[]float64{85e3, 2e6}, "µs"}, {[]float64{85e3, 14e6}, "ms"}, {[]float64{12e6, 900e6, none}, "ms"}, {[]float64{35e3, 30e9}, "ms"},
	}
	for _, tt := range tests {
		if got := unitFor(timeUnits, tt.values...); got.name != tt.want {
			t.Errorf("unitFor(%v) = %s, want %s", tt.values, got.name, tt.want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ns", 1500 * time.Millisecond: "1.50 s", 59 * time.Second: "59.0 s", time.Minute: "1 min 00 s", 2*time.Hour + 3*time.Minute: "2 h 03 min",
		59*time.Minute + 59600*time.Millisecond: "60 min 00 s", 50 * time.Hour: "2 days 2 h",
	} {
		if got := span(int64(d)); got != want {
			t.Errorf("span(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestSizeAndPrecision(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1 << 10: "1.00 KiB", 31 << 20: "31.0 MiB", 16 << 30: "16.0 GiB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %s, want %s", n, got, want)
		}
	}
	for ns, want := range map[int64]string{1e9: "the second", 1e6: "the millisecond", 1e3: "1.00 µs"} {
		if got := precision(ns); got != want {
			t.Errorf("precision(%d) = %s, want %s", ns, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "/käse/日本?q=<a>": "/käse/日本?q=<a>", "a\x1b[31m": `a\x1b[31m`, "\n\r\t\x00\x7f": `\n\x0d\x09\x00\x7f`,
		"\u202egnp": `\u202egnp`, "\xffz": `\xffz`, "\u00a0": `\u00a0`, "\U000e0041": `\U000e0041`, "\u2028": `\u2028`, "\u0085": `\u0085`,
	} {
		if got := printable(s); got != want {
			t.Errorf("printable(%q) = %s, want %s", s, got, want)
		}
	}
	if got := excerpt("abcdef", 4); got != "abc…" {
		t.Errorf("excerpt: %s", got)
	}
	if got := excerpt("abcd", 4); got != "abcd" {
		t.Errorf("excerpt: %s", got)
	}
}

func TestPace(t *testing.T) {
	for want, c := range map[string]Config{"speed 1": {Speed: 1}, "speed 10": {Speed: 10}, "speed 0.5": {Speed: 0.5}, "speed 0.0004": {Speed: 0.0004}, "a mean of 1,200 requests/s": {Rate: 1200, Speed: 1}} {
		if got := pace(&c); got != want {
			t.Errorf("pace(%+v) = %q, want %q", c, got, want)
		}
	}
}
