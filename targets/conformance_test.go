package targets_test

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"ngxreplay/targets/app"
	"ngxreplay/targets/contract"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestConformance sends the same requests to all targets and compares each answer
// with the golden one, on one kept connection a target.
func TestConformance(t *testing.T) {
	requests := append(table(), generated(7, 400)...)
	require.Greater(t, len(requests), 200)
	t.Logf("%d requests to each target", len(requests))
	for _, p := range programs() {
		t.Run(p.Name, func(t *testing.T) {
			target := start(t, p, app.Config{Table: hostileTable()})
			w := &wire{address: target.address}
			closes := 1
			for _, m := range requests {
				m = target.authorize(t, m)
				got, err := w.exchange(m)
				require.NoError(t, err, m.String())
				check(t, m, expect(target.service, m), got)
				if got.close {
					closes++
				}
				if m.proto == "" && m.get("Connection") == "" {
					assert.False(t, got.close, "connection was not kept: %s", m)
				}
			}
			assert.LessOrEqual(t, w.dials, closes)
			require.NoError(t, w.hangUp())
		})
	}
}

func check(t *testing.T, m message, want golden, got answer) {
	t.Helper()
	about := m.String()
	assert.Equal(t, want.status, got.status, "status of %s: %.200q", about, got.body)
	if !assert.True(t, string(want.body) == string(got.body), "body of %s", about) {
		t.Logf("want %.300q\n got %.300q", want.body, got.body)
	}
	if want.mediaType != "" {
		assert.Equal(t, want.mediaType, got.header.Get("Content-Type"), "content type of %s", about)
	}
	if want.length >= 0 {
		assert.Equal(t, fmt.Sprint(want.length), got.header.Get("Content-Length"), "length of %s", about)
	}
	assert.Equal(t, want.challenge, got.header.Get("Www-Authenticate"), "challenge of %s", about)
	if id := m.get("X-Request-Id"); id != "" {
		assert.Equal(t, id, got.header.Get("X-Request-Id"), about)
	} else {
		assert.NotEmpty(t, got.header.Get("X-Request-Id"), about)
	}
	for _, none := range []string{"Location", "Set-Cookie", "Allow", "Server"} {
		assert.Empty(t, got.header.Values(none), "%s of %s", none, about)
	}
}

// authorize puts tokens of this target in place of the placeholders.
func (r *running) authorize(t *testing.T, m message) message {
	t.Helper()
	value := m.get("Authorization")
	var err error
	switch value {
	case valid:
		value = r.authorization
	case "{lower}":
		value = "bearer" + strings.TrimPrefix(r.authorization, "Bearer")
	case "{expired}":
		value, err = r.service.Tokens.Authorization(time.Now().Add(-8 * 24 * time.Hour))
	case "{foreign}":
		value, err = app.NewTokens().Authorization(time.Now())
	case "{everlasting}":
		value, err = jwt.New(jwt.SigningMethodHS256).SignedString([]byte("guess"))
	case "{hs512}":
		value, err = jwt.New(jwt.SigningMethodHS512).SignedString([]byte("guess"))
	default:
		return m
	}
	require.NoError(t, err)
	out := m
	out.headers = nil
	for _, h := range m.headers {
		if h.name == "Authorization" {
			h.value = value
		}
		out.headers = append(out.headers, h)
	}
	return out
}

// TestGoldenTokens guards the oracle: it asks the service under test about tokens.
func TestGoldenTokens(t *testing.T) {
	target := start(t, programs()[0], app.Config{})
	want := map[string]int{valid: 200, "{lower}": 200, "{expired}": 401, "{foreign}": 401, "{everlasting}": 401, "{hs512}": 401, noneToken: 401, "Bearer": 401}
	for authorization, status := range want {
		m := message{method: "GET", target: "/api/user/5"}.with("Authorization", authorization)
		assert.Equal(t, status, target.send(t, target.authorize(t, m)).status, authorization)
	}
}

// TestCoverage pins what each router can hold of a table full of conflicts.
func TestCoverage(t *testing.T) {
	get := func(requests int64, names ...string) (routes []contract.Route) {
		for _, name := range names {
			routes = append(routes, contract.Route{Name: name, Methods: []string{"GET"}, Requests: requests})
		}
		return routes
	}
	conflicts := contract.Table{Routes: append(append(
		get(10, "/user/new"), get(20, "/user/:id", "/ping", "/api/user/:x", "/api/user/me", "/blog/:slug/", "other")...),
		contract.Route{Name: "/dav/:x", Methods: []string{"PROPFIND"}},
		contract.Route{Name: "/search", Methods: []string{"M-SEARCH", "nonsense"}},
		contract.Route{Name: "/a/./b", Methods: []string{"GET"}},
	)}
	want := map[string]app.Coverage{
		"gin":     {Routed: 7, Unrouted: 2},
		"echo":    {Routed: 8, Unrouted: 1},
		"fiber":   {Routed: 8, Unrouted: 1},
		"chi":     {Routed: 6, Unrouted: 3},
		"buffalo": {Routed: 6, Unrouted: 3},
		"nethttp": {Routed: 7, Unrouted: 2}, // holds /user/:id, the busier of the two
	}
	for _, p := range programs() {
		assert.Equal(t, want[p.Name], p.New(app.NewService(app.Config{Table: conflicts})).Coverage(), p.Name)
	}
}

// TestGivenRoutes registers routes as people give them: catch-alls, and characters that some router takes for syntax.
// All answer alike, routed or not. httprouter has no room for a parameter beside literals, which odd characters become.
func TestGivenRoutes(t *testing.T) {
	var table contract.Table
	for i, name := range []string{"/static/*rest", "/v1/things:batch", "/caf%C3%A9/:id", "/a+b/{x}", "/files/:dir/*path", "GET /no/path"} {
		table.Routes = append(table.Routes, contract.Route{Name: name, Methods: []string{"GET", "POST"}, Requests: int64(100 - i)})
	}
	for _, p := range programs() {
		t.Run(p.Name, func(t *testing.T) {
			target := start(t, p, app.Config{Table: table})
			want := app.Coverage{Routed: 5}
			if p.Name == "nethttp" {
				want = app.Coverage{Routed: 3, Unrouted: 2}
			}
			assert.Equal(t, want, target.server.Coverage())
			for _, path := range []string{"/static", "/static/", "/static/a", "/static/a/b/c/d", "/static/a/b/c/d/e/f", "/v1/things:batch",
				"/caf%C3%A9/7", "/a+b/c", "/files/x", "/files/x/y/z", "/files"} {
				for _, method := range []string{"GET", "POST"} {
					m := message{method: method, target: path}.with(contract.ExpectHeader, "203 17")
					got := target.send(t, m)
					assert.Equal(t, 203, got.status, m.String())
				}
			}
		})
	}
}

// TestPanic triggers a panic in the innermost step of the chain.
func TestPanic(t *testing.T) {
	for _, p := range programs() {
		t.Run(p.Name, func(t *testing.T) {
			var complaints, lines buffer
			target := start(t, p, app.Config{
				AccessLog: &lines,
				ErrorLog:  &complaints,
				Intercept: func(path string) {
					if strings.HasPrefix(path, "/panic") {
						panic("test")
					}
				},
			})
			for _, method := range []string{"GET", "POST"} {
				m := message{method: method, target: "/panic"}.with("X-Request-Id", "p1")
				check(t, m, failure(app.Internal()), target.send(t, m))
			}
			assert.Contains(t, lines.String(), "500", "access log")
			assert.Equal(t, 200, target.send(t, message{method: "GET", target: "/ping"}).status)
		})
	}
}

// TestAccessLog counts lines: one a request, answered by whatever part of the chain.
func TestAccessLog(t *testing.T) {
	for _, p := range programs() {
		t.Run(p.Name, func(t *testing.T) {
			var lines buffer
			target := start(t, p, app.Config{AccessLog: &lines})
			w := &wire{address: target.address}
			for _, path := range []string{"/ping", "/nothing", "/api/user/1", "/ping?last"} {
				_, err := w.exchange(message{method: "BREW", target: path})
				require.NoError(t, err)
			}
			// The line of the last request may follow its answer; draining waits for it.
			require.NoError(t, w.hangUp())
			require.NoError(t, target.server.Shutdown(t.Context()))
			text := lines.String()
			assert.Equal(t, 5, strings.Count(text, "\n"), "one is of start; %s", text)
			assert.Equal(t, 4, strings.Count(text, "BREW"), text)
			status := func(code string) int {
				return len(regexp.MustCompile(`(?:\| |- |status=|"status":)`+code+`[\s,]`).FindAllString(text, -1))
			}
			assert.Equal(t, 3, status("404"), text)
			assert.Equal(t, 1, status("401"), text)
		})
	}
}

// TestConcurrency mixes answers of different sizes on many connections.
func TestConcurrency(t *testing.T) {
	for _, p := range programs() {
		t.Run(p.Name, func(t *testing.T) {
			target := start(t, p, app.Config{Table: hostileTable()})
			var group sync.WaitGroup
			for client := range 32 {
				group.Go(func() {
					w := &wire{address: target.address}
					for i, m := range generated(uint64(client), 25) {
						id := fmt.Sprintf("%d-%d", client, i)
						m = target.authorize(t, m).with("X-Request-Id", id)
						got, err := w.exchange(m)
						if assert.NoError(t, err, m.String()) {
							check(t, m, expect(target.service, m), got)
						}
					}
					assert.NoError(t, w.hangUp())
				})
			}
			group.Wait()
		})
	}
}

// buffer is a log that many requests write to.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
