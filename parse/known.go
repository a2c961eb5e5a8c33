package parse

import (
	"slices"
	"sync"
)

const (
	common   = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent`
	combined = common + ` "$http_referer" "$http_user_agent"`
	main     = combined + ` "$http_x_forwarded_for"`

	ingressUpstream = ` $upstream_addr $upstream_response_length $upstream_response_time $upstream_status`
)

// definitions are the formats that are found without being told, the most usual first: where two fit a log equally
// well, the first one is taken. One whose lines also fit a looser format stands before that.
var definitions = []struct {
	name, format string
	escape       Escape
}{
	{"combined", combined, EscapeDefault},
	{"main", main, EscapeDefault},
	{"common", common, EscapeDefault},
	{"combined_time", combined + ` $request_time`, EscapeDefault},
	{"combined_times", combined + ` $request_time $upstream_response_time`, EscapeDefault},
	{"combined_upstream", combined + ` $upstream_response_time`, EscapeDefault},
	{"combined_msec", combined + ` $msec`, EscapeDefault},
	{"combined_msec_time", combined + ` $msec $request_time`, EscapeDefault},
	{"combined_time_msec", combined + ` $request_time $msec`, EscapeDefault},
	{"timed_combined", combined + ` $request_time $upstream_response_time $pipe`, EscapeDefault},
	{"main_time", main + ` $request_time`, EscapeDefault},
	{"main_times", main + ` $request_time $upstream_response_time`, EscapeDefault},
	{"main_upstream", main + ` $upstream_response_time`, EscapeDefault},
	{"main_host", main + ` "$host"`, EscapeDefault},
	{"main_rt", main + ` rt=$request_time uct="$upstream_connect_time" uht="$upstream_header_time" urt="$upstream_response_time"`, EscapeDefault},
	{"combined_rt", combined + ` rt=$request_time uct="$upstream_connect_time" uht="$upstream_header_time" urt="$upstream_response_time"`, EscapeDefault},
	{"main_ext", main + ` "$host" sn="$server_name" rt=$request_time ua="$upstream_addr" us="$upstream_status" ut="$upstream_response_time" ul="$upstream_response_length" cs=$upstream_cache_status`, EscapeDefault},
	{"timed", combined + ` $msec $request_time $host $request_length`, EscapeDefault},
	{"vhost_combined", `$host:$server_port ` + combined, EscapeDefault},
	{"host_combined", `$host ` + combined, EscapeDefault},
	{"upstreaminfo", combined + ` $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name]` + ingressUpstream + ` $req_id`, EscapeDefault},
	{"upstreaminfo_0.9", `$the_real_ip - [$the_real_ip] - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name]` + ingressUpstream + ` $req_id`, EscapeDefault},
	{"upstreaminfo_0.20", combined + ` $request_length $request_time [$proxy_upstream_name]` + ingressUpstream + ` $req_id`, EscapeDefault},
	{"nginx_proxy_manager", `[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] [Sent-to $server] "$http_user_agent" "$http_referer"`, EscapeDefault},
	{"nginx_proxy_manager_standard", `[$time_local] $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] "$http_user_agent" "$http_referer"`, EscapeDefault},
	{"json", `{"time":"$time_local","host":"$remote_addr","forwardedfor":"$http_x_forwarded_for","req":"$request","status":"$status","method":"$request_method","uri":"$request_uri","body_bytes":$body_bytes_sent,"referer":"$http_referer","ua":"$http_user_agent","request_time":"$request_time","cache":"$upstream_http_x_cache","runtime":"$upstream_http_x_runtime","response_time":"$upstream_response_time","vhost":"$host"}`, EscapeJSON},
	{"ltsv", "time:$time_local\thost:$remote_addr\tforwardedfor:$http_x_forwarded_for\treq:$request\tstatus:$status\tmethod:$request_method\turi:$request_uri\tsize:$body_bytes_sent\treferer:$http_referer\tua:$http_user_agent\treqtime:$request_time\tcache:$upstream_http_x_cache\truntime:$upstream_http_x_runtime\tapptime:$upstream_response_time\tvhost:$host", EscapeDefault},
}

// knownFormats compiles the definitions once, when they are first asked for.
var knownFormats = sync.OnceValue(func() []*Format {
	formats := make([]*Format, len(definitions))
	for i, d := range definitions {
		formats[i] = mustCompile(d.name, d.format, d.escape)
	}
	return formats
})

// KnownFormats are the formats with a name, the most usual first. Logs in any JSON or LTSV format are recognised
// beside them, by their keys.
func KnownFormats() []*Format { return slices.Clone(knownFormats()) }

// Lookup finds a known format by its name.
func Lookup(name string) (*Format, bool) {
	for _, f := range knownFormats() {
		if f.name == name {
			return f, true
		}
	}
	return nil, false
}
