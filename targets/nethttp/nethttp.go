// Package nethttp is the built-in target without a framework: net/http with the
// router github.com/julienschmidt/httprouter. It is the baseline of the others.
package nethttp

import (
	"net/http"
	"runtime"

	"ngxreplay/targets/app"

	"github.com/julienschmidt/httprouter"
)

// Program describes the target program.
func Program() app.Program {
	return app.Program{
		Name:      "nethttp",
		Framework: "net/http + httprouter",
		Version:   runtime.Version() + " + " + app.ModuleVersion("github.com/julienschmidt/httprouter"),
		New:       New,
	}
}

// New builds the target.
func New(s *app.Service) app.Server {
	t := &target{service: s, held: tree{}}

	r := httprouter.New()
	r.RedirectTrailingSlash = false
	r.RedirectFixedPath = false
	r.HandleMethodNotAllowed = false // NotFound answers those too
	r.HandleOPTIONS = false
	r.NotFound = http.HandlerFunc(t.fallback)

	r.GET("/ping", t.ping)
	r.GET("/api/user/:p1", t.user)
	r.POST("/api/order", t.order)
	r.PUT("/api/config/:p1", t.config)
	r.GET("/api/v1/items", t.items)
	r.POST("/upload", t.upload)
	r.GET("/stream", t.stream)
	for _, f := range app.FixedRoutes() {
		if p, ok := app.ParsePattern(f.Path); ok {
			t.held.add(f.Method, p)
		}
	}

	coverage := s.Register(func(method string, p app.Pattern) error {
		if !t.held.add(method, p) {
			return app.ErrUnroutable
		}
		r.Handle(method, p.Render(":", ""), func(w http.ResponseWriter, r *http.Request, _ httprouter.Params) {
			t.fallback(w, r)
		})
		return nil
	})
	return s.NewHTTPServer(t.requestID(t.accessLog(t.recoverer(t.authorize(encodedPath(r))))), coverage)
}

// target holds what the handlers need.
type target struct {
	service *app.Service
	held    tree
}
