package trace

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ngxreplay/replay/route"

	"github.com/bmatcuk/doublestar/v4"
)

// A Filter is what the user wants of the traffic. The zero value keeps everything.
type Filter struct {
	Methods   []string `json:"methods,omitempty"`    // keep these only
	Statuses  []string `json:"statuses,omitempty"`   // keep these only: "200", or "2xx"
	Paths     []string `json:"paths,omitempty"`      // keep paths that match one of these globs; ** crosses slashes
	Excludes  []string `json:"excludes,omitempty"`   // drop paths that match one of these globs
	SkipNoise bool     `json:"skip_noise,omitempty"` // drop health checks, favicons and static files
}

func (f *Filter) isZero() bool {
	return !f.SkipNoise && len(f.Methods)+len(f.Statuses)+len(f.Paths)+len(f.Excludes) == 0
}

// A Rule is the part of a filter that excluded a request.
type Rule string

const (
	ByMethod  Rule = "method"
	ByStatus  Rule = "status"
	ByPath    Rule = "path"
	ByExclude Rule = "exclude"
	ByNoise   Rule = "noise"
	ByLimit   Rule = "limit"
)

// Validate joins everything that is wrong with f.
func (f *Filter) Validate() error {
	var errs []error
	for _, s := range f.Statuses {
		if !isStatus(s) {
			errs = append(errs, fmt.Errorf("status %q: want a number as 404, or a class as 4xx", s))
		}
	}
	for _, glob := range slices.Concat(f.Paths, f.Excludes) {
		if !doublestar.ValidatePattern(glob) {
			errs = append(errs, fmt.Errorf("path glob %q: not a valid pattern (try /api/**)", glob))
		}
	}
	for _, m := range f.Methods {
		if m == "" || strings.ContainsAny(m, " /") {
			errs = append(errs, fmt.Errorf("method %q: want a method as GET", m))
		}
	}
	return errors.Join(errs...)
}

func isStatus(s string) bool {
	if len(s) != 3 || s[0] < '0' || s[0] > '9' {
		return false
	}
	if strings.EqualFold(s[1:], "xx") {
		return s[0] <= '5'
	}
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

// Exclude returns the rule that excludes r, or "" when r stays.
func (f *Filter) Exclude(r *Request) Rule {
	if len(f.Methods) > 0 && !slices.ContainsFunc(f.Methods, func(m string) bool { return strings.EqualFold(m, string(r.Method)) }) {
		return ByMethod
	}
	if len(f.Statuses) > 0 && !slices.ContainsFunc(f.Statuses, func(s string) bool { return matchStatus(s, r.Status) }) {
		return ByStatus
	}
	if len(f.Paths)+len(f.Excludes) > 0 {
		path := string(route.Path(r.Target))
		matches := func(glob string) bool { return doublestar.MatchUnvalidated(glob, path) }
		if len(f.Paths) > 0 && !slices.ContainsFunc(f.Paths, matches) {
			return ByPath
		}
		if slices.ContainsFunc(f.Excludes, matches) {
			return ByExclude
		}
	}
	if f.SkipNoise && isNoise(route.Path(r.Target), r.UserAgent) {
		return ByNoise
	}
	return ""
}

func matchStatus(want string, status int32) bool {
	if strings.EqualFold(want[1:], "xx") {
		return status/100 == int32(want[0]-'0')
	}
	n, _ := strconv.Atoi(want) // validated
	return status == int32(n)
}

// The probes and files that users call noise: they come from machines or caches and say little about an application.
var (
	noisePaths = [][]byte{
		[]byte("/favicon.ico"), []byte("/robots.txt"), []byte("/health"), []byte("/healthz"), []byte("/healthcheck"),
		[]byte("/livez"), []byte("/readyz"), []byte("/ready"), []byte("/live"), []byte("/ping"), []byte("/nginx_status"),
		[]byte("/_health"), []byte("/-/healthy"), []byte("/-/ready"), []byte("/metrics"),
	}
	noiseAgents = [][]byte{
		[]byte("kube-probe/"), []byte("ELB-HealthChecker/"), []byte("GoogleHC/"), []byte("HAProxy"),
		[]byte("Consul Health Check"), []byte("UptimeRobot"), []byte("Prometheus/"),
	}
	noiseExtensions = [][]byte{
		[]byte(".css"), []byte(".js"), []byte(".mjs"), []byte(".map"), []byte(".png"), []byte(".jpg"), []byte(".jpeg"),
		[]byte(".gif"), []byte(".svg"), []byte(".webp"), []byte(".avif"), []byte(".ico"), []byte(".woff"),
		[]byte(".woff2"), []byte(".ttf"), []byte(".otf"), []byte(".eot"), []byte(".mp4"), []byte(".webm"),
	}
)

func isNoise(path, agent []byte) bool {
	if trimmed := bytes.TrimSuffix(path, []byte("/")); containsBytes(noisePaths, trimmed, bytes.Equal) {
		return true
	}
	return containsBytes(noiseAgents, agent, bytes.HasPrefix) || containsBytes(noiseExtensions, path, bytes.HasSuffix)
}

func containsBytes(list [][]byte, b []byte, match func(b, item []byte) bool) bool {
	return slices.ContainsFunc(list, func(item []byte) bool { return match(b, item) })
}
