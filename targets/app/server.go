package app

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Server is a running target, whatever its framework.
type Server interface {
	// Serve answers connections of l until Shutdown, and then returns nil. It owns l.
	Serve(l net.Listener) error
	// Shutdown stops accepting, waits for requests in flight, and closes idle
	// connections. When ctx ends first it returns the error of ctx.
	Shutdown(ctx context.Context) error
	// Coverage says how much of the route table the router holds.
	Coverage() Coverage
}

// HTTPServer is the Server of all adapters on net/http.
type HTTPServer struct {
	server   *http.Server
	coverage Coverage
}

var _ Server = (*HTTPServer)(nil)

// headerTimeout also bounds how long a new connection may wait for its first
// request. A replay opens its connections ahead, so it is long.
const headerTimeout = 10 * time.Minute

// NewHTTPServer serves a framework's handler. Idle connections stay open for as
// long as the client wants: a replay at the recorded rhythm has long pauses.
func (s *Service) NewHTTPServer(h http.Handler, c Coverage) *HTTPServer {
	return &HTTPServer{
		server: &http.Server{
			Handler:                      limitBody(h),
			ReadHeaderTimeout:            headerTimeout,
			MaxHeaderBytes:               http.DefaultMaxHeaderBytes,
			ErrorLog:                     log.New(s.ErrorLog, "", log.LstdFlags),
			DisableGeneralOptionsHandler: true, // OPTIONS * belongs to the chain, like all others
		},
		coverage: c,
	}
}

// Serve implements Server.
func (s *HTTPServer) Serve(l net.Listener) error {
	if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown implements Server.
func (s *HTTPServer) Shutdown(ctx context.Context) error {
	err := s.server.Shutdown(ctx)
	if err != nil {
		return errors.Join(err, s.server.Close())
	}
	return nil
}

// Coverage implements Server.
func (s *HTTPServer) Coverage() Coverage { return s.coverage }

// limitBody bounds request bodies. A request without one is passed on untouched.
func limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		}
		next.ServeHTTP(w, r)
	})
}

// LogWriter adapts an access log to loggers that want a *log.Logger.
func LogWriter(w io.Writer) *log.Logger { return log.New(w, "", log.LstdFlags) }
