package chi

import (
	"net/http"

	"ngxreplay/targets/app"

	"github.com/go-chi/chi/v5"
)

func (t *target) ping(w http.ResponseWriter, r *http.Request) {
	if t.service.Replay(w, r) {
		return
	}
	app.WriteJSON(w, http.StatusOK, app.Ping())
}

func (t *target) user(w http.ResponseWriter, r *http.Request) {
	if t.service.Replay(w, r) {
		return
	}
	user, err := app.FindUser(chi.URLParam(r, "p1"))
	if err != nil {
		app.WriteError(w, err)
		return
	}
	app.WriteJSON(w, http.StatusOK, user)
}

func (t *target) items(w http.ResponseWriter, r *http.Request) {
	if t.service.Replay(w, r) {
		return
	}
	query := r.URL.Query()
	page, err := app.ListItems(query.Get("limit"), query.Get("offset"))
	if err != nil {
		app.WriteError(w, err)
		return
	}
	app.WriteJSON(w, http.StatusOK, page)
}

func (t *target) order(w http.ResponseWriter, r *http.Request) {
	var order app.Order
	if t.service.Bind(w, r, &order) {
		app.WriteJSON(w, http.StatusCreated, app.PlaceOrder(order))
	}
}

func (t *target) config(w http.ResponseWriter, r *http.Request) {
	var setting app.Setting
	if !t.service.Bind(w, r, &setting) {
		return
	}
	stored, err := app.Store(chi.URLParam(r, "p1"), setting)
	if err != nil {
		app.WriteError(w, err)
		return
	}
	app.WriteJSON(w, http.StatusOK, stored)
}

func (t *target) upload(w http.ResponseWriter, r *http.Request) {
	t.service.Upload(w, r)
}

func (t *target) stream(w http.ResponseWriter, r *http.Request) {
	if t.service.Replay(w, r) {
		return
	}
	app.WriteEvents(w)
}

// fallback serves the routes of the table and every request that matches none.
func (t *target) fallback(w http.ResponseWriter, r *http.Request) {
	if !t.service.Replay(w, r) {
		app.WriteError(w, app.NotFound())
	}
}
