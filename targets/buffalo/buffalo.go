// Package buffalo is the built-in target written with github.com/gobuffalo/buffalo.
//
// buffalo takes a path with and without a trailing slash for the same route. The
// fixed routes answer only as they are written, like those of the other targets;
// routes of the table are left to buffalo. What it costs by design stays: it
// builds a path helper for every route on every request, so a large route table
// makes it slow, and it binds one body at a time.
//
// Two of buffalo's dependencies act before main can stop them: one makes the empty
// directory $HOME/.refresh, one runs `go env GOPATH` where there is a go command.
// Start the program with HOME set to a scratch directory to keep a home clean.
package buffalo

import (
	"net/http"
	"os"
	"sync"

	"ngxreplay/targets/app"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/logger"
	"github.com/sirupsen/logrus"
)

// Program describes the target program.
func Program() app.Program {
	return app.Program{
		Name:      "buffalo",
		Framework: "buffalo",
		Version:   app.ModuleVersion("github.com/gobuffalo/buffalo"),
		New:       New,
	}
}

// New builds the target. It sets GO_ENV, because buffalo looks for plugin programs
// otherwise.
func New(s *app.Service) app.Server {
	t := &target{service: s, accessLog: newLogger(s)}
	a := t.newApp()

	a.GET("/ping", t.strict(t.ping))
	a.POST("/upload", t.strict(t.upload))
	a.GET("/stream", t.strict(t.stream))
	a.GET("/api/user/{p1}", t.strict(t.user))
	a.POST("/api/order", t.strict(t.order))
	a.PUT("/api/config/{p1}", t.strict(t.config))
	a.GET("/api/v1/items", t.strict(t.items))

	coverage := s.Register(func(method string, p app.Pattern) error {
		add := registrar(a, method)
		if add == nil {
			return app.ErrUnroutable
		}
		add(p.Render("{", "}"), t.fallback)
		return nil
	})
	return s.NewHTTPServer(a, coverage)
}

// target holds what the handlers need.
type target struct {
	service   *app.Service
	accessLog *logrus.Logger
}

// building guards buffalo.RequestLogger, a variable that buffalo.New reads.
var building sync.Mutex

// newApp makes an application with the chain and the error handlers, no routes.
func (t *target) newApp() *buffalo.App {
	building.Lock()
	defer building.Unlock()
	_ = os.Setenv("GO_ENV", "test") // fails only for malformed names
	buffalo.RequestLogger = t.requestLogger

	complaints := logrus.New()
	complaints.SetOutput(t.service.ErrorLog)
	complaints.SetLevel(logrus.ErrorLevel)
	a := buffalo.New(buffalo.Options{
		Env:            "production",
		Logger:         logger.Logrus{FieldLogger: complaints},
		MethodOverride: routeOnEncodedPath, // a form's _method must not change what was logged
		SessionStore:   noSessions{},
		WorkerOff:      true,
	})
	a.Use(t.authorize)
	for _, status := range []int{0, http.StatusNotFound, http.StatusInternalServerError} {
		a.ErrorHandlers[status] = failed
	}
	a.Muxer().SkipClean(true) // no redirects to a cleaner path
	// buffalo's own handlers of these two do not run the middleware.
	unrouted := buffalo.RouteInfo{HandlerName: "fallback", Handler: t.fallback, App: a}
	a.Muxer().NotFoundHandler = unrouted
	a.Muxer().MethodNotAllowedHandler = unrouted
	return a
}

// registrar is the method of a that registers a route for an HTTP method, nil when
// buffalo has none.
func registrar(a *buffalo.App, method string) func(string, buffalo.Handler) *buffalo.RouteInfo {
	switch method {
	case http.MethodGet:
		return a.GET
	case http.MethodHead:
		return a.HEAD
	case http.MethodPost:
		return a.POST
	case http.MethodPut:
		return a.PUT
	case http.MethodPatch:
		return a.PATCH
	case http.MethodDelete:
		return a.DELETE
	case http.MethodOptions:
		return a.OPTIONS
	}
	return nil
}

// newLogger writes the access log as buffalo's logger does.
func newLogger(s *app.Service) *logrus.Logger {
	l := logrus.New()
	l.SetOutput(s.AccessLog)
	l.SetFormatter(&logrus.TextFormatter{DisableColors: true})
	return l
}
