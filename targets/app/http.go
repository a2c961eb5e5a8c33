package app

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"ngxreplay/targets/contract"
)

// EncodedPath is the path of a request as most routers on net/http see it: not
// decoded when decoding would lose something, so that %2F stays within a segment.
func EncodedPath(u *url.URL) string {
	if u.RawPath != "" {
		return u.RawPath
	}
	return u.Path
}

// Replay answers a request on net/http as production did, if the request says how,
// and reports whether it did. A malformed expectation is answered too, with 400.
// What is left of the request body is read away first.
func (s *Service) Replay(w http.ResponseWriter, r *http.Request) bool {
	if r.ContentLength != 0 {
		// net/http closes a connection whose request body was left unread.
		_, _ = io.Copy(io.Discard, r.Body) // a client that stopped sending sees it on its own side
	}
	e, expected, err := s.Expectation(EncodedPath(r.URL), r.Header.Get(contract.ExpectHeader))
	switch {
	case err != nil:
		WriteError(w, err)
		return true
	case expected:
		s.writeExpected(w, r, e)
		return true
	}
	return false
}

func (s *Service) writeExpected(w http.ResponseWriter, r *http.Request, e Expectation) {
	if e.Bodiless() {
		w.WriteHeader(e.Status)
		return
	}
	h := w.Header()
	h.Set("Content-Type", MediaFiller)
	h.Set("Content-Length", strconv.FormatInt(e.Bytes, 10))
	w.WriteHeader(e.Status)
	if r.Method != http.MethodHead {
		_ = s.Filler.Write(w, e.Bytes) // the client is gone; net/http closes the connection
	}
}

// WriteJSON answers with a JSON value, for adapters whose framework has no encoder.
func WriteJSON(w http.ResponseWriter, status int, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"internal server error"}`)
	}
	w.Header().Set("Content-Type", MediaJSON)
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client is gone; nobody is left to tell
}

// WriteError answers with an error, and its challenge when it is a 401.
func WriteError(w http.ResponseWriter, err error) {
	e := AsError(err)
	if e.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", Challenge)
	}
	WriteJSON(w, e.Status, e.Body())
}

// WriteEvents streams the events of GET /stream.
func WriteEvents(w http.ResponseWriter) {
	w.Header().Set("Content-Type", MediaEvents)
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusOK)
	flusher := http.NewResponseController(w)
	for n := range EventCount {
		if _, err := w.Write(Event(n)); err != nil {
			return // the client is gone
		}
		if err := flusher.Flush(); err != nil {
			return
		}
	}
}
