package app

import (
	"crypto/rand"
	"io"

	"ngxreplay/targets/contract"
)

// RequestIDHeader carries the id of a request, both ways.
const RequestIDHeader = "X-Request-Id"

// MaxBody is the largest request body a target accepts, in bytes.
const MaxBody = 64 << 20

// Config is what a target needs to know.
type Config struct {
	Table     contract.Table
	AccessLog io.Writer // one line a request; must be safe for concurrent use, as *os.File is
	ErrorLog  io.Writer // stack traces and what frameworks complain about; likewise

	// Intercept, if not nil, is called with the encoded path of a request when the
	// chain has run and the answer is about to be made, possibly twice a request.
	// It is for tests: it may panic, or block to hold a request in flight.
	Intercept func(path string)
}

// Service is a target without its framework. Safe for concurrent use.
type Service struct {
	AccessLog io.Writer
	ErrorLog  io.Writer
	Filler    Filler
	Tokens    *Tokens
	Validator *Validator

	table     contract.Table
	intercept func(path string)
}

// NewService builds what the adapters share. Nil logs are discarded.
func NewService(c Config) *Service {
	s := &Service{
		AccessLog: c.AccessLog,
		ErrorLog:  c.ErrorLog,
		Filler:    NewFiller(),
		Tokens:    NewTokens(),
		Validator: NewValidator(),
		table:     c.Table,
		intercept: c.Intercept,
	}
	if s.AccessLog == nil {
		s.AccessLog = io.Discard
	}
	if s.ErrorLog == nil {
		s.ErrorLog = io.Discard
	}
	return s
}

// Methods lists the distinct valid methods of the route table, the most requested
// routes first, for a router that must know its methods beforehand.
func (s *Service) Methods() []string {
	var methods []string
	seen := map[string]bool{}
	for _, r := range sortedRoutes(s.table) {
		for _, m := range r.Methods {
			if ValidMethod(m) && !seen[m] {
				seen[m] = true
				methods = append(methods, m)
			}
		}
	}
	return methods
}

// Authorize checks the token of a request when its path needs one. Both arguments
// are as sent.
func (s *Service) Authorize(path, authorization string) error {
	if !Protected(path) {
		return nil
	}
	return s.Tokens.Verify(authorization)
}

// Expectation reads the expectation of a request from its header value. Without
// one expected is false: a fixed route then answers by itself.
func (s *Service) Expectation(path, value string) (e Expectation, expected bool, err error) {
	if s.intercept != nil {
		s.intercept(path)
	}
	if value == "" {
		return Expectation{}, false, nil
	}
	e, err = ParseExpectation(value)
	return e, err == nil, err
}

// NewRequestID makes an id for a request that came without one.
func NewRequestID() string { return rand.Text() }
