package main

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// The size of the plan. What visits do not fill is trouble, scanners, crowds and health checks.
const (
	active      = 122 * time.Second // without the lulls
	population  = 200
	visited     = 5550 // requests of ordinary visits
	scannerRuns = 5
)

// lull is a time in which nobody comes, as at night or when something before nginx is broken.
type lull struct{ at, length time.Duration }

// lulls are the pauses, by when they begin in active time.
func lulls() []lull {
	return []lull{{19 * time.Second, 5 * time.Second}, {58 * time.Second, 4 * time.Second}, {95 * time.Second, 6 * time.Second}}
}

// newPlan plans the whole traffic in the order it is sent.
func newPlan(r *rand.Rand) []request {
	people := clients(r, population)
	plan := visits(r, people, visited)
	plan = append(plan, crowd(r, people, 340, 41*time.Second, 700*time.Millisecond)...)
	plan = append(plan, crowd(r, people, 400, 81*time.Second, 600*time.Millisecond)...)
	plan = append(plan, healthChecks()...)
	plan = append(plan, trouble(r, active)...)
	for i := range scannerRuns {
		plan = append(plan, scan(r, time.Duration(i)*active/scannerRuns+2*time.Second)...)
	}
	for i := range plan {
		plan[i].at = withLulls(plan[i].at, lulls())
	}
	slices.SortStableFunc(plan, func(a, b request) int { return cmp.Compare(a.at, b.at) })
	return plan
}

// visits fills the active time with visits until they hold the wanted number of requests. Some clients come often, most
// seldom; more come in the middle than at the edges.
func visits(r *rand.Rand, people []client, wanted int) []request {
	var plan []request
	for len(plan) < wanted {
		c := people[int(float64(len(people))*math.Pow(r.Float64(), 1.7))]
		start := time.Duration(r.Float64() * float64(active))
		if r.Float64() > tide(start) {
			continue
		}
		for _, request := range c.visit(r, c, start) {
			if request.at < active {
				plan = append(plan, request)
			}
		}
	}
	return plan
}

// tide is how busy a time is, between 0.3 and 1: a day of traffic squeezed into the active time.
func tide(at time.Duration) float64 {
	return 0.65 - 0.35*math.Cos(2*math.Pi*float64(at)/float64(active))
}

// crowd is n people who follow one message at once.
func crowd(r *rand.Rand, people []client, n int, at, length time.Duration) []request {
	var plan []request
	for i := range n {
		c := people[r.IntN(len(people))]
		m := get(www, fmt.Sprintf("/sale/flash-%d?utm_source=push&utm_campaign=may", 1+i%3))
		if i%4 == 3 {
			m = apiMessage(r)
		}
		plan = append(plan, c.send(at+between(r, 0, length), m))
	}
	return plan
}

// healthChecks are those of two load balancers, which use different hosts and methods.
func healthChecks() []request {
	first := client{source: loopback(2), address: "10.0.0.2", agent: "ELB-HealthChecker/2.0"}
	second := client{source: loopback(3), address: "10.0.0.3", agent: "kube-probe/1.29"}
	var plan []request
	for at := time.Duration(0); at < active; at += 3 * time.Second {
		plan = append(plan, first.send(at, get("10.0.0.9", "/health")))
		plan = append(plan, second.send(at+1100*time.Millisecond, message{method: "HEAD", host: api, target: "/health"}))
	}
	return plan
}

// withLulls turns active time into the time of the run: everything after the beginning of a lull waits for its end.
func withLulls(at time.Duration, pauses []lull) time.Duration {
	shifted := at
	for _, pause := range pauses {
		if at >= pause.at {
			shifted += pause.length
		}
	}
	return shifted
}
