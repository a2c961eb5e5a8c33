package parse

import (
	"strings"
	"testing"
	"time"
)

// What calendars do to a log: the hour that comes twice when summer time ends, the one that is missing when it begins,
// the leap day, the turn of a year, and zones of a half and a quarter hour. The reader remembers the last second, which
// must not outlive a change of the zone.
func TestCalendars(t *testing.T) {
	times := []string{
		"25/Oct/2026:02:59:59 +0200", "25/Oct/2026:02:00:00 +0100", "25/Oct/2026:02:59:59 +0100", "25/Oct/2026:02:59:59 +0200",
		"29/Mar/2026:01:59:59 +0100", "29/Mar/2026:03:00:00 +0200",
		"28/Feb/2024:23:59:59 +0000", "29/Feb/2024:00:00:00 +0000", "01/Mar/2024:00:00:00 +0000", "28/Feb/2100:23:59:59 +0000", "01/Mar/2100:00:00:00 +0000",
		"31/Dec/2026:23:59:59 +0530", "01/Jan/2027:00:00:00 +0530", "01/Jan/2027:00:00:00 +0545", "01/Jan/2027:00:00:00 -0930",
	}
	var log strings.Builder
	for _, at := range times {
		log.WriteString("192.0.2.1 - - [" + at + "] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"\n")
	}
	format, _ := Lookup("combined")
	reader := NewReader(strings.NewReader(log.String()), "x", format)
	for _, at := range times {
		want, err := time.Parse("02/Jan/2006:15:04:05 -0700", at)
		if err != nil {
			t.Fatal(err)
		}
		if !reader.Scan() {
			t.Fatalf("no line for %s: %v", at, reader.Err())
		}
		if e, bad := reader.Entry(); bad != nil || e.Time != want.UnixNano() {
			t.Errorf("%s: got %+v, %v", at, e, bad)
		}
	}
	for _, impossible := range []string{"29/Feb/2023:00:00:00 +0000", "31/Apr/2026:00:00:00 +0000", "00/Jan/2026:00:00:00 +0000", "01/Jan/2026:24:00:00 +0000"} {
		line := "192.0.2.1 - - [" + impossible + "] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\""
		if err := format.Parse([]byte(line), new(Entry)); err == nil {
			t.Errorf("%s was taken for a time", impossible)
		}
	}
}
