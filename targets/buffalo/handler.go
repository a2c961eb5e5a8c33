package buffalo

import (
	"net/http"

	"ngxreplay/targets/app"

	"github.com/gobuffalo/buffalo"
)

// replayed answers the request as production did, if the request says how.
func (t *target) replayed(c buffalo.Context) bool {
	return t.service.Replay(c.Response(), c.Request())
}

func (t *target) ping(c buffalo.Context) error {
	if t.replayed(c) {
		return nil
	}
	return c.Render(http.StatusOK, asJSON(app.Ping()))
}

func (t *target) user(c buffalo.Context) error {
	if t.replayed(c) {
		return nil
	}
	user, err := app.FindUser(c.Param("p1"))
	if err != nil {
		return fail(c, err)
	}
	return c.Render(http.StatusOK, asJSON(user))
}

func (t *target) items(c buffalo.Context) error {
	if t.replayed(c) {
		return nil
	}
	page, err := app.ListItems(c.Param("limit"), c.Param("offset"))
	if err != nil {
		return fail(c, err)
	}
	return c.Render(http.StatusOK, asJSON(page))
}

func (t *target) order(c buffalo.Context) error {
	var order app.Order
	if done, err := t.bind(c, &order); done || err != nil {
		return err
	}
	return c.Render(http.StatusCreated, asJSON(app.PlaceOrder(order)))
}

func (t *target) config(c buffalo.Context) error {
	var setting app.Setting
	if done, err := t.bind(c, &setting); done || err != nil {
		return err
	}
	stored, err := app.Store(c.Param("p1"), setting)
	if err != nil {
		return fail(c, err)
	}
	return c.Render(http.StatusOK, asJSON(stored))
}

// bind binds and validates the body; done means that the request is answered.
// An expected answer comes after binding, and instead of it when there is no body.
func (t *target) bind(c buffalo.Context, into any) (done bool, err error) {
	r := c.Request()
	if r.ContentLength == 0 && t.replayed(c) {
		return true, nil
	}
	err = app.CheckJSON(r.Header.Get("Content-Type"), r.ContentLength)
	if err == nil {
		err = c.Bind(into)
	}
	if err == nil {
		err = t.service.Validator.Validate(into)
	}
	if t.replayed(c) {
		return true, nil
	}
	if err != nil {
		return false, fail(c, app.BindError(err))
	}
	return false, nil
}

func (t *target) upload(c buffalo.Context) error {
	r := c.Request()
	if r.ContentLength == 0 && t.replayed(c) {
		return nil
	}
	parseErr := r.ParseMultipartForm(app.UploadMemory)
	uploaded, err := app.Upload(r.MultipartForm, parseErr)
	if t.replayed(c) {
		return nil
	}
	if err != nil {
		return fail(c, err)
	}
	return c.Render(http.StatusOK, asJSON(uploaded))
}

func (t *target) stream(c buffalo.Context) error {
	if t.replayed(c) {
		return nil
	}
	app.WriteEvents(c.Response())
	return nil
}

// fallback serves the routes of the table and every request that matches none.
func (t *target) fallback(c buffalo.Context) error {
	if t.replayed(c) {
		return nil
	}
	return fail(c, app.NotFound())
}
