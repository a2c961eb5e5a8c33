package echo

import (
	"net/http"

	"ngxreplay/targets/app"

	"github.com/labstack/echo/v4"
)

func (t *target) ping(c echo.Context) error {
	if t.replayed(c) {
		return nil
	}
	return c.JSON(http.StatusOK, app.Ping())
}

func (t *target) user(c echo.Context) error {
	if t.replayed(c) {
		return nil
	}
	user, err := app.FindUser(c.Param("p1"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, user)
}

func (t *target) items(c echo.Context) error {
	if t.replayed(c) {
		return nil
	}
	page, err := app.ListItems(c.QueryParam("limit"), c.QueryParam("offset"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page)
}

func (t *target) order(c echo.Context) error {
	var order app.Order
	if done, err := t.bind(c, &order); done || err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, app.PlaceOrder(order))
}

func (t *target) config(c echo.Context) error {
	var setting app.Setting
	if done, err := t.bind(c, &setting); done || err != nil {
		return err
	}
	stored, err := app.Store(c.Param("p1"), setting)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, stored)
}

// bind binds and validates the body; done means that the request is answered.
// An expected answer comes after binding, and instead of it when there is no body.
func (t *target) bind(c echo.Context, into any) (done bool, err error) {
	r := c.Request()
	if r.ContentLength == 0 && t.replayed(c) {
		return true, nil
	}
	err = app.CheckJSON(r.Header.Get(echo.HeaderContentType), r.ContentLength)
	if err == nil {
		err = c.Bind(into)
	}
	if err == nil {
		err = c.Validate(into)
	}
	if t.replayed(c) {
		return true, nil
	}
	if err != nil {
		return false, app.BindError(err)
	}
	return false, nil
}

func (t *target) upload(c echo.Context) error {
	if c.Request().ContentLength == 0 && t.replayed(c) {
		return nil
	}
	uploaded, err := app.Upload(c.MultipartForm())
	if t.replayed(c) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, uploaded)
}

func (t *target) stream(c echo.Context) error {
	if t.replayed(c) {
		return nil
	}
	w := c.Response()
	w.Header().Set(echo.HeaderContentType, app.MediaEvents)
	w.Header().Set(echo.HeaderCacheControl, "no-cache")
	for n := range app.EventCount {
		if _, err := w.Write(app.Event(n)); err != nil {
			return err
		}
		w.Flush()
	}
	return nil
}

// fallback serves the routes of the table and every request that matches none.
func (t *target) fallback(c echo.Context) error {
	if t.replayed(c) {
		return nil
	}
	return app.NotFound()
}
