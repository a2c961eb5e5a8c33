package parse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// openAll reads a log that is in envelopes and gives each line as readAll does.
func openAll(t *testing.T, log string) (*Reader, []string) {
	t.Helper()
	s, err := OpenReader("app.log", strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader(s, s.Name, mustCompile("combined", combined, EscapeDefault))
	return r, readAll(r)
}

func TestEnvelopes(t *testing.T) {
	f := func(want Envelope, prefix, suffix string, at string, precision time.Duration) {
		t.Helper()
		line := lineGET
		if want == EnvelopeDocker {
			line = strings.ReplaceAll(lineGET, `"`, `\"`)
		}
		log := strings.Repeat(prefix+line+suffix+"\n", 3)
		if got := DetectEnvelope([]byte(log)); got != want {
			t.Errorf("%s: detected as %s, want %s", log, got, want)
		}
		d, err := Detect([]byte(log))
		if err != nil || d.Format.Name() != "combined" || d.Envelope != want || d.Fit != 3 {
			t.Errorf("%s: detected as %+v, %v", log, d, err)
		}
		s, err := OpenReader("app.log", strings.NewReader(log))
		if err != nil {
			t.Fatal(err)
		}
		r := NewReader(s, s.Name, mustCompile("combined", combined, EscapeDefault))
		for range 3 {
			if !r.Scan() {
				t.Fatal(r.Err())
			}
			e, bad := r.Entry()
			if bad != nil {
				t.Errorf("%s: %v", log, bad)
				continue
			}
			got := time.Unix(0, e.Time).UTC().Format(time.RFC3339Nano)
			if string(e.UserAgent) != "curl" || got != at || e.Precision != precision {
				t.Errorf("%s: got %s at %s ±%v, want %s ±%v", log, e.UserAgent, got, e.Precision, at, precision)
			}
		}
		if r.Scan() || r.Counts() != (Counts{Lines: 3, Entries: 3}) || r.Envelope() != want {
			t.Errorf("%s: %+v", log, r.Counts())
		}
	}
	// The log says 07/Feb/2024:00:00:01 +0500.
	const own, fine, late = "2024-02-06T19:00:01Z", "2024-02-06T19:00:01.123456789Z", "2024-02-06T19:00:04.1Z"
	f(EnvelopeCRI, fine+" stdout F ", "", fine, time.Millisecond)
	f(EnvelopeCRI, "2024-02-07T00:00:02.5+05:00 stderr F ", "", "2024-02-06T19:00:02.5Z", time.Millisecond) // Go leaves zeros out
	f(EnvelopeCRI, "2024-02-06T19:00:01.123456789Z stdout F:x ", "", fine, time.Millisecond)
	f(EnvelopeDocker, `{"log":"`, `\n","stream":"stdout","time":"`+fine+`"}`, fine, time.Millisecond)
	f(EnvelopeDocker, `{"attrs":{"a":"b"},"time":"`+late+`","stream":"stderr","log":"`, `\n"}`, own, time.Second)
	f(EnvelopeKubectl, "[pod/web-5d4/nginx] ", "", own, time.Second)
	f(EnvelopeKubectl, "[pod/web-5d4/nginx] "+fine+" ", "", fine, time.Millisecond)
	f(EnvelopeCompose, "web-1  | ", "", own, time.Second)
	f(EnvelopeCompose, "web-1  | "+fine+" ", "", fine, time.Millisecond)
	f(EnvelopeTime, fine+" ", "", fine, time.Millisecond)
	f(EnvelopeSyslog, "<190>Feb  7 00:00:01 web1 nginx: ", "", own, time.Second)
	f(EnvelopeSyslog, "<190>Feb  7 00:00:01 nginx: ", "", own, time.Second) // nohostname
	f(EnvelopeSyslog, "Feb  7 00:00:01 web1 nginx[123]: ", "", own, time.Second)
	f(EnvelopeSyslog, "2024-02-07T00:00:01.987654+05:00 web1 nginx: ", "", "2024-02-06T19:00:01.987654Z", time.Millisecond)
	f(EnvelopeSyslog, "2024-02-07T00:00:01+05:00 web1 nginx: ", "", own, time.Second)
	f(EnvelopeSyslog, "<165>1 2024-02-06T19:00:01.003Z web1 nginx 12 access - ", "", "2024-02-06T19:00:01.003Z", time.Millisecond)
	f(EnvelopeSyslog, `<165>1 - - - - - [a@1 b="]\"" c="d"][e f="g"] `+"\xef\xbb\xbf", "", own, time.Second)
	// A carrier that is early, or more than a moment late, has no say.
	f(EnvelopeTime, "2024-02-06T19:00:00.999Z ", "", own, time.Second)
	f(EnvelopeTime, "2024-02-06T19:00:03.999Z ", "", "2024-02-06T19:00:03.999Z", time.Millisecond)
	f(EnvelopeTime, late[:len(late)-1]+"00Z ", "", own, time.Second)
}

func TestEnvelopeString(t *testing.T) {
	var got []string
	for e := EnvelopeNone; e <= EnvelopeTime+1; e++ {
		got = append(got, e.String())
	}
	if want := "none syslog cri docker kubectl compose timestamps Envelope(7)"; strings.Join(got, " ") != want {
		t.Errorf("got %s", got)
	}
}

func TestNoEnvelope(t *testing.T) {
	for _, log := range []string{
		"", "\n", lineGET, `{"time":"2019-01-22T03:56:14.123Z","request":"GET / HTTP/1.1"}`, "1.2.3.4 | - | x", "12 | x", "2024-02-06T19:00:01Z 1.2.3.4", "<1>",
		"2024-02-06T19:00:01.5Z", "[pod/a] x", "[pod/a/b]x", "Feb  7 00:00:01 x", "<190>1 - - -", "<190>1 - - - - - [a", `{"log":"x"}`, `{"log":1,"time":"2019-01-22T03:56:14.123Z"}`,
		"2024-02-06T19:00:01.123Z1 stdout F x", "example.com:80 1.2.3.4",
	} {
		if e := DetectEnvelope([]byte(log)); e != EnvelopeNone {
			t.Errorf("%s: %s", log, e)
		}
	}
}

// $msec is finer than any carrier can tell.
func TestEnvelopeMsec(t *testing.T) {
	s, err := OpenReader("x", strings.NewReader("2024-02-06T19:00:01.5Z stdout F x\n2024-02-06T19:00:01.500Z stdout F 1707246001.123 GET / HTTP/1.1\n2024-02-06T19:00:01.500Z stdout F GET / HTTP/1.1\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader(s, "x", mustCompile("", "$msec $request", EscapeDefault), mustCompile("", "$request", EscapeDefault))
	want := []int64{0, 1707246001123e6, 1707246001500e6} // the last format has no time at all
	for i := range want {
		r.Scan()
		if e, bad := r.Entry(); bad == nil && i > 0 && e.Time != want[i] {
			t.Errorf("%d: got %d, want %d", i, e.Time, want[i])
		}
	}
}

// Lines that are cut by the runtime are joined, standard output and standard error each by itself.
func TestEnvelopeParts(t *testing.T) {
	const stamp = "2024-02-06T19:00:01.123456789Z "
	a, b := lineGET[:30], lineGET[30:]
	cri := stamp + "stdout P " + a + "\n" + stamp + "stderr P what\n" + stamp + "stderr F ever\n" + stamp + "stdout F " + b + "\n" + stamp + "stdout F " + lineGET + "\n" + stamp + "stdout P " + lineGET
	want := []string{`3: 9: expected " - "`, "4: /", "5: /", "6: /"}
	if r, got := openAll(t, cri); strings.Join(got, "\n") != strings.Join(want, "\n") || r.Counts() != (Counts{Lines: 4, Entries: 3, Malformed: 1}) {
		t.Errorf("got %q, %+v", got, r.Counts())
	}
	escape := strings.NewReplacer(`"`, `\"`)
	member := func(log string) string {
		return `{"log":"` + escape.Replace(log) + `","stream":"stdout","time":"2024-02-06T19:00:01.123456789Z"}` + "\n"
	}
	docker := member(a) + member(b+`\n`) + member(lineGET+`\n`) + member(`\n`) + "not wrapped\n"
	want = []string{"2: /", "3: /", `5: 4: expected " - "`}
	if r, got := openAll(t, docker); strings.Join(got, "\n") != strings.Join(want, "\n") || r.Counts() != (Counts{Lines: 4, Entries: 2, Malformed: 1, Blank: 1}) {
		t.Errorf("got %q, %+v", got, r.Counts())
	}
	// An endless line in parts is bounded like any other.
	var endless bytes.Buffer
	for range 100 {
		endless.WriteString(stamp + "stdout P " + strings.Repeat("x", 16<<10) + "\n")
	}
	endless.WriteString(stamp + "stdout F x\n" + stamp + "stdout F " + lineGET + "\n")
	r, got := openAll(t, endless.String())
	want = []string{fmt.Sprintf("101: %d: line too long", MaxLine+1), "102: /"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") || cap(r.unwrap.waiting[0].text) > 4*MaxLine {
		t.Errorf("got %q, holding %d", got, cap(r.unwrap.waiting[0].text))
	}
}

// A line that only looks wrapped is read as it is, and errors count columns from the start of the whole line.
func TestEnvelopeMixed(t *testing.T) {
	f := mustCompile("", `$host | $remote_addr "$request"`, EscapeDefault)
	log := "example.com | 1.2.3.4 \"GET / HTTP/1.1\"\nweb-1 | shop.example | 1.2.3.4 \"GET /b HTTP/1.1\"\nweb-1 | bad\n"
	s, err := OpenReader("x", strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1: /", "2: /b", `3: 12: expected " | "`}
	if got := readAll(NewReader(s, "x", f)); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", got)
	}
}

// FuzzEnvelope: whatever is in an envelope comes out of it, and nothing hangs or gets lost.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte("2024-02-06T19:00:01.123Z stdout F "+lineGET+"\n"), []byte("x"), uint8(2))
	f.Add([]byte(`{"log":"a\n","stream":"stderr","time":"2024-02-06T19:00:01Z"}`+"\n"), []byte(lineGET), uint8(3))
	f.Add([]byte("<190>1 - - - - - [a b=\"]\"] x\nFeb  7 00:00:01 web1 nginx: y\n"), []byte("\xff\x00"), uint8(1))
	f.Fuzz(func(t *testing.T, log, line []byte, kind uint8) {
		s, err := OpenReader("fuzz", bytes.NewReader(log))
		if err != nil {
			return
		}
		r := newCombined(s)
		for r.Scan() {
		}
		if c := r.Counts(); c.Lines != c.Entries+c.Malformed+c.Blank || c.Lines > r.Line() && r.Line() > 0 && !r.Envelope().splits() {
			t.Fatalf("%+v", c)
		}
		prefixes := []string{"", "Feb  7 00:00:01 web1 nginx: ", "2024-02-06T19:00:01.123Z stdout F ", "", "[pod/a/b] ", "web-1  | ", "2024-02-06T19:00:01.123Z "}
		e := Envelope(kind % uint8(len(prefixes)))
		wrapped := append([]byte(prefixes[e]), line...)
		if e == EnvelopeDocker {
			wrapped = fmt.Appendf(nil, `{"log":"%s\n","stream":"stdout","time":"2024-02-06T19:00:01.123Z"}`, appendEscapedAs(nil, line, EscapeJSON))
		}
		var o opener
		var l letter
		if e == EnvelopeNone || (e == EnvelopeKubectl || e == EnvelopeCompose) && isoLen(line) > 0 {
			return // a time in front of the line is taken for one of the envelope
		}
		if !o.open(e, wrapped, &l) || !bytes.Equal(l.line, line) || l.part {
			t.Fatalf("%s: %q became %+v", e, wrapped, l)
		}
	})
}
