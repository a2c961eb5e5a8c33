package fiber

import (
	"bufio"

	"ngxreplay/targets/app"
	"ngxreplay/targets/contract"

	"github.com/gofiber/fiber/v2"
)

// replayed answers the request as production did, if the request says how. done
// means that the handler has nothing left to do but to return err.
func (t *target) replayed(c *fiber.Ctx) (done bool, err error) {
	e, expected, err := t.service.Expectation(c.Path(), c.Get(contract.ExpectHeader))
	if err != nil || !expected {
		return err != nil, err
	}
	c.Status(e.Status)
	if e.Bodiless() {
		return true, nil
	}
	c.Set(fiber.HeaderContentType, app.MediaFiller)
	response := &c.Context().Response
	response.Header.SetContentLength(int(e.Bytes)) // fasthttp leaves a 0 out of answers to HEAD
	if body, ok := t.service.Filler.Bytes(e.Bytes); ok {
		response.SetBodyRaw(body)
	} else {
		response.SetBodyStream(t.service.Filler.Reader(e.Bytes), int(e.Bytes))
	}
	return true, nil
}

func (t *target) ping(c *fiber.Ctx) error {
	if done, err := t.replayed(c); done {
		return err
	}
	return c.JSON(app.Ping())
}

func (t *target) user(c *fiber.Ctx) error {
	if done, err := t.replayed(c); done {
		return err
	}
	user, err := app.FindUser(c.Params("p1"))
	if err != nil {
		return err
	}
	return c.JSON(user)
}

func (t *target) items(c *fiber.Ctx) error {
	if done, err := t.replayed(c); done {
		return err
	}
	page, err := app.ListItems(c.Query("limit"), c.Query("offset"))
	if err != nil {
		return err
	}
	return c.JSON(page)
}

func (t *target) order(c *fiber.Ctx) error {
	var order app.Order
	if done, err := t.bind(c, &order); done || err != nil {
		return err
	}
	return c.Status(fiber.StatusCreated).JSON(app.PlaceOrder(order))
}

func (t *target) config(c *fiber.Ctx) error {
	var setting app.Setting
	if done, err := t.bind(c, &setting); done || err != nil {
		return err
	}
	stored, err := app.Store(c.Params("p1"), setting)
	if err != nil {
		return err
	}
	return c.JSON(stored)
}

// bind binds and validates the body; done means that the request is answered.
// An expected answer comes after binding, and instead of it when there is no body.
func (t *target) bind(c *fiber.Ctx, into any) (done bool, err error) {
	body := len(c.Request().Body())
	if body == 0 {
		if done, err := t.replayed(c); done {
			return done, err
		}
	}
	bindErr := app.CheckJSON(c.Get(fiber.HeaderContentType), int64(body))
	if bindErr == nil {
		bindErr = c.BodyParser(into)
	}
	if bindErr == nil {
		bindErr = t.service.Validator.Validate(into)
	}
	if done, err := t.replayed(c); done {
		return done, err
	}
	if bindErr != nil {
		return false, app.BindError(bindErr)
	}
	return false, nil
}

func (t *target) upload(c *fiber.Ctx) error {
	if len(c.Request().Body()) == 0 {
		if done, err := t.replayed(c); done {
			return err
		}
	}
	uploaded, uploadErr := app.Upload(c.MultipartForm())
	if done, err := t.replayed(c); done {
		return err
	}
	if uploadErr != nil {
		return uploadErr
	}
	return c.JSON(uploaded)
}

func (t *target) stream(c *fiber.Ctx) error {
	if done, err := t.replayed(c); done {
		return err
	}
	c.Set(fiber.HeaderContentType, app.MediaEvents)
	c.Set(fiber.HeaderCacheControl, "no-cache")
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		for n := range app.EventCount {
			if _, err := w.Write(app.Event(n)); err != nil {
				return // the client is gone
			}
			if err := w.Flush(); err != nil {
				return
			}
		}
	})
	return nil
}

// fallback serves the routes of the table and every request that matches none.
func (t *target) fallback(c *fiber.Ctx) error {
	if done, err := t.replayed(c); done {
		return err
	}
	return app.NotFound()
}
