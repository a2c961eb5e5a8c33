package report

import (
	"math"
	"time"

	"ngxreplay/parse"
	"ngxreplay/replay"
	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire"
)

// hostile are texts that a log or a target may hold.
const (
	hostileRoute = "/search/<script>alert(1)</script>?q=\"'&\x1b[31mred\x1b[0m\nnext"
	hostileError = "read: \x1b]0;owned\a\u202egnp.exe<img src=x onerror=alert(1)>"
	hostileFile  = "/logs/\"><script>alert(2)</script>\u2066.gz"
)

const us, ms = int64(time.Microsecond), int64(time.Millisecond)

// sampleRun is a run against three targets: one fine, one with failures and lag, one that died.
func sampleRun() *Run {
	return &Run{
		Schema:      Schema,
		Tool:        Tool{Name: "ngxreplay", Version: "v0.1.0", Go: "go1.26.0"},
		Environment: Environment{Hash: "8c1d22f09a6b44e1", OS: "linux", Kernel: "6.12.9", Arch: "amd64", CPU: "AMD EPYC 7B13", CPUs: 4, Memory: 16 << 30, Hostname: "bench-1"},
		Config: Config{
			Started: time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC), Inputs: []string{"access.log", hostileFile},
			Targets: []string{"gin", "chi", "echo"}, Speed: 2, Seed: 1, Spread: trace.Poisson,
			Filter: trace.Filter{SkipNoise: true, Methods: []string{"GET", "POST"}}, Connections: 64, MaxInFlight: 10000,
			Results: true, HashBodies: true, TimeoutNS: 30e9, Header: []wire.Header{{Name: "X-Replay", Value: "<b>1</b>"}},
		},
		Trace: Trace{
			SHA256: "3f9a1c2b7d10e5f6a7b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4", Requests: 120_000, SpanNS: 120e9,
			PrecisionNS: 1e9, StartNS: time.Date(2026, 11, 19, 17, 0, 0, 0, time.UTC).UnixNano(),
			Methods: map[string]int64{"GET": 100_000, "POST": 20_000},
			Sources: []trace.Source{
				{Name: "access.log", Format: `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`,
					FormatName: "combined", Escape: "default", PrecisionNS: 1e9, Lines: 100_000, Entries: 99_960, Malformed: 38},
				{Name: hostileFile, Format: `{"t":"$msec","r":"$request","s":$status,"rt":$request_time}`,
					FormatName: "json", Escape: "json", PrecisionNS: 1e6, HasRequestTime: true, Lines: 20_450, Entries: 20_440, Malformed: 10},
			},
		},
		Ledger: trace.Ledger{
			Lines: 120_450, Entries: 120_400, Malformed: 48, Blank: 2, Requests: 120_000,
			Filtered: map[trace.Rule]int64{trace.ByNoise: 300, trace.ByMethod: 50}, Unreplayable: map[parse.Reason]int64{parse.TLS: 30, parse.Dash: 20},
		},
		Targets:     []Target{fineTarget(), slowTarget(), deadTarget()},
		Assertions:  []Assertion{{Expr: "response.p99 < 50ms", Verdict: Fail, Text: "chi: 61.2 ms"}, {Expr: "failed < 1%", Verdict: Pass}},
		Comparisons: []Comparison{{Base: "gin", Target: "chi", Metric: "response p99", Ratio: 1.28}},
		Verdict:     Fail,
		Notes:       []string{"arrivals of access.log are known to the second only: requests are spread inside it (poisson)"},
	}
}

func sampleLatency(p50 int64) Latency {
	return Latency{Min: p50 / 2, Mean: p50 * 5 / 4, P50: p50, P90: p50 * 2, P95: p50 * 3, P99: p50 * 9, P999: p50 * 40, Max: p50 * 210}
}

func sampleStatistics(count int64, p50 int64) Statistics {
	return Statistics{
		Count: count, Rate: float64(count) / 60, Response: sampleLatency(p50), Service: sampleLatency(p50 - 12*us),
		Bytes: count * 2131, Status: map[int]int64{200: count - count/20, 404: count / 20},
	}
}

func sampleRoutes(p50 int64) []Part {
	var parts []Part
	left := int64(120_000)
	for i, name := range []string{"/api/items", "/api/user/:id", "/", hostileRoute, "/api/order", "/static/*path", "/login", "/metrics",
		"/a/very/long/route/that/nobody/would/type/:by/hand/but/some/generator/does/:anyway", "/rare"} {
		left /= 2
		n := left
		if name == "/rare" {
			n = 7
		}
		parts = append(parts, Part{Name: name, Statistics: sampleStatistics(n, p50+int64(i)*17*us)})
	}
	return parts
}

func sampleWindows(n int, p50, lost int64) []Window {
	var list []Window
	for i := range n {
		count := int64(2000 + 700*math.Sin(float64(i)/7))
		list = append(list, Window{
			Second: i, Sent: count, Responses: count - lost, Failed: lost, Bytes: count * 2131,
			P50: p50, P99: p50 * int64(8+i%5), Max: p50 * 30,
		})
	}
	return list
}

func fineTarget() Target {
	t := Target{
		Name: "gin", Framework: "gin", Version: "v1.12.0", URL: "http://127.0.0.1:41001",
		Ledger:   replay.Ledger{Requests: 120_000, Scheduled: 120_000, Sent: 120_000, Responses: 120_000},
		Fidelity: Fidelity{Lag: sampleLatency(48 * us), Late: 3, RateError: 0.0004, Verdict: replay.Faithful, Reasons: []string{}},
		Overall:  sampleStatistics(120_000, 182*us), FirstByte: sampleLatency(150 * us), AsLogged: AsLogged{Status: 120_000, Size: 119_990, Sized: 120_000},
		Routes: sampleRoutes(182 * us), Windows: sampleWindows(61, 182*us, 0), ElapsedNS: 60_040 * ms, Errors: Errors{},
		Resources: &Resources{CPUNS: 2_460 * ms, CPUPerRequestNS: 20_500, PeakRSS: 31 << 20, GCPauseP99NS: 212 * us, GCPauses: 41},
	}
	t.Bodies = &Bodies{Hashed: 119_200}
	t.Methods = []Part{{Name: "GET", Statistics: sampleStatistics(100_000, 181*us)}, {Name: "POST", Statistics: sampleStatistics(20_000, 190*us)}}
	return t
}

func slowTarget() Target {
	t := Target{
		Name: "staging", Framework: "chi", Version: "v5.5.0", URL: "https://staging.example/?a=1&b=<2>",
		Ledger: replay.Ledger{Requests: 120_000, Scheduled: 120_000, Sent: 119_400, Dropped: 600, Responses: 119_388, Failed: 12},
		Fidelity: Fidelity{Lag: sampleLatency(900 * us), Late: 4031, RateError: 0.0121, Queued: 5120, Deepest: 77, Verdict: replay.Degraded, Reasons: []string{
			"lag p99 is 8.1ms, more than 5ms; 4031 requests left over 1ms late",
			"600 requests dropped: too many in flight (--max-in-flight)",
			"5120 requests waited for a free connection, up to 77 at once: the target is slower than the traffic, or --connections too few"}},
		Overall: sampleStatistics(119_388, 196*us), FirstByte: sampleLatency(160 * us), FailedIn: sampleLatency(30_000 * ms),
		AsLogged: AsLogged{Status: 119_000, Size: 90_112, Sized: 119_700}, Routes: sampleRoutes(196 * us), Windows: sampleWindows(61, 233*us, 2),
		ElapsedNS: 60_200 * ms,
		Errors: Errors{
			wire.Timeout: {Count: 10, Examples: []string{"read tcp 127.0.0.1:55012->10.0.0.7:443: i/o timeout"}},
			wire.Reset:   {Count: 2, Examples: []string{hostileError, "second"}},
		},
	}
	t.Bodies = &Bodies{Hashed: 118_603, Base: "gin", Compared: 118_590, Differ: 1204}
	t.Overall.Failed = 12
	t.Overall.Status[502] = 8
	t.Methods = []Part{{Name: "GET", Statistics: sampleStatistics(99_400, 195*us)}, {Name: "POST", Statistics: sampleStatistics(19_988, 201*us)}}
	return t
}

func deadTarget() Target {
	return Target{
		Name: "echo", Framework: "echo", Version: "v4.16.0", URL: "http://127.0.0.1:41003",
		Ledger:   replay.Ledger{Requests: 120_000, Scheduled: 120_000, Sent: 9_000, Abandoned: 111_000, Responses: 6_400, Failed: 2_600},
		Fidelity: Fidelity{Verdict: replay.Unfaithful, Reasons: []string{"111000 requests abandoned: the replay was stopped"}},
		Overall:  sampleStatistics(6_400, 150*us), Routes: sampleRoutes(150 * us)[:1], Windows: sampleWindows(4, 150*us, 900),
		Methods: []Part{{Name: "GET", Statistics: sampleStatistics(6_400, 150*us)}},
		Trouble: "died after 3.2s (signal: killed)", ElapsedNS: 4_100 * ms,
		Resources: &Resources{CPUNS: 130 * ms, CPUPerRequestNS: 20_300, PeakRSS: 900 << 20, GCPauseP99NS: -1},
		Errors:    Errors{wire.Refused: {Count: 2_600, Examples: []string{"dial tcp 127.0.0.1:41003: connect: connection refused"}}},
	}
}
