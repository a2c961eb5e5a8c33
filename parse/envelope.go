package parse

import (
	"bytes"
	"fmt"
	"time"
)

// An Envelope is what a line of the access log is wrapped in by whatever carried it: a daemon, a container runtime or
// a tool that shows several logs at once.
type Envelope uint8

const (
	EnvelopeNone    Envelope = iota
	EnvelopeSyslog           // RFC 3164 or 5424, as nginx sends it, or as rsyslog and syslog-ng write it to a file
	EnvelopeCRI              // Kubernetes: "2024-01-02T15:04:05.123456789Z stdout F "
	EnvelopeDocker           // Docker's json-file: {"log":"...\n","stream":"stdout","time":"..."}
	EnvelopeKubectl          // kubectl logs --prefix: "[pod/NAME/CONTAINER] ", perhaps with --timestamps
	EnvelopeCompose          // docker compose logs: "web-1  | ", perhaps with --timestamps
	EnvelopeTime             // docker logs --timestamps, kubectl logs --timestamps: "2024-01-02T15:04:05.123456789Z "
)

// String returns a word for people.
func (e Envelope) String() string {
	switch e {
	case EnvelopeNone:
		return "none"
	case EnvelopeSyslog:
		return "syslog"
	case EnvelopeCRI:
		return "cri"
	case EnvelopeDocker:
		return "docker"
	case EnvelopeKubectl:
		return "kubectl"
	case EnvelopeCompose:
		return "compose"
	case EnvelopeTime:
		return "timestamps"
	}
	return fmt.Sprintf("Envelope(%d)", uint8(e))
}

// splits reports whether the carrier cuts long lines into parts, which have to be joined again.
func (e Envelope) splits() bool { return e == EnvelopeCRI || e == EnvelopeDocker }

// DetectEnvelope judges by the first lines of a log what they are wrapped in. Most of the lines have to be.
func DetectEnvelope(sample []byte) Envelope {
	s := newSample(sample)
	var counts [EnvelopeTime + 1]int
	var o opener
	for _, line := range s.lines {
		for e := EnvelopeNone + 1; e <= EnvelopeTime; e++ {
			if o.open(e, line, &o.letter) {
				counts[e]++
				break // what fits an earlier one is that: they are told from each other by their beginning
			}
		}
	}
	best := EnvelopeNone
	for e := range counts {
		if counts[e] > counts[best] {
			best = Envelope(e)
		}
	}
	if 2*counts[best] <= len(s.lines) {
		return EnvelopeNone
	}
	return best
}

// A letter is what was in an envelope.
type letter struct {
	line      []byte // borrowed from the line, or from the opener
	start     int    // of line in the whole; only near it where the carrier escapes
	time      int64  // when the carrier saw it, in nanoseconds since 1970
	precision time.Duration
	stderr    bool
	part      bool // the rest of the line follows
}

// An opener takes lines out of envelopes. It owns the memory for those that were escaped.
type opener struct {
	clock  clock
	text   []byte
	letter letter
}

// open takes the line out of the envelope. It returns false, and l is of no use, when the line is in none of this
// kind.
func (o *opener) open(e Envelope, line []byte, l *letter) bool {
	*l = letter{}
	switch e {
	case EnvelopeSyslog:
		return o.syslog(line, l)
	case EnvelopeCRI:
		return o.cri(line, l)
	case EnvelopeDocker:
		return o.docker(line, l)
	case EnvelopeKubectl:
		return o.kubectl(line, l)
	case EnvelopeCompose:
		return o.compose(line, l)
	case EnvelopeTime:
		return o.stamped(line, 0, l)
	}
	return false
}

// stamp reads the time at pos that has a fraction and a blank behind it, and returns the place after the blank.
// Without a fraction it may be the log's own time.
func (o *opener) stamp(line []byte, pos int, l *letter) (int, bool) {
	n := isoLen(line[pos:])
	end := pos + n
	if n <= isoTime-len("+05:00") || end >= len(line) || line[end] != ' ' || line[pos+19] != '.' || line[pos+10] != 'T' {
		return pos, false
	}
	if !o.sharp(line[pos:end], l) {
		return pos, false
	}
	return end + 1, true
}

// sharp notes a time of RFC 3339. Go leaves out the zeros at the end of a fraction, so one digit is as good as nine.
func (o *opener) sharp(b []byte, l *letter) bool {
	ns, decimals, ok := o.clock.iso(b)
	l.time, l.precision = ns, time.Second
	if decimals > 0 {
		l.precision = carrierPrecision
	}
	return ok
}

// carrierPrecision is the best that the time of an envelope is good for: it tells when a line came, and how long it
// was under way nobody knows.
const carrierPrecision = time.Millisecond

// cri reads "2024-01-02T15:04:05.123456789Z stdout F ". P instead of F says that more of the line follows; tags may
// stand behind it.
func (o *opener) cri(line []byte, l *letter) bool {
	pos, ok := o.stamp(line, 0, l)
	if !ok {
		return false
	}
	rest := line[pos:]
	switch {
	case hasPrefix(rest, "stdout "):
	case hasPrefix(rest, "stderr "):
		l.stderr = true
	default:
		return false
	}
	rest = rest[len("stdout "):]
	if len(rest) == 0 || rest[0] != 'F' && rest[0] != 'P' {
		return false
	}
	l.part = rest[0] == 'P'
	n := bytes.IndexByte(rest, ' ')
	switch {
	case n < 0 && len(rest) == 1:
		n = 0 // an empty line whose last blank was trimmed
	case n < 0 || n > 1 && rest[1] != ':':
		return false
	}
	l.line = rest[n+1:]
	l.start = len(line) - len(l.line)
	return true
}

// kubectl reads "[pod/NAME/CONTAINER] ".
func (o *opener) kubectl(line []byte, l *letter) bool {
	if !hasPrefix(line, "[pod/") {
		return false
	}
	n := bytes.IndexByte(line, ']')
	if n < 0 || n+1 >= len(line) || line[n+1] != ' ' || bytes.IndexByte(line[len("[pod/"):n], '/') < 1 || bytes.IndexByte(line[:n], ' ') >= 0 {
		return false
	}
	return o.rest(line, n+2, l)
}

// compose reads "web-1  | ".
func (o *opener) compose(line []byte, l *letter) bool {
	n := 0
	for n < len(line) && (isNameByte(line[n]) || line[n] == '-' || line[n] == '.') {
		n++
	}
	name := line[:n]
	for n < len(line) && line[n] == ' ' {
		n++
	}
	if len(name) == 0 || n == len(name) || n == len(line) || line[n] != '|' || looksLikeAddress(name) || allDigits(name) {
		return false
	}
	if n++; n < len(line) && line[n] == ' ' {
		n++
	}
	return o.rest(line, n, l)
}

// stamped reads a time and nothing else.
func (o *opener) stamped(line []byte, pos int, l *letter) bool {
	pos, ok := o.stamp(line, pos, l)
	l.line, l.start = line[pos:], pos
	return ok
}

// rest takes what follows a prefix, and the time before it if there is one.
func (o *opener) rest(line []byte, pos int, l *letter) bool {
	if !o.stamped(line, pos, l) {
		l.line, l.start = line[pos:], pos
	}
	return true
}

// sharpen gives the entry the time of its envelope where the log's own has only seconds or none. A carrier sees a
// line after nginx wrote it; when it seems to have seen it before, or more than maxDelay later, its clock or its queue
// is not to be trusted, and the log's own time stays.
func (l *letter) sharpen(e *Entry) {
	if l.precision == 0 {
		return
	}
	late := l.time - e.Time
	if e.Precision == 0 || l.precision < e.Precision && e.Precision == time.Second && late >= 0 && late < int64(maxDelay) {
		e.Time, e.Precision = l.time, l.precision
	}
}

// maxDelay is how long a line may have been under way. The log's time is cut to the second, so that a line that took
// no time seems to have taken up to one.
const maxDelay = 3 * time.Second
