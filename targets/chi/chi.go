// Package chi is the built-in target written with github.com/go-chi/chi/v5.
package chi

import (
	"net/http"

	"ngxreplay/targets/app"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// Program describes the target program.
func Program() app.Program {
	return app.Program{
		Name:      "chi",
		Framework: "chi",
		Version:   app.ModuleVersion("github.com/go-chi/chi/v5"),
		New:       New,
	}
}

// New builds the target.
func New(s *app.Service) app.Server {
	t := &target{service: s}

	r := chi.NewRouter()
	r.Use(
		middleware.RequestID,
		answerRequestID,
		middleware.RequestLogger(&middleware.DefaultLogFormatter{Logger: app.LogWriter(s.AccessLog), NoColor: true}),
		t.recoverer,
		t.authorize,
	)
	r.NotFound(t.fallback)
	r.MethodNotAllowed(t.fallback) // also methods that chi does not know
	r.Get("/ping", t.ping)
	r.Post("/upload", t.upload)
	r.Get("/stream", t.stream)
	r.Get("/api/user/{p1}", t.user)
	r.Post("/api/order", t.order)
	r.Put("/api/config/{p1}", t.config)
	r.Get("/api/v1/items", t.items)

	coverage := s.Register(func(method string, p app.Pattern) error {
		if !known(method) {
			return app.ErrUnroutable
		}
		r.MethodFunc(method, p.Render("{", "}"), t.fallback)
		return nil
	})
	return s.NewHTTPServer(r, coverage)
}

// known reports whether chi routes a method. More could be taught to it, but only
// for the whole process, and it has room for few; a log can hold any number.
func known(method string) bool {
	switch method {
	case http.MethodConnect, http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions,
		http.MethodPatch, http.MethodPost, http.MethodPut, http.MethodTrace:
		return true
	}
	return false
}

// target holds what the handlers need.
type target struct {
	service *app.Service
}
