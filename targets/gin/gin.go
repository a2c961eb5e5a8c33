// Package gin is the built-in target written with github.com/gin-gonic/gin.
package gin

import (
	"ngxreplay/targets/app"

	"github.com/gin-gonic/gin"
)

// Program describes the target program.
func Program() app.Program {
	return app.Program{
		Name:      "gin",
		Framework: "gin",
		Version:   app.ModuleVersion("github.com/gin-gonic/gin"),
		New:       New,
	}
}

// New builds the target. It sets gin's process-wide mode to release.
func New(s *app.Service) app.Server {
	gin.SetMode(gin.ReleaseMode)
	t := &target{service: s}

	r := gin.New()
	r.UseRawPath = true // %2F is no slash
	r.UnescapePathValues = false
	r.RedirectTrailingSlash = false
	r.RedirectFixedPath = false
	r.HandleMethodNotAllowed = false // NoRoute answers those too
	r.MaxMultipartMemory = app.UploadMemory

	r.Use(
		requestID,
		gin.LoggerWithConfig(gin.LoggerConfig{Output: s.AccessLog}),
		gin.CustomRecoveryWithWriter(s.ErrorLog, recovered),
		t.authorize,
	)
	r.GET("/ping", t.ping)
	r.POST("/upload", t.upload)
	r.GET("/stream", t.stream)
	api := r.Group("/api")
	api.GET("/user/:p1", t.user)
	api.POST("/order", t.order)
	api.PUT("/config/:p1", t.config)
	api.GET("/v1/items", t.items)
	r.NoRoute(t.fallback)

	coverage := s.Register(func(method string, p app.Pattern) error {
		r.Handle(method, p.Render(":", ""), t.fallback) // gin panics at methods that are not all letters
		return nil
	})
	return s.NewHTTPServer(r, coverage)
}

// target holds what the handlers need.
type target struct {
	service *app.Service
}

// replayed answers the request as production did, if the request says how.
func (t *target) replayed(c *gin.Context) bool {
	done := t.service.Replay(c.Writer, c.Request)
	if done {
		c.Writer.WriteHeaderNow() // or gin writes its own body for an empty 404
		c.Abort()
	}
	return done
}

// reply is c.JSON without the charset that gin adds to the media type.
func reply(c *gin.Context, status int, value any) {
	c.Header("Content-Type", app.MediaJSON)
	c.JSON(status, value)
}

// fail answers with an error and ends the chain.
func fail(c *gin.Context, err error) {
	e := app.AsError(err)
	c.Abort()
	reply(c, e.Status, e.Body())
}
