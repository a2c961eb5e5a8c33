package buffalo

import (
	"net/http"

	"github.com/gorilla/sessions"
)

// noSessions is a session store that keeps nothing. buffalo's default sets a
// cookie on every answer.
type noSessions struct{}

var _ sessions.Store = noSessions{}

// Get implements sessions.Store.
func (s noSessions) Get(_ *http.Request, name string) (*sessions.Session, error) {
	return sessions.NewSession(s, name), nil
}

// New implements sessions.Store.
func (s noSessions) New(_ *http.Request, name string) (*sessions.Session, error) {
	return sessions.NewSession(s, name), nil
}

// Save implements sessions.Store.
func (noSessions) Save(*http.Request, http.ResponseWriter, *sessions.Session) error {
	return nil
}
