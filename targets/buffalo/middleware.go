package buffalo

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"ngxreplay/targets/app"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/buffalo/render"
	"github.com/sirupsen/logrus"
)

// routeOnEncodedPath runs before buffalo appends its slash to the path: from here
// on the path is the encoded one, so that %2F is no slash to the router.
func routeOnEncodedPath(_ http.ResponseWriter, r *http.Request) {
	r.URL.Path, r.URL.RawPath = app.EncodedPath(r.URL), ""
}

// requestLogger is buffalo's RequestLogger, which also makes the request id; this
// one keeps the id of the client, answers with it, and has no session.
func (t *target) requestLogger(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		start := time.Now()
		id := c.Request().Header.Get(app.RequestIDHeader)
		if id == "" {
			id = app.NewRequestID()
		}
		c.Set("request_id", id)
		c.Response().Header().Set(app.RequestIDHeader, id)
		defer func() {
			fields := logrus.Fields{
				"request_id": id,
				"method":     c.Request().Method,
				"path":       c.Request().RequestURI,
				"duration":   time.Since(start),
			}
			if response, ok := c.Response().(*buffalo.Response); ok {
				fields["status"], fields["size"] = response.Status, response.Size
			}
			t.accessLog.WithFields(fields).Info(c.Request().RequestURI)
		}()
		return next(c)
	}
}

// authorize asks for a token under /api. It is not on a group: the routes of the
// table and the fallback lie under /api too.
func (t *target) authorize(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		r := c.Request()
		if err := t.service.Authorize(strings.TrimSuffix(r.URL.Path, "/"), r.Header.Get("Authorization")); err != nil {
			c.Response().Header().Set("WWW-Authenticate", app.Challenge)
			return fail(c, err)
		}
		return next(c)
	}
}

// strict keeps a fixed route to the path it is written with.
func (t *target) strict(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		if path, _, _ := strings.Cut(c.Request().RequestURI, "?"); strings.HasSuffix(path, "/") {
			return t.fallback(c)
		}
		return next(c)
	}
}

// fail returns err as buffalo's handlers return errors: with a status.
func fail(c buffalo.Context, err error) error {
	return c.Error(app.AsError(err).Status, err)
}

// failed is the error handler of all statuses, and of panics.
func failed(_ int, err error, c buffalo.Context) error {
	e := app.AsError(err)
	return c.Render(e.Status, asJSON(e.Body()))
}

// asJSON is render.JSON without the charset and the newline it adds.
func asJSON(value any) render.Renderer {
	return render.Func(app.MediaJSON, func(w io.Writer, _ render.Data) error {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	})
}
