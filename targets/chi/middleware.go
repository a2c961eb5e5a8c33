package chi

import (
	"net/http"
	"runtime/debug"

	"ngxreplay/targets/app"

	"github.com/go-chi/chi/v5/middleware"
)

// answerRequestID answers with the id that chi's middleware put into the context.
func answerRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(app.RequestIDHeader, middleware.GetReqID(r.Context()))
		next.ServeHTTP(w, r)
	})
}

// recoverer is chi's Recoverer with a body and a log of its own.
func (t *target) recoverer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v) // net/http ends the connection without a word
			}
			app.LogWriter(t.service.ErrorLog).Printf("panic: %v\n%s", v, debug.Stack())
			app.WriteError(w, app.Internal())
		}()
		next.ServeHTTP(w, r)
	})
}

// authorize asks for a token under /api. It is not on a subrouter: the routes of
// the table and NotFound lie under /api too.
func (t *target) authorize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := t.service.Authorize(app.EncodedPath(r.URL), r.Header.Get("Authorization")); err != nil {
			app.WriteError(w, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}
