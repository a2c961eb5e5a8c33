package live

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ngxreplay/parse"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/traffic"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A production writes logs in a bubble, and a shadow follows them.
type production struct {
	*testing.T
	dir    string
	start  time.Time
	shadow *Shadow

	mu    sync.Mutex
	got   []handed
	ended sync.WaitGroup
}

// handed is a request as the replay gets it: when, and when it is due, since the start of the test.
type handed struct {
	target  string
	at, due time.Duration
}

const timed = `$remote_addr "$request" $status $msec $request_time`

func follow(t *testing.T, opts Options, format string, names ...string) *production {
	t.Helper()
	f, err := parse.Compile("", format, parse.EscapeDefault)
	if err != nil {
		t.Fatal(err)
	}
	p := &production{T: t, start: time.Now(), dir: t.TempDir()}
	for _, name := range names {
		opts.Inputs = append(opts.Inputs, filepath.Join(p.dir, name))
	}
	opts.Formats.Given = []*parse.Format{f}
	opts.Spread, opts.Seed, opts.Routes = trace.Poisson, 1, 10
	if opts.Delay == 0 {
		opts.Delay = 2 * time.Second
	}
	p.shadow, err = Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	p.ended.Go(p.consume)
	return p
}

// consume is a replay: its clock starts when it gets the first requests.
func (p *production) consume() {
	rows := make([]traffic.Request, 512)
	var zero time.Duration
	for first := true; ; first = false {
		n, err := p.shadow.Read(rows)
		now := time.Since(p.start)
		if first {
			zero = now
		}
		p.mu.Lock()
		for _, r := range rows[:n] {
			p.got = append(p.got, handed{target: string(r.Recorded.Target), at: now, due: zero + r.At})
		}
		p.mu.Unlock()
		if err == io.EOF {
			return
		}
	}
}

// end stops the shadow and returns what it found out, with the ledgers checked.
func (p *production) end() Facts {
	p.Helper()
	p.shadow.Stop()
	p.ended.Wait()
	if err := p.shadow.Close(); err != nil {
		p.Error(err)
	}
	facts := p.shadow.Facts()
	if n := int64(len(p.got)); facts.Info.Requests != n || facts.Info.Ledger.Requests != n {
		p.Errorf("%d requests handed on, %d in the info, %d in the ledger", n, facts.Info.Requests, facts.Info.Ledger.Requests)
	}
	for i := 1; i < len(p.got); i++ {
		if p.got[i].due < p.got[i-1].due {
			p.Errorf("%+v is due before %+v", p.got[i], p.got[i-1])
		}
	}
	return facts
}

// write appends text to a log, and rename moves it.
func (p *production) write(name, text string) {
	p.Helper()
	f, err := os.OpenFile(filepath.Join(p.dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		p.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		p.Fatal(err)
	}
}

// request is the line of a request that arrived and ended then, since the start of the test.
func (p *production) request(target string, arrived, ended time.Duration) string {
	at := p.start.Add(ended)
	return fmt.Sprintf("10.0.0.1 \"GET %s HTTP/1.1\" 200 %d.%03d %.3f\n", target, at.Unix(), at.Nanosecond()/1e6, (ended - arrived).Seconds())
}

func (p *production) targets() (all []string) {
	for _, h := range p.got {
		all = append(all, h.target)
	}
	return all
}

const (
	ms  = time.Millisecond
	sec = time.Second
)

// Requests leave the delay after they arrived, in the order in which they arrived, whatever the order of the lines; they
// are handed over before they are due.
func TestTheShadowIsTheDelayBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := follow(t, Options{}, timed, "a.log", "b.log")
		for n := range 50 { // one a 100 ms, of which every third takes 700 ms and is logged by the other server
			arrived := time.Duration(n) * 100 * ms
			time.Sleep(time.Until(p.start.Add(arrived + 50*ms)))
			if n%3 != 0 {
				p.write("a.log", p.request(fmt.Sprint("/", n), arrived, arrived+50*ms))
			}
			if n%3 == 1 && n > 7 {
				p.write("b.log", p.request(fmt.Sprint("/", n-7), arrived-700*ms, arrived))
			}
		}
		time.Sleep(5 * sec)
		facts := p.end()
		if len(p.got) < 40 || facts.Late != 0 || facts.Stalls != 0 || facts.Behind < 2*sec || facts.Behind > 2200*ms {
			t.Errorf("%d requests, %+v", len(p.got), facts)
		}
		first := p.got[0]
		for i, h := range p.got {
			var n int
			fmt.Sscanf(h.target, "/%d", &n)
			if behind := h.due - time.Duration(n)*100*ms; (behind - facts.Behind).Abs() > lead {
				t.Errorf("%s is due %v after it arrived, not %v", h.target, behind, facts.Behind)
			}
			if between := time.Duration(n)*100*ms - 100*ms; h.due-first.due != between {
				t.Errorf("%s is due %v after the first, not %v", h.target, h.due-first.due, between)
			}
			if h.at > h.due {
				t.Errorf("%d: handed over at %v, due at %v", i, h.at, h.due)
			}
		}
	})
}

// A request that takes longer than the delay leaves when it is logged, and nothing waits for it.
func TestALateLineLeavesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := follow(t, Options{}, timed, "a.log")
		for n := range 100 {
			time.Sleep(100 * ms)
			now := time.Since(p.start)
			p.write("a.log", p.request("/fast", now, now))
			if n == 80 {
				p.write("a.log", p.request("/slow", now-8*sec, now))
			}
		}
		time.Sleep(3 * sec)
		facts := p.end()
		i := slices.Index(p.targets(), "/slow")
		if len(p.got) != 101 || facts.Late != 1 || facts.Stalls != 0 || facts.Behind > 2200*ms {
			t.Errorf("%d requests, %+v", len(p.got), facts)
		}
		if slow := p.got[i]; slow.at < 8*sec || slow.at > 8*sec+4*tick {
			t.Errorf("logged at 8.1s, handed over at %v", slow.at)
		}
	})
}

// A log that comes in slices is replayed a slice behind, without gaps between them; when one is late, the shadow falls
// back once and keeps that distance.
func TestSlicesAreReplayedASliceBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := follow(t, Options{}, timed, "")
		const length, slices, late = 300 * sec, 5, 3
		for s := range slices {
			var text strings.Builder
			for n := range 300 {
				arrived := time.Duration(s)*length + time.Duration(n)*sec
				text.WriteString(p.request(fmt.Sprintf("/%d", s*300+n), arrived, arrived+500*ms))
			}
			at := time.Duration(s+1) * length
			if s == late {
				at += 40 * sec
			}
			time.Sleep(time.Until(p.start.Add(at)))
			p.write(".slice.log", text.String())
			if err := os.Rename(filepath.Join(p.dir, ".slice.log"), filepath.Join(p.dir, fmt.Sprintf("access-%d.log", s))); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * length)
		facts := p.end()
		if len(p.got) != 300*slices || facts.Late != 0 || facts.Stalls != 1 || facts.Stalled < 38*sec || facts.Stalled > 42*sec {
			t.Errorf("%d requests, %+v", len(p.got), facts)
		}
		for i, h := range p.got {
			if h.target != fmt.Sprintf("/%d", i) {
				t.Fatalf("%s came as number %d", h.target, i)
			}
			if i == 0 {
				continue
			}
			want := sec
			if i == 300*late {
				want += facts.Stalled
			}
			if gap := h.due - p.got[i-1].due; gap != want {
				t.Errorf("%s is due %v after the one before, not %v", h.target, gap, want)
			}
		}
	})
}

// Whole-second times are spread inside their second, in the order of the log.
func TestWholeSecondsAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := follow(t, Options{}, `$remote_addr [$time_local] "$request" $status`, "a.log")
		time.Sleep(time.Until(p.start.Truncate(sec).Add(sec)))
		from := time.Since(p.start)
		for n := range 200 {
			p.write("a.log", fmt.Sprintf("10.0.0.1 [%s] \"GET /%d HTTP/1.1\" 200\n", time.Now().Format("02/Jan/2006:15:04:05 -0700"), n))
			time.Sleep(50 * ms)
		}
		time.Sleep(5 * sec)
		facts := p.end()
		if len(p.got) != 200 || facts.Late != 0 || facts.Info.Ledger.Entries != 200 {
			t.Errorf("%d requests, %+v", len(p.got), facts)
		}
		places := map[time.Duration]bool{}
		for i, h := range p.got {
			at := h.due - (p.got[0].due - from)
			if h.target != fmt.Sprintf("/%d", i) {
				t.Fatalf("%s came as number %d", h.target, i)
			}
			if off := (at - (from + time.Duration(i)*50*ms)).Abs(); off > 2*sec {
				t.Errorf("%s is %v from its place", h.target, off)
			}
			places[h.due] = true
		}
		if len(places) < 190 {
			t.Errorf("only %d different times", len(places))
		}
	})
}

// Lines are accounted for as in a batch; those that lie in their time are not sent, and do not disturb the others.
func TestEveryLineIsAccountedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := follow(t, Options{Filter: trace.Filter{Excludes: []string{"/private/**"}}}, timed, "a.log", "b.log")
		for n := range 30 {
			time.Sleep(100 * ms)
			now := time.Since(p.start)
			p.write("a.log", p.request("/yes", now, now))
			switch n {
			case 10:
				p.write("a.log", "what is this\n\n"+p.request("/private/x", now, now)+strings.Replace(p.request("/", now, now), "GET / HTTP/1.1", `\x16\x03\x01`, 1))
			case 25:
				p.write("b.log", p.request("/week", now-240*time.Hour, now-240*time.Hour)+p.request("/hour", now-time.Hour, now-time.Hour)+p.request("/year", now+8760*time.Hour, now+8760*time.Hour))
			case 29:
				p.write("b.log", p.request("/soon", now, now)+p.request("/half", now, now)[:20])
			}
		}
		time.Sleep(1500 * ms)
		facts := p.end()
		l := facts.Info.Ledger
		if l.Lines != 38 || l.Malformed != 1 || l.Blank != 1 || l.Unreplayable[parse.TLS] != 1 || l.Filtered[trace.ByExclude] != 1 ||
			l.Filtered[Stale] != 1 || l.Filtered[Future] != 1 || l.Filtered[TooLate] != 1 || l.Filtered[Ended] == 0 || l.Filtered[Ended] > 10 {
			t.Errorf("%+v", l)
		}
		if facts.Stalls != 0 || len(facts.Malformed) != 1 || facts.Info.Methods["GET"] != int64(len(p.got)) || len(facts.Info.Methods) != 1 {
			t.Errorf("%+v", facts)
		}
	})
}

// What is on the disk stays there until it is nearly due.
func TestReadingAheadIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := follow(t, Options{}, timed, "")
		var text strings.Builder
		for n := range 9000 { // a quarter of an hour
			text.WriteString(p.request("/x", time.Duration(n)*100*ms, time.Duration(n)*100*ms))
		}
		time.Sleep(15 * time.Minute)
		p.write("access.log", text.String())
		most := 0
		for range 15 {
			time.Sleep(time.Minute)
			p.shadow.mu.Lock()
			most = max(most, len(p.shadow.window.queue))
			p.shadow.mu.Unlock()
		}
		time.Sleep(10 * sec)
		facts := p.end()
		if len(p.got) != 9000 || facts.Late != 0 || most > 700 || most < 500 {
			t.Errorf("%d requests, most held %d, %+v", len(p.got), most, facts)
		}
	})
}

func TestDurationEndsTheShadow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := follow(t, Options{Duration: 10 * sec}, timed, "a.log")
		for range 150 {
			now := time.Since(p.start)
			p.write("a.log", p.request("/x", now, now))
			time.Sleep(100 * ms)
		}
		p.ended.Wait() // by itself
		if facts := p.end(); len(p.got) < 77 || len(p.got) > 80 || facts.Info.Ledger.Filtered[Ended] == 0 {
			t.Errorf("%d requests in 10 s, 2 s behind; %+v", len(p.got), facts.Info.Ledger)
		}
	})
}

func TestOpenRefusesWhatCannotBeFollowed(t *testing.T) {
	dir := t.TempDir()
	odd := filepath.Join(dir, "odd.log")
	if err := os.WriteFile(odd, []byte("nothing that\nanybody knows\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		opts Options
		want string
	}{
		{Options{}, "nothing to follow"},
		{Options{Inputs: []string{"-"}}, "standard input cannot be followed"},
		{Options{Inputs: []string{odd}, Delay: -1}, "delay -1ns"},
		{Options{Inputs: []string{odd}}, "unknown log format"},
	} {
		_, err := Open(test.opts)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %q", test.opts.Inputs, err, test.want)
		}
		if test.want == "unknown log format" && !errors.Is(err, parse.ErrUnknownFormat) {
			t.Errorf("%v: the error does not tell its kind", err)
		}
	}
}
