package export

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"

	"ngxreplay/replay/trace"
)

// har writes an HTTP Archive 1.2. What the log does not hold (the headers of answers, the parts of a request's time) is
// empty, 0 or -1, as the format has it.
type har struct {
	target
	message message
	json    *json.Encoder
	count   int64
}

func newHAR(t target) Writer { return &har{target: t, json: newJSON(t)} }

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harEntry struct {
	Started    string      `json:"startedDateTime"`
	Time       float64     `json:"time"` // ms
	Request    harRequest  `json:"request"`
	Response   harResponse `json:"response"`
	Cache      struct{}    `json:"cache"`
	Timings    harTimings  `json:"timings"`
	Connection string      `json:"connection,omitempty"`
	Route      string      `json:"_route"`
}

type harRequest struct {
	Method      string    `json:"method"`
	URL         string    `json:"url"`
	HTTPVersion string    `json:"httpVersion"`
	Cookies     []harPair `json:"cookies"`
	Headers     []harPair `json:"headers"`
	QueryString []harPair `json:"queryString"`
	PostData    *harBody  `json:"postData,omitempty"`
	HeadersSize int       `json:"headersSize"`
	BodySize    int       `json:"bodySize"`
}

type harBody struct {
	MimeType string    `json:"mimeType"`
	Params   []harPair `json:"params"`
	Text     string    `json:"text"`
	Encoding string    `json:"_encoding,omitempty"` // base64 for what is no UTF-8
}

type harResponse struct {
	Status      int        `json:"status"`
	StatusText  string     `json:"statusText"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []harPair  `json:"cookies"`
	Headers     []harPair  `json:"headers"`
	Content     harContent `json:"content"`
	RedirectURL string     `json:"redirectURL"`
	HeadersSize int        `json:"headersSize"`
	BodySize    int64      `json:"bodySize"`
}

type harContent struct {
	Size     int64  `json:"size"`
	MimeType string `json:"mimeType"`
}

type harTimings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

func (w *har) start() error {
	if w.count > 0 {
		return nil
	}
	version, err := json.Marshal(w.version)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.out, `{"log":{"version":"1.2","creator":{"name":"ngxreplay","version":%s},"pages":[],"entries":[`+"\n", version)
	return err
}

func (w *har) Write(r *trace.Request) error {
	m := &w.message
	m.fill(&w.wire, r)
	entry, err := w.entry(r)
	if err != nil {
		return err
	}
	if err := w.start(); err != nil {
		return err
	}
	if w.count++; w.count > 1 {
		w.out.WriteByte(',')
	}
	return w.json.Encode(entry)
}

func (w *har) entry(r *trace.Request) (*harEntry, error) {
	m := &w.message
	address, err := m.url(w.base)
	if err != nil {
		return nil, err
	}
	took := float64(max(r.RequestTime, 0)) / 1e6
	e := &harEntry{
		Started: time.Unix(0, w.info.StartNS+r.Offset).UTC().Format(timestamp),
		Time:    took,
		Timings: harTimings{Wait: took},
		Route:   r.Route,
		Request: harRequest{
			Method: string(m.method), URL: address, HTTPVersion: string(m.protocol),
			Cookies: []harPair{}, Headers: []harPair{}, QueryString: query(m.target),
			HeadersSize: len(m.raw) - len(m.body), BodySize: len(m.body),
		},
		Response: harResponse{
			Status: int(r.Status), StatusText: http.StatusText(int(r.Status)), HTTPVersion: string(m.protocol),
			Cookies: []harPair{}, Headers: []harPair{}, Content: harContent{Size: r.BodyBytes}, HeadersSize: -1, BodySize: r.BodyBytes,
		},
	}
	mime := ""
	for _, h := range m.headers {
		e.Request.Headers = append(e.Request.Headers, harPair{string(h.name), string(h.value)})
		switch {
		case bytes.EqualFold(h.name, []byte("cookie")):
			e.Request.Cookies = append(e.Request.Cookies, cookies(h.value)...)
		case bytes.EqualFold(h.name, []byte("content-type")):
			mime = string(h.value)
		}
	}
	if len(m.body) > 0 {
		e.Request.PostData = &harBody{MimeType: mime, Params: []harPair{}, Text: string(m.body)}
		if !utf8.Valid(m.body) {
			e.Request.PostData.Text, e.Request.PostData.Encoding = base64.StdEncoding.EncodeToString(m.body), "base64"
		}
	}
	if r.Connection >= 0 {
		e.Connection = strconv.FormatInt(r.Connection, 10)
	}
	return e, nil
}

// query is the parsed query of a target.
func query(target []byte) []harPair {
	pairs := []harPair{}
	_, rest, _ := bytes.Cut(target, []byte{'?'})
	for len(rest) > 0 {
		var pair []byte
		pair, rest, _ = bytes.Cut(rest, []byte{'&'})
		name, value, _ := bytes.Cut(pair, []byte{'='})
		pairs = append(pairs, harPair{unescape(name), unescape(value)})
	}
	return pairs
}

// unescape decodes s, or leaves it when it is not encoded properly.
func unescape(s []byte) string {
	if decoded, err := url.QueryUnescape(string(s)); err == nil {
		return decoded
	}
	return string(s)
}

func cookies(header []byte) []harPair {
	var pairs []harPair
	for len(header) > 0 {
		var pair []byte
		pair, header, _ = bytes.Cut(header, []byte{';'})
		name, value, _ := bytes.Cut(bytes.TrimSpace(pair), []byte{'='})
		pairs = append(pairs, harPair{string(name), string(value)})
	}
	return pairs
}

func (w *har) Close() error {
	if err := w.start(); err != nil {
		return err
	}
	w.out.WriteString("]}}\n")
	return w.out.Flush()
}
