package live

import (
	"bytes"
	"errors"
	"io"
	"time"

	"ngxreplay/parse"
	"ngxreplay/replay/trace"
)

// A lane reads the lines of one file. Everything but the reading itself happens under the lock of its shadow.
type lane struct {
	*Shadow
	file      *file
	name      string
	r         io.Reader
	described // no formats until there is a line to tell
	counted   parse.Counts
	seed      uint64
	head      int64 // the latest time logged

	// group are the requests of a second in whole-second times, which are placed in it when it is over.
	group   []held
	second  int64
	seconds time.Duration // the precision
}

// run reads the lines to the end of the file.
func (l *lane) run() {
	defer l.file.lanes.Add(-1)
	err := l.readAll()
	if closer, ok := l.r.(io.Closer); ok {
		err = errors.Join(err, closer.Close())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flush(l.now())
	delete(l.open, l)
	l.keepSource(l)
	if err != nil && !l.stopped {
		l.problem(l.name, err)
	}
}

func (l *lane) readAll() error {
	r, err := l.prepare()
	if err != nil || len(l.formats) == 0 {
		return err
	}
	reader := parse.NewReader(enveloped{r, l.wrapped}, l.name, l.formats...)
	for reader.Scan() {
		entry, malformed := reader.Entry()
		if !l.take(reader, entry, malformed) {
			return nil
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.stopped {
		l.count(reader.Counts())
	}
	return reader.Err()
}

// enveloped tells a parse.Reader what the lines are wrapped in.
type enveloped struct {
	io.Reader
	envelope parse.Envelope
}

func (e enveloped) Envelope() parse.Envelope { return e.envelope }

// prepare finds the format: an archive's by its content, that of a log that was empty by its first lines.
func (l *lane) prepare() (io.Reader, error) {
	if l.file.archive {
		source, err := parse.OpenReader(l.name, l.r)
		if err != nil {
			return nil, err
		}
		l.described, err = describe(source, l.opts.Formats)
		return source, err
	}
	var seen []byte
	for len(l.formats) == 0 {
		more := make([]byte, chunk)
		n, err := l.r.Read(more)
		seen = append(seen, more[:n]...)
		if bytes.IndexByte(seen, '\n') >= 0 || err != nil || len(seen) >= sampleSize {
			var unknown error
			if l.described, unknown = l.known.recognise(l.name, seen, l.opts.Formats); unknown != nil && (err != nil || len(seen) >= sampleSize) {
				return nil, unknown // more lines would not tell either
			}
		}
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
	}
	return io.MultiReader(bytes.NewReader(seen), l.r), nil
}

// take accounts for a line, when it is time to. It returns false when the shadow was stopped.
func (l *lane) take(reader *parse.Reader, entry *parse.Entry, malformed *parse.LineError) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for entry != nil && !l.stopped && l.window.isEarly(entry.Time, l.now()) {
		l.flushBefore(entry.Time, l.now())
		l.changed.Wait()
	}
	if l.stopped {
		return false
	}
	l.count(reader.Counts())
	if malformed != nil {
		l.stream.Refuse(malformed)
		return true
	}
	l.current = l
	_ = l.stream.Take(entry, l.name, reader.Line()) // its errors are those of keep, which has none
	return true
}

func (l *lane) count(now parse.Counts) {
	l.stream.Count(now, l.counted)
	l.counted = now
}

// keep takes a request that the filter keeps, logged at t.
func (l *lane) keep(r *trace.Request, t int64, precision time.Duration) {
	now := l.now()
	if t-now <= int64(maxAhead) {
		l.head = max(l.head, t)
	}
	if rule := l.window.place(t, l.head, precision, now); rule != "" {
		l.stream.Withdraw(rule, 1)
		return
	}
	request, size := clone(r)
	request.Route = l.routes[l.table.Lookup(r.Method, r.Target)]
	l.window.bytes += size
	arrival := t - max(r.RequestTime, 0)
	if precision < time.Second {
		l.window.add(request, arrival, size, now)
		return
	}
	l.flushBefore(t, now)
	l.second, l.seconds = t, precision
	l.group = append(l.group, held{arrival: arrival, size: size, request: request})
	l.window.extra++
}

// flushBefore places the requests of the second that is held when a line of another one comes.
func (l *lane) flushBefore(t, now int64) {
	if t != l.second {
		l.flush(now)
	}
}

// flush places the requests of a second in it: in the order of the log, by draws.
func (l *lane) flush(now int64) {
	if len(l.group) == 0 {
		return
	}
	draws := l.opts.Spread.Draws(len(l.group), l.second, l.seconds, l.seed)
	for i, h := range l.group {
		l.window.add(h.request, h.arrival+int64(draws[i]), h.size, now)
	}
	l.window.extra -= len(l.group)
	l.group = l.group[:0]
}

// settle flushes a second that is over.
func (l *lane) settle(now int64) {
	if now >= l.second+int64(l.seconds+settled) {
		l.flush(now)
	}
}
