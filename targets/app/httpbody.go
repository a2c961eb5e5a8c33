package app

import (
	"encoding/json"
	"net/http"
)

// Bind binds and validates the body of a request on net/http, as users of routers
// without a binder write it. False means that the request is answered: an expected
// answer comes after binding, and instead of it when there is no body.
func (s *Service) Bind(w http.ResponseWriter, r *http.Request, into any) bool {
	if r.ContentLength == 0 && s.Replay(w, r) {
		return false
	}
	err := CheckJSON(r.Header.Get("Content-Type"), r.ContentLength)
	if err == nil {
		err = json.NewDecoder(r.Body).Decode(into)
	}
	if err == nil {
		err = s.Validator.Validate(into)
	}
	if s.Replay(w, r) {
		return false
	}
	if err != nil {
		WriteError(w, BindError(err))
		return false
	}
	return true
}

// Upload serves POST /upload on net/http.
func (s *Service) Upload(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 && s.Replay(w, r) {
		return
	}
	parseErr := r.ParseMultipartForm(UploadMemory)
	uploaded, err := Upload(r.MultipartForm, parseErr)
	if s.Replay(w, r) {
		return
	}
	if err != nil {
		WriteError(w, err)
		return
	}
	WriteJSON(w, http.StatusOK, uploaded)
}
