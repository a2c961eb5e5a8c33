package main

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// trouble is what goes wrong in the two minutes beside the ordinary: each status that visits do not bring by
// themselves, caused the way it is caused in production.
func trouble(r *rand.Rand, span time.Duration) []request {
	anytime := func() time.Duration { return between(r, time.Second, span-5*time.Second) }
	person := client{source: loopback(300), address: "198.51.100.211", agent: browserAgents()[0]}
	program := client{source: loopback(301), address: "2001:db8:beef::17", agent: "ReportRunner/2.0"}

	var requests []request
	for range 14 {
		requests = append(requests, impatient(r, program, anytime()), tooLarge(person, anytime()))
		requests = append(requests, ranged(r, person, anytime())...)
		requests = append(requests, administration(person, anytime())...)
		requests = append(requests, program.send(anytime(), get(api, fmt.Sprintf("/api/report/%d", 1+r.IntN(99))))) // 504
		requests = append(requests, program.send(anytime(), get(api, fmt.Sprintf("/api/export/%s.csv", uuid(r)))))  // slow
		requests = append(requests, person.send(anytime(), upload(2000+r.IntN(50000))))
		requests = append(requests, person.send(anytime(), message{method: "POST", host: www, target: "/static/app.3f2a1c.js", body: []byte{}})) // 405
	}
	for range 3 {
		requests = append(requests, stalled(anytime(), person)...)
	}
	requests = append(requests, outage(r, program, span/2)...)
	return append(requests, guessing(r, span/3)...)
}

// impatient hangs up while the answer is being made: 499.
func impatient(r *rand.Rand, c client, at time.Duration) request {
	request := c.send(at, get(api, fmt.Sprintf("/api/export/%s.csv", uuid(r))))
	request.patience = between(r, 80*time.Millisecond, 800*time.Millisecond)
	return request
}

// tooLarge announces a body larger than nginx takes, and leaves when it is told so: 413.
func tooLarge(c client, at time.Duration) request {
	request := c.send(at, message{method: "POST", host: www, target: "/upload", fields: []field{{"Content-Length", "9000000"}}})
	request.patience = 200 * time.Millisecond
	return request
}

// upload is a form with a file of n bytes.
func upload(n int) message {
	part := "--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"photo.jpg\"\r\n\r\n"
	body := part + string(filler(n)) + "\r\n--frontier--\r\n"
	return message{method: "POST", host: www, target: "/upload", body: []byte(body),
		fields: []field{{"Content-Type", "multipart/form-data; boundary=frontier"}}}
}

// ranged asks for parts of a video: two that exist and one beyond the end (206, 206, 416).
func ranged(r *rand.Rand, c client, at time.Duration) []request {
	first := r.IntN(100000)
	var requests []request
	for i, part := range []string{fmt.Sprintf("bytes=0-%d", 1023), fmt.Sprintf("bytes=%d-%d", first, first+r.IntN(20000)), "bytes=99000000-"} {
		requests = append(requests, c.send(at+time.Duration(i)*150*time.Millisecond, get(static, "/video/teaser.mp4", field{"Range", part})))
	}
	return requests
}

// administration asks without a password, with a wrong one, and with right ones (401, 401, 200, 200); one of the user
// names holds a space, which nginx logs as it is.
func administration(c client, at time.Duration) []request {
	var requests []request
	for i, login := range []string{"", `admin" or "1":guess`, "alice:wonderland", "ops team:night shift"} {
		m := get(www, "/admin/orders?state=open")
		if login != "" {
			m = m.with("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(login)))
		}
		requests = append(requests, c.send(at+time.Duration(i)*400*time.Millisecond, m))
	}
	return requests
}

// stalled begins a request and never ends it: nginx gives up with 408 in the request line, among the header fields and
// in the body, and closes without a line when nothing came at all.
func stalled(at time.Duration, c client) []request {
	var requests []request
	for i, wire := range []string{
		"GET /product/12",
		"GET /cart HTTP/1.1\r\nHost: www.shop.example\r\nUser-Agent: slow",
		"GET /user/12 HTTP/1.1\r\nHost: www.shop.example\r\nX-Forwarded-For: " + c.address + "\r\n",
		"POST /api/order HTTP/1.1\r\nHost: api.shop.example\r\nContent-Length: 400\r\n\r\n{\"id\":",
		"",
	} {
		requests = append(requests, request{at: at, source: loopback(310 + i), wire: []byte(wire)})
	}
	return requests
}

// outage is a service that is down for a few seconds while programs keep asking: 502.
func outage(r *rand.Rand, c client, at time.Duration) []request {
	var requests []request
	for range 30 {
		target := fmt.Sprintf("/legacy/%s/%d", pick(r, []string{"stock", "price", "label"}), 1+r.IntN(400))
		requests = append(requests, c.send(at+between(r, 0, 6*time.Second), get(api, target)))
	}
	return requests
}

// guessing is somebody who tries passwords faster than is allowed: 302, then 429.
func guessing(r *rand.Rand, at time.Duration) []request {
	c := client{source: loopback(320), address: "203.0.113.77", agent: "python-requests/2.31.0"}
	var requests []request
	for range 40 {
		at += between(r, 20*time.Millisecond, 300*time.Millisecond)
		body := "user=alice&password=" + strings.Repeat("*", 6+r.IntN(6))
		requests = append(requests, c.send(at, message{method: "POST", host: www, target: "/login", body: []byte(body)}))
	}
	return requests
}
