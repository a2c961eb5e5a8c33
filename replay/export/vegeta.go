package export

import (
	"encoding/json"

	"ngxreplay/replay/trace"
)

// vegeta writes the targets that `vegeta attack -format=json` reads: one JSON object a line. They have no times:
// vegeta sends at a rate of its own.
type vegeta struct {
	target
	message message
	json    *json.Encoder
}

func newVegeta(t target) Writer { return &vegeta{target: t, json: newJSON(t)} }

// newJSON returns an encoder of one value a line, in which URLs are readable.
func newJSON(t target) *json.Encoder {
	encoder := json.NewEncoder(t.out)
	encoder.SetEscapeHTML(false)
	return encoder
}

func (w *vegeta) Write(r *trace.Request) error {
	m := &w.message
	m.fill(&w.wire, r)
	url, err := m.url(w.base)
	if err != nil {
		return err
	}
	if err := m.check(); err != nil {
		return err
	}
	header := map[string][]string{}
	for _, h := range m.headers {
		if !m.isOwn(h) {
			header[string(h.name)] = append(header[string(h.name)], string(h.value))
		}
	}
	if !m.has("user-agent") {
		header["User-Agent"] = []string{""} // keeps Go from sending one of its own
	}
	return w.json.Encode(struct {
		Method string              `json:"method"`
		URL    string              `json:"url"`
		Body   []byte              `json:"body,omitempty"`
		Header map[string][]string `json:"header"`
	}{string(m.method), url, m.body, header})
}

func (w *vegeta) Close() error { return w.out.Flush() }
