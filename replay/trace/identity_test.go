package trace

import "testing"

func TestIdentity(t *testing.T) {
	request := func(client, agent, forwarded, cookies, user string) *Request {
		r := &Request{Client: []byte(client), UserAgent: []byte(agent), User: []byte(user)}
		if forwarded != "" {
			r.Headers = append(r.Headers, Header{forwardedFor, []byte(forwarded)})
		}
		if cookies != "" {
			r.Headers = append(r.Headers, Header{cookieHeader, []byte(cookies)})
		}
		return r
	}
	check := func(identity string, a, b *Request, same bool) {
		t.Helper()
		id, err := ParseIdentity(identity)
		if err != nil {
			t.Fatal(err)
		}
		if got := id.Client(a) == id.Client(b); got != same {
			t.Errorf("%s: same client %v, want %v", identity, got, same)
		}
	}
	a := request("192.0.2.1", "x", "", "sid=1; theme=dark", "ann")
	check("origin", a, request("192.0.2.1", "x", "", "", ""), true)
	check("origin", a, request("192.0.2.1", "y", "", "", ""), false)
	check("origin", a, request("192.0.2.1", "x", "198.51.100.7", "", ""), false)
	check("address", a, request("192.0.2.1", "y", "", "", ""), true)
	check("user", a, request("192.0.2.9", "y", "", "", "ann"), true)
	check("cookie:sid", a, request("192.0.2.9", "y", "", "theme=light;sid=1", ""), true)
	check("cookie:sid", a, request("192.0.2.1", "x", "", "sid=2", ""), false)
	check("cookie:sid", request("192.0.2.1", "x", "", "", ""), request("192.0.2.1", "x", "", "", ""), true)
	check("header:X-Forwarded-For", request("a", "x", "z", "", ""), request("b", "y", "z", "", ""), true)
	check("header:user-agent", a, request("b", "x", "", "", ""), true)
	check("origin", request("12", "3", "", "", ""), request("1", "23", "", "", ""), false)
	for _, text := range []string{"cookie:", "cookie", "header", "ip", "user:x"} {
		if _, err := ParseIdentity(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}
