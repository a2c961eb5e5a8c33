// Package fiber is the built-in target written with github.com/gofiber/fiber/v2,
// which stands on fasthttp instead of net/http.
//
// fasthttp reads a whole request body before the chain runs. A body above
// [app.MaxBody] and a header above 64 KiB are therefore refused whatever the
// request expects, and the connection is closed.
package fiber

import (
	"context"
	"net"

	"ngxreplay/targets/app"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/logger"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/gofiber/fiber/v2/middleware/requestid"
)

// headerBuffer is the read buffer of a connection, which must hold the request
// line and all headers. nginx takes 32 KiB of headers unless told otherwise.
const headerBuffer = 64 << 10

// Program describes the target program.
func Program() app.Program {
	return app.Program{
		Name:      "fiber",
		Framework: "fiber",
		Version:   app.ModuleVersion("github.com/gofiber/fiber/v2"),
		New:       New,
	}
}

// New builds the target.
func New(s *app.Service) app.Server {
	t := &target{service: s, methods: newMethods(s.Methods())}
	f := fiber.New(fiber.Config{
		BodyLimit:                    app.MaxBody,
		CaseSensitive:                true,
		DisableDefaultContentType:    true,
		DisablePreParseMultipartForm: true, // or a broken form is refused before the chain
		DisableStartupMessage:        true,
		ErrorHandler:                 failed,
		ReadBufferSize:               headerBuffer,
		RequestMethods:               t.methods.list,
		StrictRouting:                true,
	})
	f.Use(
		requestid.New(requestid.Config{Generator: app.NewRequestID}),
		logger.New(logger.Config{
			Output:        s.AccessLog,
			CustomTags:    map[string]logger.LogFunc{logger.TagMethod: logMethod},
			DisableColors: true,
		}),
		recover.New(recover.Config{EnableStackTrace: true, StackTraceHandler: t.logPanic}),
		t.authorize,
	)
	// Add instead of Get: fiber's Get answers HEAD as well, the other routers' does not.
	f.Add(fiber.MethodGet, "/ping", t.ping)
	f.Add(fiber.MethodPost, "/upload", t.upload)
	f.Add(fiber.MethodGet, "/stream", t.stream)
	f.Add(fiber.MethodGet, "/api/user/:p1", t.user)
	f.Add(fiber.MethodPost, "/api/order", t.order)
	f.Add(fiber.MethodPut, "/api/config/:p1", t.config)
	f.Add(fiber.MethodGet, "/api/v1/items", t.items)

	coverage := s.Register(func(method string, p app.Pattern) error {
		if !t.methods.known[method] {
			return app.ErrUnroutable
		}
		f.Add(method, p.Render(":", ""), t.fallback)
		return nil
	})
	f.Use(t.fallback) // last: whatever matched nothing
	f.Server().Handler = t.methods.admit(f.Handler())
	return &server{fiber: f, coverage: coverage}
}

// target holds what the handlers need.
type target struct {
	service *app.Service
	methods methods
}

// server is the app.Server of fiber.
type server struct {
	fiber    *fiber.App
	coverage app.Coverage
}

var _ app.Server = (*server)(nil)

// Serve implements app.Server.
func (s *server) Serve(l net.Listener) error { return s.fiber.Listener(l) }

// Shutdown implements app.Server.
func (s *server) Shutdown(ctx context.Context) error { return s.fiber.ShutdownWithContext(ctx) }

// Coverage implements app.Server.
func (s *server) Coverage() app.Coverage { return s.coverage }
