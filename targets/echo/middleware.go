package echo

import (
	"errors"
	"log/slog"

	"ngxreplay/targets/app"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// accessLog is echo's request logger, writing JSON as its classic logger did.
func (t *target) accessLog() echo.MiddlewareFunc {
	logger := slog.New(slog.NewJSONHandler(t.service.AccessLog, nil))
	return middleware.RequestLoggerWithConfig(middleware.RequestLoggerConfig{
		HandleError:     true,
		LogRequestID:    true,
		LogRemoteIP:     true,
		LogMethod:       true,
		LogURI:          true,
		LogStatus:       true,
		LogLatency:      true,
		LogResponseSize: true,
		LogUserAgent:    true,
		LogValuesFunc: func(c echo.Context, v middleware.RequestLoggerValues) error {
			logger.LogAttrs(c.Request().Context(), slog.LevelInfo, "request",
				slog.String("id", v.RequestID),
				slog.String("remote_ip", v.RemoteIP),
				slog.String("method", v.Method),
				slog.String("uri", v.URI),
				slog.Int("status", v.Status),
				slog.Duration("latency", v.Latency),
				slog.Int64("bytes_out", v.ResponseSize),
				slog.String("user_agent", v.UserAgent),
			)
			return nil
		},
	})
}

// authorize asks for a token under /api. It is not on the group: the routes of the
// table and the fallback lie under /api too.
func (t *target) authorize(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		err := t.service.Authorize(echo.GetPath(r), r.Header.Get(echo.HeaderAuthorization))
		if err != nil {
			c.Response().Header().Set(echo.HeaderWWWAuthenticate, app.Challenge)
			return err
		}
		return next(c)
	}
}

// unrouted catches the targets that RouteNotFound("/*") cannot: those without a
// leading slash, such as that of OPTIONS *.
func (t *target) unrouted(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if errors.Is(err, echo.ErrNotFound) || errors.Is(err, echo.ErrMethodNotAllowed) {
			return t.fallback(c)
		}
		return err
	}
}
