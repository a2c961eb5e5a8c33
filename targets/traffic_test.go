package targets_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"mime/multipart"
	"strconv"
	"strings"

	"ngxreplay/targets/app"
	"ngxreplay/targets/contract"
)

// placeholders that stand for a target's own token.
const valid = "{valid}"

func hostileTable() contract.Table {
	all := []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}
	names := []string{
		"/", "/user/:id", "/user/new", "/user/:name", "/user/:id/posts/:post", "/blog/:slug/", "/a.b-c_d~e",
		"/api/user/:id", "/api/user/me", "/api/order", "/api/orders/:id", "/api/:version/items", "/:any", "/static/app.js",
		"/ping", "/upload/:x", "/deep/:a/:b/:c/:d", "/deep/:a/x", "/deep/y",
		// none of these is a plain path
		"other", "", "*", "//", "/a//b", "/../etc", "/./x", "/:", "/{x}", "/{", "/}", "/*all", "/a*b", "/a:b", "/:a:b", "/a+b?",
		"/\\", "/%2F", "/%zz", "/ü", "/a b", "/\x00", "/<script>", "/:id<int>", "/(a|b)", "/" + strings.Repeat("a/:b/", 200),
		strings.Repeat("/:x", 31), "/" + strings.Repeat("z", 20000), "/.", "/..", "/:p1*", "/*/x", "/#", "/[a]",
	}
	var t contract.Table
	for i, name := range names {
		t.Routes = append(t.Routes, contract.Route{Name: name, Methods: all, Requests: int64(len(names) - i)})
	}
	t.Routes = append(t.Routes,
		contract.Route{Name: "/dav/:file", Methods: []string{"PROPFIND", "GET"}, Requests: 1},
		contract.Route{Name: "/lock/:file", Methods: []string{"M-SEARCH"}, Requests: 1},
		contract.Route{Name: "/odd/:file", Methods: []string{"", "get", "GE T", "G\nT", "ANY-OTHER", "echo_route_not_found", strings.Repeat("A", 100)}, Requests: 1},
		contract.Route{Name: "/none", Methods: nil, Requests: 1},
	)
	return t
}

// table lists the cases a reader should see; generated adds random ones.
func table() []message {
	get := func(note, target string) message { return message{note: note, method: "GET", target: target} }
	list := []message{
		get("fixed", "/ping"), get("fixed with query", "/ping?x=1"),
		get("trailing slash", "/ping/"), get("case", "/PING"), get("double slash", "//ping"), get("dots", "/x/../ping"),
		get("encoded letter", "/%70ing"), get("root", "/"), get("unknown", "/nothing/here"), get("table route", "/user/7"),
		get("absolute form", "http://other.example/ping"), get("absolute form, no path", "http://other.example"),
		{note: "wrong method", method: "DELETE", target: "/ping"}, {note: "head", method: "HEAD", target: "/ping"},
		{note: "options", method: "OPTIONS", target: "/ping"}, {note: "options *", method: "OPTIONS", target: "*"},
		{note: "unknown method", method: "BREW", target: "/ping"}, {note: "unknown method", method: "M-SEARCH", target: "/x"},
		{note: "http/1.0", method: "GET", target: "/ping", proto: "HTTP/1.0"},
		{note: "http/1.0 keep-alive", method: "GET", target: "/ping", proto: "HTTP/1.0", headers: []header{{"Connection", "keep-alive"}}},
		{note: "close", method: "GET", target: "/ping", headers: []header{{"Connection", "close"}}},
		get("stream", "/stream"), get("stream with slash", "/stream/"),
		get("request id", "/ping").with("X-Request-Id", "abc-123"), get("request id, 404", "/nope").with("x-request-id", "lower"),
		get("request id, 401", "/api/user/1").with("X-Request-Id", "abc-124"),
		get("method override", "/ping?_method=DELETE"),
		{note: "form override", method: "POST", target: "/ping", headers: []header{{"Content-Type", "application/x-www-form-urlencoded"}}, body: "_method=GET"},
	}
	list = append(list, tokens()...)
	list = append(list, bodies()...)
	list = append(list, expectations()...)
	for _, target := range []string{"/api/user/1", "/api/user/-5", "/api/user/abc", "/api/user/1%2F2", "/api/user/%31", "/api/user/1/2",
		"/api/user/", "/api/user/1/", "/api/user/99999999999999999999", "/api/user/me", "/api/orders/5", "/api", "/api/", "/api/nothing",
		"/api/v1/items", "/api/v1/items?limit=2&offset=998", "/api/v1/items?limit=100", "/api/v1/items?limit=0", "/api/v1/items?limit=x",
		"/api/v1/items?offset=-1", "/api/v1/items?limit=&offset=", "/api/v1/items/"} {
		list = append(list, get("api", target).with("Authorization", valid))
	}
	return list
}

func tokens() []message {
	var list []message
	for _, authorization := range []string{"", "Bearer", "Bearer ", "Bearer x.y.z", "Basic dXNlcjpwYXNz", valid,
		strings.ToLower("Bearer ") + "x", noneToken, "{expired}", "{foreign}", "{everlasting}", "{hs512}", "{lower}"} {
		for _, target := range []string{"/api/user/5", "/api/unknown/x", "/%61pi/user/5", "/apix"} {
			m := message{note: "token " + authorization, method: "GET", target: target}
			if authorization != "" {
				m = m.with("Authorization", authorization)
			}
			list = append(list, m, m.with(contract.ExpectHeader, "403 17"))
		}
	}
	return list
}

// noneToken claims to need no signature: {"alg":"none"} . {"sub":"x","exp":9999999999}
const noneToken = "Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJ4IiwiZXhwIjo5OTk5OTk5OTk5fQ."

func bodies() []message {
	post := func(method, target, contentType, body string) message {
		return message{note: "body", method: method, target: target, body: body}.with("Content-Type", contentType).with("Authorization", valid)
	}
	order := func(body string) message { return post("POST", "/api/order", "application/json", body) }
	many := `{"customer":"a","items":[` + strings.Repeat(`{"sku":"A1","quantity":1},`, 100) + `{"sku":"A1","quantity":1}]}`
	list := []message{
		order(`{"customer":"Ada","email":"ada@example.org","items":[{"sku":"A1","quantity":2,"price_cents":250},{"sku":"B","quantity":1}]}`),
		order(`{"customer":"<Ada & Bob>","items":[{"sku":"A1","quantity":1}],"unknown":[1,2]}`),
		order(`{"customer":"Ada"}`), order(`{"items":[{"sku":"A1","quantity":1}]}`), order(`{}`), order(`null`), order(`[]`), order(`"x"`),
		order(`{`), order(`{"customer":5}`), order(`{"customer":"Ada","items":[{"sku":"A-1","quantity":1}]}`),
		order(`{"customer":"Ada","items":[{"sku":"A1","quantity":0}]}`), order(`{"customer":"Ada","items":[{"sku":"A1","quantity":1.5}]}`),
		order(`{"customer":"Ada","email":"nobody","items":[{"sku":"A1","quantity":1}]}`), order(many), order(" "),
		post("POST", "/api/order", "application/json; charset=utf-8", `{"customer":"Ada","items":[{"sku":"A1","quantity":1}]}`),
		post("POST", "/api/order", "text/plain", `{"customer":"Ada"}`), post("POST", "/api/order", "", `{"customer":"Ada"}`),
		post("POST", "/api/order", "application/xml", `<a/>`), {note: "no body", method: "POST", target: "/api/order", headers: []header{{"Authorization", valid}}},
		{note: "empty body", method: "POST", target: "/api/order", headers: []header{{"Authorization", valid}, {"Content-Type", "application/json"}, {"Content-Length", "0"}}},
		post("PUT", "/api/config/theme", "application/json", `{"value":"dark"}`), post("PUT", "/api/config/a%20b", "application/json", `{"value":"dark"}`),
		post("PUT", "/api/config/a/b", "application/json", `{"value":"dark"}`), post("PUT", "/api/config/theme", "application/json", `{"value":""}`),
		post("PUT", "/api/config/"+strings.Repeat("k", 65), "application/json", `{"value":"x"}`),
		post("PUT", "/api/config/theme/", "application/json", `{"value":"dark"}`),
		post("POST", "/upload", "text/plain", "hello"), post("POST", "/upload", "multipart/form-data", "hello"),
		post("POST", "/upload", "multipart/form-data; boundary=b", "--b broken"), {note: "no upload", method: "POST", target: "/upload"},
	}
	for _, sizes := range [][]int{{0}, {5}, {100, 4096}, {70000, 1, 2}} {
		contentType, body := multipartBody(sizes)
		upload := post("POST", "/upload", contentType, body)
		list = append(list, upload, upload.with(contract.ExpectHeader, "201 33"))
	}
	for _, m := range list[:len(list):len(list)] {
		if m.get(contract.ExpectHeader) == "" {
			list = append(list, m.with(contract.ExpectHeader, "202 1000"), m.with(contract.ExpectHeader, "nonsense"))
		}
	}
	return list
}

func multipartBody(sizes []int) (contentType, body string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.SetBoundary("ngxreplay-boundary")
	_ = w.WriteField("comment", "not a file")
	for i, size := range sizes {
		part, _ := w.CreateFormFile("file"+strconv.Itoa(len(sizes)-i), fmt.Sprintf("name %d.bin", i))
		_, _ = part.Write(bytes.Repeat([]byte("x"), size))
	}
	_ = w.Close()
	return w.FormDataContentType(), b.String()
}

// expectations covers the header itself and the paths that routers treat specially.
func expectations() []message {
	var list []message
	add := func(method, target, value string) {
		list = append(list, message{note: "expect", method: method, target: target}.with(contract.ExpectHeader, value))
	}
	for status := 200; status <= 504; status++ {
		add([]string{"GET", "HEAD", "POST"}[status%3], []string{"/ping", "/user/7", "/nothing/at/all"}[status/3%3], strconv.Itoa(status)+" "+strconv.Itoa(status%7))
	}
	for _, status := range []string{"000", "009", "0", "101", "199", "204", "304", "404", "405", "499", "500", "599", "999"} {
		add("GET", "/nothing/at/all", status+" 12")
		add("HEAD", "/nothing/at/all", status+" 12")
		add("GET", "/nothing/at/all", status+" 0")
	}
	for _, size := range []int{0, 1, 2047, 2048, 4095, 4096, 65535, 65536, 65537, 5 << 20} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			add(method, "/user/7", "200 "+strconv.Itoa(size))
		}
	}
	add("HEAD", "/user/7", "200 "+strconv.Itoa(app.MaxExpectedBytes))
	for _, bad := range []string{"200", "200 ", " ", "x 1", "200 x", "200 -1", "-200 1", "1000 1", "0200 1", "200 1 2", "200  1", "+200 1", "200 +1",
		"200 1099511627777", "200 99999999999999999999", "2e2 1", "200,1", "٢٠٠ 1"} {
		add("GET", "/ping", bad)
		add("GET", "/user/7", bad)
	}
	targets := []string{"/", "//", "///", "//user//7", "/user/7/", "/user", "/user/", "/user/7/../8", "/../", "/..", "/./", "/user/%2F", "/%2F", "/a%2Fb/c",
		"/user/%2e%2e/x", "/USER/7", "/user/7?a=b&a=c;d", "/user/7?", "?", "/ü", "/user/\xff", "/a|b", "/a\"b", "/a#b", "*", "/*", "/:id", "/{id}", "/blog/x/", "/blog/x",
		"/deep/1/2/3/4", "/deep/1/x", "/deep/y", "/static/app.js", "/a.b-c_d~e", "/dav/x", "/%00", "/%20", "/a;b=c", "/" + strings.Repeat("x", 9000),
		"/user/" + strings.Repeat("long/", 3000) + "?" + strings.Repeat("q=1&", 4000), "http://other.example/user/7", "http://other.example//a/../b", "https://other.example:8443/", "/ping/", "/stream", "/upload/", "/redirect?to=http://x.example/y"}
	for _, target := range targets {
		for _, method := range []string{"GET", "POST", "OPTIONS", "BREW"} {
			if target != "?" {
				add(method, target, "418 21")
			}
		}
	}
	for _, method := range []string{"TRACE", "PATCH", "DELETE", "PROPFIND", "M-SEARCH", "QUERY", "PRI2", "G", "ANY-OTHER", "RouteNotFound", "get", "echo_route_not_found"} {
		add(method, "/user/7", "203 30")
		add(method, "/nothing/at/all", "203 30")
		add(method, "/dav/x", "203 30")
	}
	for _, m := range list[len(list)-20 : len(list) : len(list)] {
		m.proto = "HTTP/1.0"
		list = append(list, m)
	}
	body := message{note: "body to a table route", method: "POST", target: "/user/7", body: strings.Repeat("b", 400<<10)}
	list = append(list, body.with(contract.ExpectHeader, "200 5"), body, message{note: "get with body", method: "GET", target: "/ping", body: "hello"}.with(contract.ExpectHeader, "200 6"))
	return list
}

// generated draws requests from the same parts; the same seed, the same requests.
func generated(seed uint64, n int) []message {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	list := make([]message, n)
	for i := range list {
		m := message{note: fmt.Sprintf("seed %d #%d", seed, i)}
		m.method = pick("GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW")
		for range 1 + r.IntN(5) {
			m.target += "/" + pick("user", "new", "api", "order", "7", "..", "", "%2F", "config", "a.b", "x", "v1", "items", ":id", "stream", "ping")
		}
		if r.IntN(4) == 0 {
			m.target += "?" + pick("limit=3", "a=b", "limit=-1", "x")
		}
		if r.IntN(3) > 0 {
			m = m.with(contract.ExpectHeader, fmt.Sprintf("%d %d", r.IntN(1000), r.IntN(5000)))
		}
		if r.IntN(2) == 0 {
			m = m.with("Authorization", pick(valid, valid, "Bearer no"))
		}
		if m.method == "POST" || m.method == "PUT" {
			m.body = pick("", `{"value":"x"}`, "garbage")
			m = m.with("Content-Type", pick("application/json", "text/plain"))
		}
		list[i] = m
	}
	return list
}
