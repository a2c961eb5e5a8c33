package export

import (
	"encoding/json"
	"fmt"
	"strings"

	"ngxreplay/replay/trace"
)

// k6 writes a script with everything in it. The executor hands out the requests in order; each virtual user sleeps
// until its request is due, counted from the start of the scenario, and sends it. As long as fewer requests are under
// way than there are virtual users, all leave when they are due, to the millisecond.
type k6 struct {
	target
	message message
	json    *json.Encoder
	started bool
	count   int64
}

func newK6(t target) Writer { return &k6{target: t, json: newJSON(t)} }

const k6Head = `// Requests recorded by nginx, at their recorded times; written by ngxreplay. Run with: k6 run FILE
// Options: -e BASE_URL=http://host:port where to send, -e SPEED=2 twice as fast, -e VUS=500 most requests under way.
import http from 'k6/http';
import encoding from 'k6/encoding';
import exec from 'k6/execution';
import { sleep } from 'k6';
import { SharedArray } from 'k6/data';

const base = __ENV.BASE_URL || %s;
const speed = Number(__ENV.SPEED || 1);

// Each is [due in ms, method, path, headers, body in base64 or null, route].
const requests = new SharedArray('requests', () => [
`

const k6Tail = `]);

export const options = {
  discardResponseBodies: true,
  maxRedirects: 0, // the log holds what followed
  scenarios: {
    replay: {
      executor: 'shared-iterations',
      vus: Math.min(Number(__ENV.VUS || 200), Math.max(requests.length, 1)),
      iterations: Math.max(requests.length, 1),
      maxDuration: ` + "`${Math.ceil(%s / 1000 / speed) + 120}s`" + `,
    },
  },
};

export default function () {
  const request = requests[exec.scenario.iterationInTest];
  if (!request) return;
  const [due, method, path, headers, body, route] = request;
  const wait = due / speed - (Date.now() - exec.scenario.startTime);
  if (wait > 0) sleep(wait / 1000);
  http.request(method, base + path, body === null ? null : encoding.b64decode(body), { headers, tags: { name: route } });
}
`

func (w *k6) start() error {
	if w.started {
		return nil
	}
	w.started = true
	base, err := json.Marshal(w.base)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.out, k6Head, base)
	return err
}

func (w *k6) Write(r *trace.Request) error {
	if err := w.start(); err != nil {
		return err
	}
	m := &w.message
	m.fill(&w.wire, r)
	url, err := m.url("")
	if err != nil {
		return err
	}
	if err := m.check(); err != nil {
		return err
	}
	if strings.ToUpper(string(m.method)) != string(m.method) {
		return UnfitError("k6 sends methods in capital letters only")
	}
	headers := map[string]string{}
	for _, h := range m.headers {
		if m.isOwn(h) {
			continue
		}
		name, value := string(h.name), string(h.value)
		if before, twice := headers[name]; twice {
			value = before + ", " + value
		}
		headers[name] = value
	}
	if !m.has("user-agent") {
		headers["User-Agent"] = "" // or k6 sends its own
	}
	var body any
	if len(m.body) > 0 {
		body = m.body
	}
	indent := ", "
	if w.count++; w.count == 1 {
		indent = "  "
	}
	w.out.WriteString(indent)
	return w.json.Encode([]any{float64(r.Offset) / 1e6, string(m.method), url, headers, body, r.Route})
}

func (w *k6) Close() error {
	if err := w.start(); err != nil {
		return err
	}
	fmt.Fprintf(w.out, k6Tail, fmt.Sprint(w.info.SpanNS/1e6))
	return w.out.Flush()
}
