package targets_test

import (
	"bytes"
	"encoding/json"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"ngxreplay/targets/app"
	"ngxreplay/targets/contract"
)

// golden is what every target must answer: the contract, written down once more
// without any framework.
type golden struct {
	status    int
	mediaType string
	body      []byte
	length    int64 // Content-Length that must be sent; -1 when framing is the target's choice
	challenge string
}

func failure(err error) golden {
	e := app.AsError(err)
	g := jsonGolden(e.Status, e.Body())
	if e.Status == http.StatusUnauthorized {
		g.challenge = "Bearer"
	}
	return g
}

func jsonGolden(status int, value any) golden {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return golden{status: status, mediaType: "application/json", body: text, length: -1}
}

func result(status int, value any, err error) golden {
	if err != nil {
		return failure(err)
	}
	return jsonGolden(status, value)
}

// expect computes the golden answer of a target whose tokens are those of s.
func expect(s *app.Service, m message) golden {
	g := expectWithBody(s, m)
	if m.method == http.MethodHead {
		g.body = nil
	}
	return g
}

func expectWithBody(s *app.Service, m message) golden {
	path, query := split(m.target)
	if err := s.Authorize(path, m.get("Authorization")); err != nil {
		return failure(err)
	}
	if value := m.get(contract.ExpectHeader); value != "" {
		return replayed(s, m.method, value)
	}
	switch {
	case m.method == "GET" && path == "/ping":
		return jsonGolden(200, map[string]string{"message": "pong"})
	case m.method == "GET" && path == "/api/v1/items":
		page, err := app.ListItems(query.Get("limit"), query.Get("offset"))
		return result(200, page, err)
	case m.method == "GET" && path == "/stream":
		return stream()
	case m.method == "POST" && path == "/upload":
		uploaded, err := app.Upload(form(m))
		return result(200, uploaded, err)
	case m.method == "POST" && path == "/api/order":
		var o app.Order
		err := bind(m, &o)
		return result(201, app.PlaceOrder(o), err)
	}
	if id := regexp.MustCompile(`^/api/user/([^/]+)$`).FindStringSubmatch(path); id != nil && m.method == "GET" {
		user, err := app.FindUser(id[1])
		return result(200, user, err)
	}
	if key := regexp.MustCompile(`^/api/config/([^/]+)$`).FindStringSubmatch(path); key != nil && m.method == "PUT" {
		var setting app.Setting
		if err := bind(m, &setting); err != nil {
			return failure(err)
		}
		stored, err := app.Store(key[1], setting)
		return result(200, stored, err)
	}
	return failure(app.NotFound())
}

// split takes a request target of any form apart.
func split(target string) (string, url.Values) {
	path, rawQuery, _ := strings.Cut(target, "?")
	if _, rest, absolute := strings.Cut(path, "://"); absolute && path[0] != '/' {
		_, path, _ = strings.Cut(rest, "/")
		path = "/" + path
	}
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		query = url.Values{}
	}
	return path, query
}

func replayed(s *app.Service, method, value string) golden {
	e, err := app.ParseExpectation(value)
	if err != nil {
		return failure(err)
	}
	if e.Status == 204 || e.Status == 304 {
		return golden{status: e.Status, length: -1}
	}
	var body bytes.Buffer
	if method != http.MethodHead {
		_ = s.Filler.Write(&body, e.Bytes)
	}
	g := golden{status: e.Status, body: body.Bytes(), length: e.Bytes}
	if e.Bytes > 0 {
		g.mediaType = "application/octet-stream"
	}
	return g
}

func stream() golden {
	g := golden{status: 200, mediaType: "text/event-stream", length: -1}
	for n := range app.EventCount {
		g.body = append(g.body, app.Event(n)...)
	}
	return g
}

func bind(m message, into any) error {
	if err := app.CheckJSON(m.get("Content-Type"), int64(len(m.body))); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(m.body), into); err != nil {
		return app.BindError(err)
	}
	if err := app.NewValidator().Validate(into); err != nil {
		return app.BindError(err)
	}
	return nil
}

func form(m message) (*multipart.Form, error) {
	_, params, err := mime.ParseMediaType(m.get("Content-Type"))
	if err != nil {
		return nil, err
	}
	return multipart.NewReader(strings.NewReader(m.body), params["boundary"]).ReadForm(1 << 20)
}
