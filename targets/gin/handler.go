package gin

import (
	"io"
	"net/http"

	"ngxreplay/targets/app"

	"github.com/gin-gonic/gin"
)

func (t *target) ping(c *gin.Context) {
	if t.replayed(c) {
		return
	}
	reply(c, http.StatusOK, app.Ping())
}

func (t *target) user(c *gin.Context) {
	if t.replayed(c) {
		return
	}
	user, err := app.FindUser(c.Param("p1"))
	if err != nil {
		fail(c, err)
		return
	}
	reply(c, http.StatusOK, user)
}

func (t *target) items(c *gin.Context) {
	if t.replayed(c) {
		return
	}
	page, err := app.ListItems(c.Query("limit"), c.Query("offset"))
	if err != nil {
		fail(c, err)
		return
	}
	reply(c, http.StatusOK, page)
}

func (t *target) order(c *gin.Context) {
	var order app.Order
	if t.bind(c, &order) {
		reply(c, http.StatusCreated, app.PlaceOrder(order))
	}
}

func (t *target) config(c *gin.Context) {
	var setting app.Setting
	if !t.bind(c, &setting) {
		return
	}
	stored, err := app.Store(c.Param("p1"), setting)
	if err != nil {
		fail(c, err)
		return
	}
	reply(c, http.StatusOK, stored)
}

// bind binds and validates the body; false means that the request is answered.
// An expected answer comes after binding, and instead of it when there is no body.
func (t *target) bind(c *gin.Context, into any) bool {
	if c.Request.ContentLength == 0 && t.replayed(c) {
		return false
	}
	err := app.CheckJSON(c.GetHeader("Content-Type"), c.Request.ContentLength)
	if err == nil {
		err = c.ShouldBindJSON(into)
	}
	if t.replayed(c) {
		return false
	}
	if err != nil {
		fail(c, app.BindError(err))
		return false
	}
	return true
}

func (t *target) upload(c *gin.Context) {
	if c.Request.ContentLength == 0 && t.replayed(c) {
		return
	}
	uploaded, err := app.Upload(c.MultipartForm())
	if t.replayed(c) {
		return
	}
	if err != nil {
		fail(c, err)
		return
	}
	reply(c, http.StatusOK, uploaded)
}

func (t *target) stream(c *gin.Context) {
	if t.replayed(c) {
		return
	}
	c.Header("Content-Type", app.MediaEvents)
	c.Header("Cache-Control", "no-cache")
	n := 0
	c.Stream(func(w io.Writer) bool {
		_, err := w.Write(app.Event(n))
		n++
		return err == nil && n < app.EventCount
	})
}

// fallback serves the routes of the table and every request that matches none.
func (t *target) fallback(c *gin.Context) {
	if !t.replayed(c) {
		fail(c, app.NotFound())
	}
}
