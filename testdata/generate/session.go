package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"
)

// The virtual hosts of the shop.
const (
	www    = "www.shop.example"
	api    = "api.shop.example"
	static = "static.shop.example"
)

// browse is a visit with a browser: pages with time to read between them, what each page loads, and what its scripts
// ask of the API.
func browse(r *rand.Rand, c client, start time.Duration) []request {
	var requests []request
	returning := r.IntN(3) == 0 // has the shop's files in its cache
	referer := pick(r, []string{"", "", "https://search.example/", "https://news.example/2024/05/deals?ref=shop"})
	at := start
	for page := range 1 + r.IntN(4) {
		target := pageTarget(r)
		requests = append(requests, c.send(at, get(www, target, field{"Accept", "text/html"}).with("Referer", referer)))
		referer = "https://" + www + target
		requests = append(requests, pageLoads(r, c, at, referer, page == 0, returning)...)
		if r.IntN(3) == 0 {
			requests = append(requests, scriptCalls(r, c, at)...)
		}
		at += between(r, time.Second, 9*time.Second)
	}
	return requests
}

// pageLoads is what a browser fetches for a page. The shared files come with the first page only: new to a first
// visitor, asked again with their entity tag by one who returns.
func pageLoads(r *rand.Rand, c client, at time.Duration, page string, first, returning bool) []request {
	var requests []request
	load := func(host string, a asset, cached bool) {
		m := get(host, a.path).with("Referer", page)
		if cached {
			m = m.with("If-None-Match", a.etag())
		}
		at += between(r, 5*time.Millisecond, 60*time.Millisecond)
		requests = append(requests, c.send(at, m))
	}
	at += between(r, 40*time.Millisecond, 200*time.Millisecond)
	if first {
		shared := pageAssets()
		r.Shuffle(len(shared), func(i, j int) { shared[i], shared[j] = shared[j], shared[i] })
		for _, a := range shared[:2+r.IntN(3)] {
			load(www, a, returning)
		}
		if !returning && r.IntN(2) == 0 {
			load(www, asset{"/favicon.ico", 1150}, false)
		}
	}
	for range r.IntN(3) {
		load(static, pick(r, pictures()), returning && r.IntN(2) == 0)
	}
	return requests
}

// scriptCalls is what the scripts of a page ask of the API: a preflight before a change, and a beacon.
// To another origin a browser tells only the origin of the page.
func scriptCalls(r *rand.Rand, c client, at time.Duration) []request {
	at += between(r, 300*time.Millisecond, 900*time.Millisecond)
	page := "https://" + www + "/"
	origin := field{"Origin", "https://" + www}
	m := apiMessage(r)
	m.fields = append(m.fields, origin)
	m = m.with("Referer", page)
	var requests []request
	if m.method != "GET" && m.method != "HEAD" {
		preflight := message{method: "OPTIONS", host: api, target: m.target, fields: []field{origin, {"Access-Control-Request-Method", m.method}}}
		requests = append(requests, c.send(at, preflight.with("Referer", page)))
		at += between(r, 20*time.Millisecond, 80*time.Millisecond)
	}
	beacon := message{method: "POST", host: api, target: "/api/events", fields: []field{origin}, body: jsonBody(r, 60)}
	return append(requests, c.send(at, m), c.send(at+300*time.Millisecond, beacon.with("Referer", page)))
}

// operate is a visit with the app, or by a program of a partner: calls of the API, some at the same time.
func operate(r *rand.Rand, c client, start time.Duration) []request {
	var requests []request
	at := start
	for range 3 + r.IntN(9) {
		requests = append(requests, c.send(at, apiMessage(r)))
		at += pick(r, []time.Duration{
			between(r, time.Millisecond, 10*time.Millisecond),
			between(r, 50*time.Millisecond, 400*time.Millisecond),
			between(r, time.Second, 4*time.Second),
		})
	}
	return requests
}

// crawl is a visit of a crawler: robots.txt, then pages at a steady rate, some of them only asked for their head, and
// by the price spider with the HTTP of the last century.
func crawl(r *rand.Rand, c client, start time.Duration) []request {
	protocol := ""
	if strings.Contains(c.agent, "Spider") {
		protocol = "HTTP/1.0"
	}
	targets := []string{"/robots.txt", "/sitemap.xml"}
	for range 4 + r.IntN(10) {
		targets = append(targets, pageTarget(r))
	}
	var requests []request
	for i, target := range targets {
		m := get(www, target)
		m.protocol = protocol
		if r.IntN(4) == 0 {
			m.method = "HEAD"
		}
		requests = append(requests, c.send(start+time.Duration(i)*700*time.Millisecond, m))
	}
	return requests
}

// pageTarget is a page of the shop: the front page and products more often than the rest.
func pageTarget(r *rand.Rand) string {
	switch n := r.IntN(30); n {
	case 0, 1, 2:
		return "/"
	case 3, 4, 5, 6:
		return "/product/" + hexadecimal(r, 10)
	case 7:
		return fmt.Sprintf("/product/%s/reviews?page=%d", hexadecimal(r, 10), 1+r.IntN(5))
	case 8, 9, 10:
		return fmt.Sprintf("/category/%s?page=%d&sort=%s", pick(r, words()), 1+r.IntN(9), pick(r, []string{"price", "new", "-rating"}))
	case 11, 12:
		return fmt.Sprintf("/blog/%d/%02d/%s-%s-%s", 2022+r.IntN(3), 1+r.IntN(12), pick(r, words()), pick(r, words()), pick(r, words()))
	case 13:
		return "/blog/"
	case 14, 15:
		return fmt.Sprintf("/user/%d", 1+r.IntN(900))
	case 16, 17:
		return fmt.Sprintf("/user/%d/orders", 1+r.IntN(900))
	case 18:
		return fmt.Sprintf("/user/%d/orders/%d", 1+r.IntN(900), 40000+r.IntN(9999))
	case 19, 20, 21:
		return "/search?q=" + url.QueryEscape(pick(r, searches()))
	case 22:
		return "/cart"
	case 23:
		return "/checkout/" + uuid(r)
	case 24:
		return "/wishlist/" + uuid(r) + "?share=1"
	case 25:
		return "/help/" + pick(r, []string{"returns-and-refunds", "shipping-costs", "size-guide", "gift-cards"})
	case 26:
		return "/stores/" + pick(r, []string{"berlin", "s%C3%A3o-paulo", "k%C3%B6ln", "%E6%9D%B1%E4%BA%AC", "new%20york"})
	case 27:
		return fmt.Sprintf("/invoice/2024-%06d.pdf", r.IntN(400000))
	case 28:
		return pick(r, []string{"/shop/", "/old/" + pick(r, words()) + ".html", fmt.Sprintf("/go/%d", r.IntN(500)), "/logout"})
	}
	return fmt.Sprintf("/compare?ids=%d,%d,%d", r.IntN(999), r.IntN(999), r.IntN(999))
}

// apiMessage is a call of the API.
func apiMessage(r *rand.Rand) message {
	call := func(method, target string) message {
		m := message{method: method, host: api, target: target}
		if method == "POST" || method == "PUT" || method == "PATCH" {
			m.fields = []field{{"Content-Type", "application/json"}}
			m.body = jsonBody(r, 40+r.IntN(400))
		}
		return m
	}
	switch n := r.IntN(32); n {
	case 0, 1, 2, 3, 4:
		return call("GET", fmt.Sprintf("/api/v1/items?limit=%d&offset=%d", pick(r, []int{10, 20, 50}), 10*r.IntN(40)))
	case 5, 6, 7:
		return call("GET", fmt.Sprintf("/api/v1/items/%d", 1+r.IntN(5000)))
	case 8, 9, 10, 11:
		return call("GET", fmt.Sprintf("/api/user/%d", 1+r.IntN(900)))
	case 12, 13, 14:
		return call("POST", "/api/order")
	case 15:
		return call("GET", fmt.Sprintf("/api/order/%d", 40000+r.IntN(9999)))
	case 16, 17:
		return call("PUT", "/api/config/"+pick(r, []string{"theme", "language", "newsletter", "currency"}))
	case 18:
		return call("PATCH", fmt.Sprintf("/api/user/%d/settings", 1+r.IntN(900)))
	case 19, 20:
		return call("POST", "/api/cart/"+uuid(r)+"/items")
	case 21:
		return call("DELETE", fmt.Sprintf("/api/cart/%s/items/%d", uuid(r), 1+r.IntN(20)))
	case 22:
		return call("DELETE", "/api/session/"+uuid(r))
	case 23, 24:
		return call("GET", fmt.Sprintf("/api/v1/stock/%d?store=%d", 1+r.IntN(5000), r.IntN(30)))
	case 25:
		return call("GET", fmt.Sprintf("/api/v1/recommend/%d?n=6", 1+r.IntN(900)))
	case 26:
		return call("POST", "/api/session")
	case 27:
		return call("GET", "/api/v1/suggest?q="+url.QueryEscape(prefix(pick(r, searches()), 2))+"&lang="+pick(r, []string{"en", "de", "pt-BR"}))
	case 28:
		return call("POST", "/api/job")
	case 29:
		return call("HEAD", fmt.Sprintf("/api/v1/items/%d", 1+r.IntN(5000)))
	case 30:
		return call("GET", fmt.Sprintf("/api/private/%s", uuid(r)))
	}
	return call("GET", fmt.Sprintf("/api/v1/prices?ids=%d,%d&currency=EUR", r.IntN(999), r.IntN(999)))
}

// words are what slugs and categories are made of.
func words() []string {
	return []string{"shoes", "jackets", "summer", "vintage", "linen", "care", "guide", "wool", "outdoor", "denim", "new", "color"}
}

// searches are what people look for, in the scripts they write.
func searches() []string {
	return []string{"red shoes", "größe 42", "çay bardağı", "куртка", "東京 tシャツ", "50% off", "rock & roll", "naïve+art", "jeans", "بنطلون", "a/b?c=d#e"}
}

// hexadecimal returns n random hexadecimal digits.
func hexadecimal(r *rand.Rand, n int) string { return fmt.Sprintf("%016x", r.Uint64())[:n] }

// uuid returns a random (version 4) UUID.
func uuid(r *rand.Rand) string {
	high, low := r.Uint64(), r.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", high>>32, high>>16&0xffff, high&0xfff, 0x8000|low>>48&0x3fff, low&0xffffffffffff)
}

// jsonBody returns a JSON object of about n bytes.
func jsonBody(r *rand.Rand, n int) []byte {
	return fmt.Appendf(nil, `{"id":%d,"note":"%s"}`, r.IntN(100000), strings.Repeat("x", max(0, n-22)))
}

// prefix returns the first n characters of text.
func prefix(text string, n int) string { return string([]rune(text)[:n]) }
