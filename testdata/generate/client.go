package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"
)

// client is somebody who comes back: always the same address, user agent and cookie.
type client struct {
	source  netip.Addr // where the connection comes from
	address string     // what the load balancer says in X-Forwarded-For; empty: it does not say
	agent   string
	cookie  string
	visit   session // what this client does when it comes
}

// session is a visit that begins at start, as a list of requests.
type session func(r *rand.Rand, c client, start time.Duration) []request

// send is the request of this client that carries m at the given time.
func (c client) send(at time.Duration, m message) request {
	m = m.with("X-Forwarded-For", c.address).with("User-Agent", c.agent).with("Cookie", c.cookie)
	return request{at: at, source: c.source, wire: m.wire()}
}

// clients returns the n people, programs and crawlers the shop knows.
func clients(r *rand.Rand, n int) []client {
	list := make([]client, n)
	for i := range list {
		c := client{source: loopback(10 + i), address: documentationAddress(i), agent: pick(r, browserAgents()), visit: browse}
		switch {
		case i%10 < 6:
			c.cookie = fmt.Sprintf("sid=%016x", r.Uint64())
		case i%10 < 9:
			c.agent, c.visit = pick(r, appAgents()), operate
		default:
			c.agent, c.visit = pick(r, crawlerAgents()), crawl
		}
		list[i] = c
	}
	return list
}

// loopback is the nth address of the loopback network.
func loopback(n int) netip.Addr { return netip.AddrFrom4([4]byte{127, 0, byte(n >> 8), byte(n)}) }

// documentationAddress is the nth address of the networks reserved for examples: all three of IPv4, and every fifth
// client has IPv6.
func documentationAddress(n int) string {
	if n%5 == 4 {
		return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 0, byte(n / 32), 0, 0, 0, 0, 0, 0, 0, 0, byte(n), byte(n * 7)}).String()
	}
	network := [][4]byte{{192, 0, 2}, {198, 51, 100}, {203, 0, 113}}[n%3]
	network[3] = byte(1 + n)
	return netip.AddrFrom4(network).String()
}

func browserAgents() []string {
	return []string{
		"Mozilla/5.0 (Windows NT 10.0) Chrome/124.0",
		"Mozilla/5.0 (Windows NT 10.0) Firefox/125.0",
		"Mozilla/5.0 (Macintosh; OS X) Safari/605.1",
		"Mozilla/5.0 (X11; Linux) Firefox/125.0",
		"Mozilla/5.0 (iPhone; OS 17_4) Safari/604.1",
		"Mozilla/5.0 (Android 14; Pixel 8) Chrome/124.0",
	}
}

func appAgents() []string {
	return []string{
		"ShopApp/5.2.1 (iOS 17.4)", "ShopApp/5.2.0 (Android 14)", "okhttp/4.12.0",
		"python-requests/2.31.0", "Go-http-client/1.1", "axios/1.6.8",
	}
}

func crawlerAgents() []string {
	return []string{
		"Mozilla/5.0 (compatible; SearchBot/2.1; +http://bot.example)",
		"FeedFetcher/1.0 (+https://feeds.example/about)",
		"Mozilla/5.0 (compatible; PriceSpider/0.9)",
	}
}

// pick returns one of the choices.
func pick[T any](r *rand.Rand, choices []T) T { return choices[r.IntN(len(choices))] }

// between returns a duration from low up to high.
func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low)))
}
