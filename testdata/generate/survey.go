package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// survey is what the logs hold, counted with regular expressions on purpose: slow, plain, and independent of the
// parser these logs are to test.
type survey struct {
	lines        int
	sizes        map[string]int // bytes, by log
	lineCounts   map[string]int // lines, by log
	statuses     map[string]int
	methods      map[string]int // of well-formed request lines
	protocols    map[string]int // of well-formed request lines
	unreplayable map[string]int // by kind
	families     map[string]int
	hosts        map[string]int
	clients      map[string]int
	seconds      map[time.Time]int // lines by $time_local
	first, last  time.Time
	backwards    int      // lines of timed.log that are older than the one before
	refused      []string // well-formed request lines Go's own server would not read
}

// logNames are the logs, in the order in which they are described.
func logNames() []string { return []string{"combined.log", "timed.log", "json.log"} }

// span is the time between the first and the last line.
func (s survey) span() time.Duration { return s.last.Sub(s.first) }

// peak returns the second with the most lines, the earliest of several.
func (s survey) peak() (second time.Time, lines int) {
	for at, n := range s.seconds {
		if n > lines || n == lines && at.Before(second) {
			second, lines = at, n
		}
	}
	return second, lines
}

// lulls counts the seconds between the first and the last without a line.
func (s survey) lulls() int { return int(s.span()/time.Second) + 1 - len(s.seconds) }

// surveyFolder counts what the three logs in folder hold.
func surveyFolder(folder string) (survey, error) {
	logs := map[string][]byte{}
	for _, name := range logNames() {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return survey{}, fmt.Errorf("%w: run `go run ./testdata/generate` at the root of the module", err)
		}
		logs[name] = data
	}
	return surveyLogs(logs)
}

// surveyLogs counts what the logs hold: combined.log for what is in all of them, timed.log for the order, json.log for
// the hosts.
func surveyLogs(logs map[string][]byte) (survey, error) {
	s := survey{
		sizes: map[string]int{}, lineCounts: map[string]int{}, statuses: map[string]int{}, methods: map[string]int{},
		protocols: map[string]int{}, unreplayable: map[string]int{}, families: map[string]int{},
		hosts: map[string]int{}, clients: map[string]int{}, seconds: map[time.Time]int{},
	}
	for name, data := range logs {
		s.sizes[name], s.lineCounts[name] = len(data), bytes.Count(data, []byte("\n"))
	}
	err := errors.Join(
		eachLine("combined.log", logs, s.combinedCounter()),
		eachLine("timed.log", logs, s.timedCounter()),
		eachLine("json.log", logs, s.jsonCounter()))
	return s, err
}

// eachLine calls add with every line of a log, and says where the first is that add refuses.
func eachLine(name string, logs map[string][]byte, add func(string) error) error {
	scanner := bufio.NewScanner(bytes.NewReader(logs[name]))
	scanner.Buffer(nil, 1<<20)
	for line := 1; scanner.Scan(); line++ {
		if err := add(scanner.Text()); err != nil {
			return fmt.Errorf("%s:%d: %w", name, line, err)
		}
	}
	return scanner.Err()
}

// combinedCounter counts what a line of combined.log says.
func (s *survey) combinedCounter() func(string) error {
	line := regexp.MustCompile(`^(\S+) - (.*) \[([^]]+)\] "(.*)" (\d{3}) (\d+) "(.*)" "(.*)"$`)
	wellFormed := regexp.MustCompile(`^([A-Z]+) (\S+) (HTTP/1\.[01])$`)
	return func(text string) error {
		part := line.FindStringSubmatch(text)
		if part == nil {
			return fmt.Errorf("not in the combined format: %.80s", text)
		}
		at, err := time.Parse("02/Jan/2006:15:04:05 -0700", part[3])
		if err != nil {
			return err
		}
		at = at.UTC()
		s.lines++
		s.seconds[at]++
		if s.first.IsZero() || at.Before(s.first) {
			s.first = at
		}
		if at.After(s.last) {
			s.last = at
		}
		s.clients[part[1]]++
		s.statuses[part[5]]++
		request := unescape(part[4])
		words := wellFormed.FindStringSubmatch(request)
		if words == nil || words[1] == "CONNECT" {
			s.unreplayable[garbageKind(request)]++
			return nil
		}
		s.methods[words[1]]++
		s.protocols[words[3]]++
		s.families[family(words[2])]++
		if _, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request + "\r\nHost: x\r\n\r\n"))); err != nil {
			s.refused = append(s.refused, fmt.Sprintf("%.80q: %v", request, err))
		}
		return nil
	}
}

// timedCounter counts the lines of timed.log that were written after a later one.
func (s *survey) timedCounter() func(string) error {
	msec := regexp.MustCompile(`" (\d+\.\d{3}) \d+\.\d{3} \S+ \d+$`)
	before := 0.0
	return func(text string) error {
		part := msec.FindStringSubmatch(text)
		if part == nil {
			return fmt.Errorf("not in the timed format: %.80s", text)
		}
		at, err := strconv.ParseFloat(part[1], 64)
		if at < before {
			s.backwards++
		}
		before = at
		return err
	}
}

// jsonCounter counts hosts, and insists that every line is JSON.
func (s *survey) jsonCounter() func(string) error {
	return func(text string) error {
		var line struct{ Host string }
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			return fmt.Errorf("no JSON object: %w", err)
		}
		s.hosts[line.Host]++
		return nil
	}
}

// unescape turns \xXX, which nginx writes for quotes, backslashes and bytes that are not printable, into the byte.
func unescape(text string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, `\x`)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		digits := after[:min(2, len(after))]
		value, err := strconv.ParseUint(digits, 16, 8)
		if err != nil || len(digits) < 2 {
			return b.String() + `\x` + after
		}
		b.WriteByte(byte(value))
		text = after[2:]
	}
}

// garbageKind names why a request line cannot be sent again.
func garbageKind(request string) string {
	switch {
	case request == "" || request == "-":
		return "empty"
	case strings.HasPrefix(request, "\x16\x03"):
		return "TLS"
	case strings.HasPrefix(request, "CONNECT "):
		return "CONNECT"
	case strings.HasPrefix(request, "GET /") && !strings.Contains(request, " HTTP/"):
		return "no protocol"
	case strings.Contains(request, " HTTP/"):
		return "other request line"
	}
	return "other bytes"
}

// family is the route of a target: its path, with what looks like an identifier replaced by a placeholder.
func family(target string) string {
	path, _, _ := strings.Cut(target, "?")
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		switch {
		case strings.ContainsAny(segment, "0123456789") && segment != "v1":
			segments[i] = ":id"
		case strings.ContainsAny(segment, "-%"):
			segments[i] = ":slug"
		}
	}
	return strings.Join(segments, "/")
}

// shortcomings says what the logs lack of what the tests of this module build on; nil when nothing.
func shortcomings(s survey) []error {
	var missing []error
	need := func(ok bool, format string, values ...any) {
		if !ok {
			missing = append(missing, fmt.Errorf(format, values...))
		}
	}
	need(s.lines >= 6000, "%d lines, want 6000", s.lines)
	need(s.span() >= 2*time.Minute, "a span of %v, want 2 minutes", s.span())
	total := 0
	for _, name := range logNames() {
		need(s.lineCounts[name] == s.lines, "%s has %d lines, combined.log has %d", name, s.lineCounts[name], s.lines)
		total += s.sizes[name]
	}
	need(s.sizes["combined.log"] < 1_600_000, "combined.log has %d bytes, want less than 1.6 MB", s.sizes["combined.log"])
	need(total < 5_000_000, "the logs have %d bytes, want less than 5 MB", total)
	for _, status := range wantedStatuses() {
		need(s.statuses[status] >= 3, "status %s occurs %d times, want 3", status, s.statuses[status])
	}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		need(s.methods[method] >= 10, "method %s occurs %d times, want 10", method, s.methods[method])
	}
	for _, kind := range []string{"TLS", "empty", "no protocol", "CONNECT", "other request line", "other bytes"} {
		need(s.unreplayable[kind] > 0, "nothing unreplayable of kind %q", kind)
	}
	frequent := 0
	for _, n := range s.families {
		if n >= 10 {
			frequent++
		}
	}
	need(frequent >= 25, "%d route families with 10 requests or more, want 25", frequent)
	_, peak := s.peak()
	need(peak >= 250, "the busiest second has %d lines, want 250", peak)
	need(s.lulls() >= 5, "%d seconds without a line, want 5", s.lulls())
	need(len(s.clients) >= 180, "%d clients, want 180", len(s.clients))
	need(s.protocols["HTTP/1.0"] >= 10, "HTTP/1.0 occurs %d times, want 10", s.protocols["HTTP/1.0"])
	for _, host := range []string{www, api, static} {
		need(s.hosts[host] >= 100, "host %s occurs %d times, want 100", host, s.hosts[host])
	}
	need(s.backwards >= 50, "%d lines of timed.log out of order, want 50", s.backwards)
	need(len(s.refused) == 0, "Go's server would not read: %s", strings.Join(s.refused, "; "))
	return missing
}

// wantedStatuses are those every replay has to cope with.
func wantedStatuses() []string {
	return strings.Fields("200 201 202 204 206 301 302 304 400 401 403 404 405 408 413 416 429 499 500 502 503 504")
}
