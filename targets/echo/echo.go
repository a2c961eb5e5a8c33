// Package echo is the built-in target written with github.com/labstack/echo/v4.
package echo

import (
	"encoding/json"

	"ngxreplay/targets/app"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// Program describes the target program.
func Program() app.Program {
	return app.Program{
		Name:      "echo",
		Framework: "echo",
		Version:   app.ModuleVersion("github.com/labstack/echo/v4"),
		New:       New,
	}
}

// New builds the target.
func New(s *app.Service) app.Server {
	t := &target{service: s}

	e := echo.New()
	e.HideBanner = true
	e.HidePort = true
	e.Logger.SetOutput(s.ErrorLog)
	e.Validator = s.Validator
	e.JSONSerializer = serializer{}
	e.HTTPErrorHandler = t.failed

	e.Use(
		middleware.RequestID(),
		t.accessLog(),
		middleware.RecoverWithConfig(middleware.RecoverConfig{DisableStackAll: true}),
		t.authorize,
		t.unrouted,
	)
	e.GET("/ping", t.ping)
	e.POST("/upload", t.upload)
	e.GET("/stream", t.stream)
	api := e.Group("/api")
	api.GET("/user/:p1", t.user)
	api.POST("/order", t.order)
	api.PUT("/config/:p1", t.config)
	api.GET("/v1/items", t.items)
	e.RouteNotFound("/*", t.fallback) // before echo's own 404, 405 and answer to OPTIONS

	coverage := s.Register(func(method string, p app.Pattern) error {
		e.Add(method, p.Render(":", ""), t.fallback)
		return nil
	})
	return s.NewHTTPServer(e, coverage)
}

// target holds what the handlers need.
type target struct {
	service *app.Service
}

// replayed answers the request as production did, if the request says how.
func (t *target) replayed(c echo.Context) bool {
	return t.service.Replay(c.Response(), c.Request())
}

// failed is the central error handler.
func (t *target) failed(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	e := app.AsError(err)
	if err := c.JSON(e.Status, e.Body()); err != nil {
		c.Logger().Error(err)
	}
}

// serializer is echo's own without the newline its encoder ends with.
type serializer struct {
	echo.DefaultJSONSerializer
}

// Serialize implements echo.JSONSerializer.
func (serializer) Serialize(c echo.Context, value any, _ string) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = c.Response().Write(text)
	return err
}
