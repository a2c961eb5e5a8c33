package fiber

import (
	"errors"
	"runtime/debug"

	"ngxreplay/targets/app"

	"github.com/gofiber/fiber/v2"
)

// authorize asks for a token under /api. It is not on the group: the routes of the
// table and the fallback lie under /api too.
func (t *target) authorize(c *fiber.Ctx) error {
	if err := t.service.Authorize(c.Path(), c.Get(fiber.HeaderAuthorization)); err != nil {
		c.Set(fiber.HeaderWWWAuthenticate, app.Challenge)
		return err
	}
	return c.Next()
}

// logPanic writes the stack of a panic that fiber has caught.
func (t *target) logPanic(_ *fiber.Ctx, v any) {
	app.LogWriter(t.service.ErrorLog).Printf("panic: %v\n%s", v, debug.Stack())
}

// failed is the central error handler. fiber's own errors are those of its parser:
// a request that is too large, or none at all.
func failed(c *fiber.Ctx, err error) error {
	e := app.AsError(err)
	if own, ok := errors.AsType[*fiber.Error](err); ok {
		e = &app.Error{Status: own.Code, Text: own.Message}
		if own.Code == fiber.StatusRequestEntityTooLarge {
			e = app.TooLarge()
		}
	}
	return c.Status(e.Status).JSON(e.Body())
}
