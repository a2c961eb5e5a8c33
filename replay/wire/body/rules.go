package body

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"ngxreplay/replay/route"
	"ngxreplay/replay/trace"

	"github.com/bmatcuk/doublestar/v4"
)

// Rules say which requests get which body. The first that fits counts. They are for one goroutine at a time.
type Rules struct {
	rules []rule
	words *words
	page  page
}

// A rule fits requests of its route, method and path, as far as it names them.
type rule struct {
	route, method, path string
	content             content
}

// A content writes bodies of one kind.
type content interface {
	// write writes the body for the request that v describes, and returns its media type.
	write(p *page, v *vars) (mediaType string, err error)
}

// vars are what templates know of a request.
type vars struct {
	Method, Route, Path, Query, Host string
	Client                           string // who sends it, in hexadecimal
	N                                uint64 // its number in the replay
}

func newVars(r *trace.Request, n, client uint64) *vars {
	_, query, _ := bytes.Cut(r.Target, []byte{'?'})
	return &vars{
		Method: string(r.Method), Route: r.Route, Path: string(route.Path(r.Target)), Query: string(query), Host: string(r.Host),
		Client: strconv.FormatUint(client, 16), N: n,
	}
}

// Render makes the body of r, the n-th request of the replay, for client. ok is false when no rule fits. The body is
// valid until the next call.
func (rs *Rules) Render(r *trace.Request, seed, n, client uint64) (body Body, ok bool, err error) {
	if rs == nil {
		return Body{}, false, nil
	}
	for i := range rs.rules {
		if rule := &rs.rules[i]; rule.fits(r) {
			body, err = rs.write(rule.content, newVars(r, n, client), seed)
			return body, true, err
		}
	}
	return Body{}, false, nil
}

func (rs *Rules) write(c content, v *vars, seed uint64) (Body, error) {
	rs.words.seed(seed, v.N)
	rs.page.Reset()
	mediaType, err := c.write(&rs.page, v)
	return Body{Type: mediaType, Bytes: rs.page.Bytes()}, err
}

func (r *rule) fits(request *trace.Request) bool {
	switch {
	case r.method != "" && r.method != string(request.Method):
		return false
	case r.method == "" && !Expected(request.Method):
		return false
	case r.route != "" && r.route != request.Route:
		return false
	}
	return r.path == "" || doublestar.MatchUnvalidated(r.path, string(route.Path(request.Target)))
}

// check finds what is wrong with what a rule fits.
func (r *rule) check() error {
	var errs []error
	if r.method != strings.ToUpper(r.method) || strings.ContainsAny(r.method, " /") {
		errs = append(errs, fmt.Errorf("method %q: want one method in capitals, as POST", r.method))
	}
	if r.path != "" && !doublestar.ValidatePattern(r.path) {
		errs = append(errs, fmt.Errorf("path %q: not a valid pattern (try /api/**)", r.path))
	}
	return errors.Join(errs...)
}
