package app

import "net/http"

// Fixed is a route every built-in target has, whatever the traffic.
type Fixed struct {
	Method string
	Path   string // in the syntax of route names: ":id" is a parameter
}

// FixedRoutes lists the routes with real work: binding, validation, tokens,
// multipart and server-sent events.
func FixedRoutes() []Fixed {
	return []Fixed{
		{http.MethodGet, "/ping"},
		{http.MethodGet, "/api/user/:id"},
		{http.MethodPost, "/api/order"},
		{http.MethodPut, "/api/config/:key"},
		{http.MethodGet, "/api/v1/items"},
		{http.MethodPost, "/upload"},
		{http.MethodGet, "/stream"},
	}
}
