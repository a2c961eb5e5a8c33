package export

import (
	"bytes"
	"fmt"
	"strings"

	"ngxreplay/replay/trace"
)

// curl writes a shell script with one curl command a request. They are sent one after the other, without their times.
type curl struct {
	target
	message message
	line    []byte
	started bool
}

// maxArgument is the longest argument that Linux hands to a program, less what quoting may add to it.
const maxArgument = 100_000

func newCurl(t target) Writer { return &curl{target: t} }

func (w *curl) start() error {
	if w.started {
		return nil
	}
	w.started = true
	_, err := fmt.Fprintf(w.out, "#!/bin/sh\n# %d requests, written by ngxreplay. They are sent one after the other; the comments say when each was due.\n", w.info.Requests)
	return err
}

func (w *curl) Write(r *trace.Request) error {
	if err := w.start(); err != nil {
		return err
	}
	m := &w.message
	m.fill(&w.wire, r)
	if err := w.check(); err != nil {
		return err
	}
	w.line = fmt.Appendf(w.line[:0], "# +%s s\n", seconds(r.Offset))
	hasBody := m.has("content-length")
	if len(m.body) > 0 {
		w.line = append(w.line, "printf '"...)
		w.line = appendPrintf(w.line, m.body)
		w.line = append(w.line, "' | "...)
	}
	w.line = append(w.line, "curl -q -sS -o /dev/null --path-as-is --globoff"...)
	if bytes.Equal(m.protocol, []byte("HTTP/1.0")) {
		w.option("--http1.0")
	} else {
		w.option("--http1.1")
	}
	w.appendMethod(hasBody)
	w.appendHeaders(hasBody)
	if len(m.body) > 0 {
		w.option("--data-binary", "@-")
	} else if hasBody {
		w.option("--data-raw", "")
	}
	if isPlain(m.target) {
		w.option("--url", w.base+string(m.target))
	} else {
		w.option("--request-target", string(m.target)) // which the URL could not hold
		w.option("--url", w.base+"/")
	}
	w.line = append(w.line, '\n')
	_, err := w.out.Write(w.line)
	return err
}

// check says what curl, or the shell, cannot do.
func (w *curl) check() error {
	m := &w.message
	if err := m.check(); err != nil {
		return err
	}
	if bytes.Equal(m.method, []byte("HEAD")) && len(m.body) > 0 {
		return UnfitError("curl sends no HEAD request with a body")
	}
	longest := len(m.target)
	for _, h := range m.headers {
		longest = max(longest, len(h.name)+len(h.value))
	}
	if longest > maxArgument {
		return UnfitError(fmt.Sprintf("%d bytes are too long for an argument of a command", longest))
	}
	return nil
}

func (w *curl) appendMethod(hasBody bool) {
	switch method := string(w.message.method); {
	case method == "HEAD":
		w.option("--head")
	case method == "GET" && !hasBody, method == "POST" && hasBody:
	default:
		w.option("--request", method)
	}
}

// appendHeaders appends the header lines, and takes those away that curl would add.
func (w *curl) appendHeaders(hasBody bool) {
	m := &w.message
	for _, h := range m.headers {
		switch {
		case m.isOwn(h):
		case len(bytes.TrimSpace(h.value)) == 0:
			w.option("-H", string(h.name)+";") // which is how curl is told to send an empty one
		default:
			w.option("-H", string(h.name)+": "+string(h.value))
		}
	}
	added := []string{"User-Agent", "Accept"}
	if hasBody {
		added = append(added, "Content-Type", "Expect")
	}
	for _, name := range added {
		if !m.has(name) {
			w.option("-H", name+":")
		}
	}
}

// option appends an option and its value.
func (w *curl) option(name string, value ...string) {
	w.line = append(w.line, ' ')
	w.line = append(w.line, name...)
	for _, v := range value {
		w.line = append(w.line, " '"...)
		w.line = append(w.line, strings.ReplaceAll(v, "'", `'\''`)...)
		w.line = append(w.line, '\'')
	}
}

func (w *curl) Close() error {
	if err := w.start(); err != nil {
		return err
	}
	return w.out.Flush()
}

// isPlain reports whether curl sends the target as it is when it stands in a URL.
func isPlain(target []byte) bool {
	p, err := path(target)
	return err == nil && bytes.Equal(appendURLPath(nil, p), target)
}

// appendPrintf appends b as the format of printf, inside single quotes. A hyphen at its beginning would make it an option.
func appendPrintf(dst, b []byte) []byte {
	for i, c := range b {
		switch {
		case c == '%':
			dst = append(dst, "%%"...)
		case i == 0 && c == '-', c <= ' ' || c >= 0x7f || c == '\\' || c == '\'':
			dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
