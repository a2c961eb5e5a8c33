package app_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"ngxreplay/targets/app"
	"ngxreplay/targets/contract"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseExpectation(t *testing.T) {
	good := func(value string, status int, size int64) {
		t.Helper()
		e, err := app.ParseExpectation(value)
		require.NoError(t, err, value)
		assert.Equal(t, app.Expectation{Status: status, Bytes: size}, e, value)
	}
	good("200 0", 200, 0)
	good("499 12", 499, 12)
	good("999 007", 999, 7)
	good("000 5", 200, 5)
	good("009 5", 200, 5)
	good("101 5", 200, 5)
	good("199 5", 200, 5)
	good("200 1099511627776", 200, app.MaxExpectedBytes)
	for _, bad := range []string{"", " ", "200", "200 ", " 200 1", "200 1 ", "200  1", "1000 1", "200 -1", "+20 1", "200 1e3", "200 1099511627777", "20x 1", "200\t1"} {
		_, err := app.ParseExpectation(bad)
		var e *app.Error
		require.ErrorAs(t, err, &e, bad)
		assert.Equal(t, http.StatusBadRequest, e.Status)
	}
}

func TestExpectationRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := app.Expectation{Status: rapid.IntRange(200, 999).Draw(t, "status"), Bytes: rapid.Int64Range(0, app.MaxExpectedBytes).Draw(t, "bytes")}
		back, err := app.ParseExpectation(e.String())
		require.NoError(t, err)
		require.Equal(t, e, back)
	})
}

func FuzzParseExpectation(f *testing.F) {
	f.Add("200 512")
	f.Add("000 0")
	f.Fuzz(func(t *testing.T, value string) {
		e, err := app.ParseExpectation(value)
		if err == nil && (e.Status < 200 || e.Status > 999 || e.Bytes < 0 || e.Bytes > app.MaxExpectedBytes) {
			t.Fatalf("%q gave %+v", value, e)
		}
	})
}

func TestFiller(t *testing.T) {
	f := app.NewFiller()
	for _, size := range []int64{0, 1, 63, 65535, 65536, 65537, 1 << 20} {
		var written, copied bytes.Buffer
		require.NoError(t, f.Write(&written, size))
		assert.EqualValues(t, size, written.Len())
		n, err := io.Copy(&copied, f.Reader(size)) // uses WriteTo
		require.NoError(t, err)
		assert.Equal(t, size, n)
		assert.True(t, bytes.Equal(written.Bytes(), copied.Bytes()))
		require.NoError(t, iotest.TestReader(struct{ io.Reader }{f.Reader(size)}, written.Bytes()))
		if block, ok := f.Bytes(size); ok {
			assert.True(t, bytes.Equal(written.Bytes(), block))
		} else {
			assert.Greater(t, size, int64(65536))
		}
	}
	assert.Error(t, f.Write(failing{}, 1))
	assert.Zero(t, testing.AllocsPerRun(10, func() { _ = f.Write(io.Discard, 10<<20) }))
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestParsePattern(t *testing.T) {
	for name, rendered := range map[string]string{
		"/": "/", "/a": "/a", "/a/": "/a/", "/user/:id": "/user/{p1}", "/:x/b/:y/": "/{p1}/b/{p2}/", "/A.b-c_d~9": "/A.b-c_d~9", "/...": "/...",
		"/a:b": "/{p1}", "/a/*/b": "/a/{p1}/b", "/:": "/{p1}", "/{a}": "/{p1}", "/a b": "/{p1}", "/%41": "/{p1}", "/ü": "/{p1}", "/a\x00": "/{p1}",
		"/a?b": "/{p1}", "/a#b": "/{p1}", "/a+b": "/{p1}", "/(a)/<a>": "/{p1}/{p2}",
	} {
		p, ok := app.ParsePattern(name)
		require.True(t, ok, name)
		assert.Equal(t, rendered, p.Render("{", "}"), name)
	}
	for _, name := range []string{"", "other", "user/:id", "//", "/a//b", "/.", "/..", "/a/../b", "/" + strings.Repeat("a/", 31)} {
		_, ok := app.ParsePattern(name)
		assert.False(t, ok, name)
	}
}

func TestParsePatterns(t *testing.T) {
	rendered := func(name string) (all []string) {
		patterns, ok := app.ParsePatterns(name)
		assert.True(t, ok, name)
		for _, p := range patterns {
			all = append(all, p.Render(":", ""))
		}
		return all
	}
	assert.Equal(t, []string{"/user/:p1"}, rendered("/user/:id"))
	assert.Equal(t, []string{"/s", "/s/:p1", "/s/:p1/:p2", "/s/:p1/:p2/:p3", "/s/:p1/:p2/:p3/:p4"}, rendered("/s/*rest"))
	assert.Equal(t, []string{"/", "/:p1", "/:p1/:p2", "/:p1/:p2/:p3", "/:p1/:p2/:p3/:p4"}, rendered("/*"))
	for _, name := range []string{"*", "", "other", "//*rest", "/a//*rest", "/../*rest", strings.Repeat("/a", 27) + "/*rest"} {
		_, ok := app.ParsePatterns(name)
		assert.False(t, ok, name)
	}
}

func TestRegister(t *testing.T) {
	get := []string{"GET"}
	s := app.NewService(app.Config{Table: contract.Table{Routes: []contract.Route{
		{Name: "/rare", Methods: get, Requests: 1},
		{Name: "/busy/:id", Methods: []string{"GET", "POST", "bad", ""}, Requests: 9},
		{Name: "/busy/:name", Methods: get, Requests: 8},           // the same route
		{Name: "/api/user/:x", Methods: get, Requests: 7},          // served by a fixed route
		{Name: "/api/user/me", Methods: get, Requests: 6},          // likewise
		{Name: "/api/order", Methods: get, Requests: 5},            // fixed for POST only
		{Name: "/panics", Methods: get, Requests: 4},               //
		{Name: "/refused", Methods: get, Requests: 3},              //
		{Name: "/no/methods", Requests: 2},                         //
		{Name: "/a//b", Methods: get}, {Name: "other"}, {Name: ""}, // no paths: neither
	}}})
	var offered []string
	coverage := s.Register(func(method string, p app.Pattern) error {
		path := p.Render(":", "")
		switch path {
		case "/panics":
			panic("conflict")
		case "/refused":
			return app.ErrUnroutable
		}
		offered = append(offered, method+" "+path)
		return nil
	})
	assert.Equal(t, []string{"GET /busy/:p1", "POST /busy/:p1", "GET /api/order", "GET /rare"}, offered)
	assert.Equal(t, app.Coverage{Routed: 6, Unrouted: 4}, coverage)
	assert.Equal(t, []string{"GET", "POST"}, s.Methods())
}

func TestTokens(t *testing.T) {
	tokens := app.NewTokens()
	now := time.Now()
	authorization, err := tokens.Authorization(now)
	require.NoError(t, err)
	assert.NoError(t, tokens.Verify(authorization))
	old, err := tokens.Authorization(now.Add(-7*24*time.Hour - time.Minute))
	require.NoError(t, err)
	recent, err := tokens.Authorization(now.Add(-7*24*time.Hour + time.Minute))
	require.NoError(t, err)
	assert.NoError(t, tokens.Verify(recent))
	for _, bad := range []string{"", "Bearer", old, authorization + "x", strings.TrimPrefix(authorization, "Bearer "), "Basic " + authorization} {
		assert.Error(t, tokens.Verify(bad), bad)
	}
	assert.Error(t, app.NewTokens().Verify(authorization), "another process")
}

func TestProtected(t *testing.T) {
	for path, want := range map[string]bool{"/api": true, "/api/": true, "/api/x": true, "/apix": false, "/": false, "": false, "/x/api/": false, "//api/x": false} {
		assert.Equal(t, want, app.Protected(path), path)
	}
}

func TestAsError(t *testing.T) {
	assert.Equal(t, http.StatusInternalServerError, app.AsError(errors.New("secret")).Status)
	assert.NotContains(t, app.AsError(errors.New("secret")).Text, "secret")
	assert.Equal(t, http.StatusRequestEntityTooLarge, app.AsError(&http.MaxBytesError{}).Status)
	assert.Equal(t, app.NotFound(), app.AsError(errors.Join(io.EOF, app.NotFound())))
}

// TestBodyLimit sends a byte too many to a server on net/http.
func TestBodyLimit(t *testing.T) {
	s := app.NewService(app.Config{})
	r := httptest.NewRequest("POST", "/", io.LimitReader(strings.NewReader(strings.Repeat(" ", 2048)), 2048))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	r.Body = http.MaxBytesReader(w, r.Body, 1024)
	assert.False(t, s.Bind(w, r, &app.Setting{}))
	assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
}
