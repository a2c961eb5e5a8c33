package nethttp

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"ngxreplay/targets/app"
)

// requestID keeps the id of the client or makes one, and answers with it.
func (t *target) requestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(app.RequestIDHeader)
		if id == "" {
			id = app.NewRequestID()
		}
		w.Header().Set(app.RequestIDHeader, id)
		next.ServeHTTP(w, r)
	})
}

// accessLog writes a structured line a request.
func (t *target) accessLog(next http.Handler) http.Handler {
	logger := slog.New(slog.NewTextHandler(t.service.AccessLog, nil))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		recorder := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorder, r)
		logger.LogAttrs(r.Context(), slog.LevelInfo, "request",
			slog.String("id", w.Header().Get(app.RequestIDHeader)),
			slog.String("remote", r.RemoteAddr),
			slog.String("method", r.Method),
			slog.String("uri", r.RequestURI),
			slog.Int("status", recorder.status),
			slog.Int64("bytes", recorder.bytes),
			slog.Duration("duration", time.Since(start)),
		)
	})
}

// recorder remembers what the access log tells about an answer.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController flush.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// recoverer answers after a panic.
func (t *target) recoverer(next http.Handler) http.Handler {
	logger := app.LogWriter(t.service.ErrorLog)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v) // net/http ends the connection without a word
			}
			logger.Printf("panic: %v\n%s", v, debug.Stack())
			app.WriteError(w, app.Internal())
		}()
		next.ServeHTTP(w, r)
	})
}

// authorize asks for a token under /api.
func (t *target) authorize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := t.service.Authorize(app.EncodedPath(r.URL), r.Header.Get("Authorization")); err != nil {
			app.WriteError(w, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// encodedPath makes httprouter, which knows only the decoded path, route on the
// encoded one as the others do: %2F is no slash.
func encodedPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = app.EncodedPath(r.URL)
		next.ServeHTTP(w, r)
	})
}
