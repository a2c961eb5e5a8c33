//go:build linux

package main

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A tool is one contender and how it is called.
type tool struct {
	name    string
	program string // looked up on PATH, after the bench's own folder of tools
	args    []string
	exact   bool   // it sends the workload's requests, each when it is due; else an even beat of requests
	ours    bool   // ngxreplay
	base    string // the tool whose CPU its own is divided by
}

// exitCodes are those with which a tool may end beside 0: ngxreplay has no verdict (4) when it was late, which is what the
// bench is there to find out.
func (t tool) exitCodes() []int {
	if t.ours {
		return []int{4}
	}
	return nil
}

// A job is what all tools are asked to do.
type job struct {
	url         string
	connections int
	seconds     int
	rate        float64 // of timed jobs
	work        *workload
	in          inputs
}

func (j job) duration() string { return strconv.Itoa(j.seconds) + "s" }

func (j job) c() string { return fmt.Sprint(j.connections) }

func (j job) port() string {
	u, err := url.Parse(j.url)
	if err != nil {
		return ""
	}
	return u.Port()
}

// The tools that others are compared with, flat out and timed.
const (
	wrkName   = "wrk, one URL"
	floorName = "floor"
)

// flatOut are the tools that send as fast as they can: each different request of a file once, or one for some seconds.
func flatOut(j job, program string) []tool {
	perConnection := fmt.Sprint(max(1, len(j.work.paths)/j.connections))
	return []tool{
		{name: "ngxreplay", program: program, ours: true, args: []string{"run", j.work.trace, "--target", j.url, "--pace", "max", "--connections", j.c(), "--json"}},
		{name: wrkName, program: "wrk", args: []string{"-t1", "-c" + j.c(), "-d" + j.duration(), j.url}},
		{name: "wrk, Lua file", program: "wrk", args: []string{"-t1", "-c" + j.c(), "-d" + j.duration(), "-s", j.in.lua, j.url}},
		{name: "floor, file", program: "floor", args: []string{j.port(), j.c(), j.in.targets}},
		{name: "httperf, file", program: "httperf", args: []string{"--hog", "--server", "127.0.0.1", "--port", j.port(), "--wlog", "n," + j.in.wlog,
			"--rate", "10000", "--num-conns", j.c(), "--num-calls", perConnection}},
		{name: "h2load, one URL", program: "h2load", args: []string{"--h1", "-t1", "-c" + j.c(), "-D" + j.duration(), j.url}},
		{name: "fortio, one URL", program: "fortio", args: []string{"load", "-qps", "0", "-c", j.c(), "-t", j.duration(), "-loglevel", "Error", j.url}},
		{name: "hey, one URL", program: "hey", args: []string{"-c", j.c(), "-z", j.duration(), j.url}},
		{name: "k6, one URL", program: "k6", args: []string{"run", "--quiet", "--no-usage-report", "--vus", j.c(), "--duration", j.duration(), j.in.k6}},
		{name: "wrk2, one URL", program: "wrk2", args: []string{"-t1", "-c" + j.c(), "-d" + j.duration(), "-R1000000", j.url}},
		{name: "bombardier, one URL", program: "bombardier", args: []string{"-c", j.c(), "-d", j.duration(), "-o", "plain-text", j.url}},
		{name: "vegeta, file", program: "vegeta", args: []string{"attack", "-targets", j.in.vegeta, "-rate", "0", "-max-workers", j.c(), "-connections", j.c(),
			"-duration", j.duration(), "-output", "/dev/null"}},
		{name: "GoReplay, file", program: "gor", args: []string{"--input-file", j.in.gor + "|100000%", "--output-http", j.url, "--output-http-workers", j.c(),
			"--exit-after", j.duration()}},
	}
}

// timed are the tools that send at a rate. Those that are not exact have the easier task: an even beat, of one request.
func timed(j job, program string, slacks []time.Duration) []tool {
	each := text(j.rate / float64(j.connections)) // a second, of one connection
	tools := []tool{}
	for _, slack := range slacks {
		args := []string{"run", j.work.trace, "--target", j.url, "--connections", j.c(), "--json"}
		if slack != noSlack {
			args = append(args, "--slack", slack.String())
		}
		tools = append(tools, tool{name: "ngxreplay" + slackName(slack), program: program, args: args, exact: true, ours: true, base: floorName + slackName(slack)})
	}
	for _, slack := range slacks {
		args := []string{j.port(), j.c(), j.in.targets, j.in.schedule}
		if slack != noSlack {
			args = append(args, fmt.Sprint(slack.Nanoseconds()))
		}
		tools = append(tools, tool{name: floorName + slackName(slack), program: "floor", args: args, exact: true, base: floorName + slackName(slack)})
	}
	rate, base := text(j.rate), floorName+slackName(slacks[0])
	return append(tools, []tool{
		{name: "fortio", base: base, program: "fortio", args: []string{"load", "-qps", rate, "-uniform", "-c", j.c(), "-t", j.duration(), "-loglevel", "Error", j.url}},
		{name: "hey", base: base, program: "hey", args: []string{"-c", j.c(), "-q", each, "-z", j.duration(), j.url}},
		{name: "h2load", base: base, program: "h2load", args: []string{"--h1", "-t1", "-c" + j.c(), "--rps", each, "-D" + j.duration(), j.url}},
		{name: "wrk2", base: base, program: "wrk2", args: []string{"-t1", "-c" + j.c(), "-d" + j.duration(), "-R" + rate, j.url}},
		{name: "vegeta", base: base, program: "vegeta", args: []string{"attack", "-targets", j.in.vegeta, "-rate", rate, "-max-workers", j.c(), "-connections", j.c(),
			"-duration", j.duration(), "-output", "/dev/null"}},
		{name: "bombardier", base: base, program: "bombardier", args: []string{"-c", j.c(), "-d", j.duration(), "-r", rate, "-o", "plain-text", j.url}},
	}...)
}

// noSlack stands for an engine that has no --slack.
const noSlack = time.Duration(-1)

func slackName(slack time.Duration) string {
	if slack == noSlack {
		return ""
	}
	return ", slack " + slack.String()
}

// slacks are those to measure, by what `run --help` lists.
func slacks(help []byte) []time.Duration {
	if !strings.Contains(string(help), "--slack") {
		return []time.Duration{noSlack}
	}
	return []time.Duration{0, 500 * time.Microsecond, time.Millisecond}
}
