package parse

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

// synonyms are the names that people give to nginx variables as JSON keys and LTSV labels, in lower case with
// underscores. The name of the variable itself always works.
var synonyms = map[string]string{
	"time": "time_local", "timestamp": "time_local", "@timestamp": "time_local", "ts": "time_local", "date": "time_local",
	"datetime": "time_local", "time_iso": "time_local", "timelocal": "time_local", "iso8601": "time_local", "time_unix": "time_local",

	"req": "request", "request_line": "request",
	"method": "request_method", "http_method": "request_method", "verb": "request_method", "req_method": "request_method",
	"uri": "request_uri", "url": "request_uri", "path": "request_uri", "request_path": "request_uri", "requesturi": "request_uri",
	"http_uri": "request_uri", "request_url": "request_uri",
	"query": "args", "qs": "args",
	"protocol": "server_protocol", "proto": "server_protocol", "http_version": "server_protocol", "http_protocol": "server_protocol",

	"code": "status", "status_code": "status", "http_status": "status", "response_code": "status", "response_status": "status",
	"body_bytes": "body_bytes_sent", "bytes": "body_bytes_sent", "size": "body_bytes_sent", "response_size": "body_bytes_sent",
	"response_length": "body_bytes_sent", "res_size": "body_bytes_sent", "body_size": "body_bytes_sent",
	"reqsize": "request_length", "request_size": "request_length", "req_size": "request_length",
	"reqtime": "request_time", "requesttime": "request_time", "response_time": "request_time", "duration": "request_time",
	"elapsed": "request_time", "latency": "request_time", "rt": "request_time", "request_duration": "request_time",
	"apptime": "upstream_response_time", "upstream_time": "upstream_response_time", "urt": "upstream_response_time",
	"upstream_response": "upstream_response_time",

	"client": "remote_addr", "client_ip": "remote_addr", "clientip": "remote_addr", "ip": "remote_addr", "remote_ip": "remote_addr",
	"remote": "remote_addr", "remote_host": "remote_addr", "clientaddr": "remote_addr", "client_addr": "remote_addr", "addr": "remote_addr",
	"user": "remote_user", "remoteuser": "remote_user", "auth": "remote_user",
	"referer": "http_referer", "referrer": "http_referer", "http_referrer": "http_referer", "ref": "http_referer",
	"ua": "http_user_agent", "user_agent": "http_user_agent", "agent": "http_user_agent", "useragent": "http_user_agent",
	"vhost": "host", "domain": "host", "hostname": "host", "virtual_host": "host",
	"x_forwarded_for": "http_x_forwarded_for", "forwardedfor": "http_x_forwarded_for", "forwarded_for": "http_x_forwarded_for",
	"xff": "http_x_forwarded_for", "x_forward_for": "http_x_forwarded_for",
	"cookie": "http_cookie", "accept_language": "http_accept_language", "accept": "http_accept", "authorization": "http_authorization",
	"body": "request_body", "post_data": "request_body",
}

// A keyed is a key as seen in a sample, with the first value that says something.
type keyed struct {
	key, value   string
	bare, quoted bool // how values were written, "" and "-" aside
}

// formatOfKeys builds a format from the names of JSON keys or LTSV labels. It returns nil when the lines are none,
// or hold no request. A known format with the same keys is preferred.
func formatOfKeys(lines [][]byte, sh shape) *Format {
	seen, escape := sampleKeys(lines, sh)
	if len(seen) == 0 {
		return nil
	}
	for _, f := range knownFormats() {
		if f.shape == sh && f.escape == escape && f.hasKeys(seen) {
			return f
		}
	}
	text := joinMembers(nameVariables(seen), sh)
	f, err := Compile("", formatQuoter.Replace(text), escape)
	if err != nil || f.shape != sh {
		return nil
	}
	f.precision = precisionOfKeys(f, seen)
	return f
}

// precisionOfKeys is that of the times in the sample: others than nginx write RFC 3339 with a fraction.
func precisionOfKeys(f *Format, seen []keyed) time.Duration {
	best := f.precision
	for _, k := range seen {
		i, ok := f.index[k.key]
		if !ok {
			continue
		}
		switch variableOf(f.keys[i].pattern.steps[0].name).field {
		case fieldTimeLocal, fieldTimeISO, fieldMsec:
			var c clock
			if _, precision, ok := c.any([]byte(k.value)); ok {
				best = min(best, precision)
			}
		}
	}
	return best
}

// joinMembers writes a format of such keys and variables.
func joinMembers(members []member, sh shape) string {
	parts := make([]string, len(members))
	for i, m := range members {
		if sh == shapeLTSV {
			parts[i] = m.key + ":$" + m.value
		} else {
			parts[i] = `"` + m.key + `":` + m.quoted + "$" + m.value + m.quoted
		}
	}
	if sh == shapeLTSV {
		return strings.Join(parts, "\t")
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// hasKeys reports whether the keys of f are exactly those seen.
func (f *Format) hasKeys(seen []keyed) bool {
	for _, k := range seen {
		if _, ok := f.index[k.key]; !ok {
			return false
		}
	}
	return len(seen) == len(f.keys)
}

// sampleKeys collects the keys of all lines that are objects, or LTSV, in the order of their appearance. It also
// judges by the values how they are escaped.
func sampleKeys(lines [][]byte, sh shape) ([]keyed, Escape) {
	var seen []keyed
	place := map[string]int{}
	dash, empty, hex, escaped := false, false, false, false
	note := func(key, value []byte, bare bool) {
		dash = dash || !bare && string(value) == "-"
		empty = empty || !bare && len(value) == 0
		hex = hex || holdsHex(value)
		escaped = escaped || bytes.Contains(value, []byte(`\"`)) || bytes.Contains(value, []byte(`\u`))
		i, ok := place[string(key)]
		if !ok {
			i = len(seen)
			place[string(key)] = i
			seen = append(seen, keyed{key: string(key)})
		}
		if v := &seen[i]; v.value == "" && !isAbsent(value) && string(value) != "null" {
			v.value = string(value)
		}
		seen[i].bare = seen[i].bare || bare
		seen[i].quoted = seen[i].quoted || !bare && !isAbsent(value)
	}
	for _, line := range lines {
		if sh == shapeJSON {
			eachMember(line, note)
		} else {
			eachLabel(line, note)
		}
	}
	if sh == shapeLTSV || hex || dash && !empty && !escaped {
		return seen, EscapeDefault
	}
	return seen, EscapeJSON
}

// holdsHex reports an escape \xXX. A backslash of the value itself, which escape=json doubles, may stand before an x.
func holdsHex(value []byte) bool {
	for pos := 0; ; pos += 2 {
		n := bytes.Index(value[pos:], []byte(`\x`))
		if n < 0 {
			return false
		}
		if pos += n; !isEscaped(value[:pos]) {
			return true
		}
	}
}

// eachMember calls note for each member of a flat JSON object, and not at all when the line is none.
func eachMember(line []byte, note func(key, value []byte, bare bool)) {
	s := scanner{escaped: bytes.IndexByte(line, '\\') >= 0}
	pos := skipBlanks(line, 0)
	if pos == len(line) || line[pos] != '{' {
		return
	}
	for pos++; ; {
		key, after := jsonKey(line, skipBlanks(line, pos))
		if after < 0 {
			return
		}
		after = skipBlanks(line, after)
		value, end := s.jsonValue(line, after)
		if end < 0 {
			return
		}
		if c := line[min(after, len(line)-1)]; c != '{' && c != '[' && !bytes.ContainsAny(key, `$\`) {
			note(key, line[value.start:value.end], c != '"')
		}
		if pos = skipBlanks(line, end); pos == len(line) || line[pos] != ',' {
			return
		}
		pos++
	}
}

// eachLabel calls note for each field of an LTSV line, and not at all when the line is none.
func eachLabel(line []byte, note func(key, value []byte, bare bool)) {
	fields := bytes.Split(line, []byte{'\t'})
	if len(fields) < 2 {
		return
	}
	for _, field := range fields {
		label, _, ok := bytes.Cut(field, []byte{':'})
		if !ok || !isLabel(string(label)) {
			return
		}
	}
	for _, field := range fields {
		label, value, _ := bytes.Cut(field, []byte{':'})
		note(label, value, false)
	}
}

// nameVariables gives each key that it knows its variable; member.quoted is empty for a bare value. Each variable is
// used once: a key that carries its own name wins over a synonym, then the first.
func nameVariables(seen []keyed) []member {
	names := make([]string, len(seen))
	for i, k := range seen {
		names[i] = variableOfKey(k, seen)
	}
	nameByContent(names, seen)
	exact := func(i int) bool { return normalKey(seen[i].key) == names[i] }
	var members []member
	for i, k := range seen {
		if names[i] == "" {
			continue
		}
		taken := false
		for j := range seen {
			taken = taken || j != i && names[j] == names[i] && (exact(j) && !exact(i) || j < i && exact(j) == exact(i))
		}
		if taken {
			// Beside the time of the request, that of the response is the upstream's.
			if names[i] != "request_time" || normalKey(k.key) != "response_time" || slices.Contains(names, "upstream_response_time") {
				continue
			}
			names[i] = "upstream_response_time"
		}
		quoted := `"`
		if k.bare && !k.quoted {
			quoted = ""
		}
		members = append(members, member{k.key, quoted, names[i]})
	}
	return members
}

// nameByContent names keys that say nothing ("t", "m", "u") by their values, when no other holds the time or the request.
func nameByContent(names []string, seen []keyed) {
	holds := func(variables ...string) bool {
		return slices.ContainsFunc(variables, func(v string) bool { return slices.Contains(names, v) })
	}
	for i, k := range seen {
		value := []byte(k.value)
		switch {
		case names[i] != "" || len(value) == 0:
		case !holds("time_local", "time_iso8601", "msec") && (isLocalTime(value) || isoLen(value) == len(value) || isMsec(value)):
			names[i] = timeVariable(value)
		case !holds("request", "request_method") && isRequest(value):
			names[i] = "request"
		case !holds("request", "request_method") && knownMethod(value):
			names[i] = "request_method"
		case !holds("request", "request_uri", "uri") && value[0] == '/':
			names[i] = "request_uri"
		case !holds("server_protocol") && isProtocol(value):
			names[i] = "server_protocol"
		}
	}
}

// variableOfKey returns the variable that a key stands for, by its name and the look of its value, or "".
func variableOfKey(k keyed, seen []keyed) string {
	name := normalKey(k.key)
	if v, ok := synonyms[name]; ok {
		name = v
	} else if _, ok := variables[name]; !ok && !strings.HasPrefix(name, "http_") {
		return ""
	}
	value := []byte(k.value)
	switch name {
	case "time_local", "time_iso8601", "msec":
		return timeVariable(value)
	case "request", "request_uri":
		return requestVariable(name, k, seen)
	case "host":
		// ltsv.org calls the client "host".
		if normalKey(k.key) == "host" && looksLikeAddress(value) && !holdsVariable(seen, "remote_addr") {
			return "remote_addr"
		}
	case "request_body":
		if _, ok := parseInt(value); ok && k.bare {
			return "body_bytes_sent" // how long it is
		}
	case "server_protocol":
		if len(value) > 0 && !isProtocol(value) {
			return "" // "1.1" alone
		}
	case "request_method":
		if len(value) > 0 && !isToken(value) {
			return ""
		}
	case "status", "body_bytes_sent", "bytes_sent", "request_length":
		if _, ok := parseInt(value); !ok && len(value) > 0 {
			return ""
		}
	case "request_time":
		if _, _, ok := parseSeconds(value); !ok && len(value) > 0 {
			return ""
		}
		if normalKey(k.key) != name && len(value) > 1 && !bytes.ContainsRune(value, '.') {
			return "" // a whole number under such a name is in milliseconds, or worse
		}
	case "upstream_response_time":
		if _, ok := parseSecondsList(value); !ok {
			return ""
		}
	}
	return name
}

// timeVariable names the time variable that writes such values.
func timeVariable(value []byte) string {
	var c clock
	if _, ok := c.local(value); ok {
		return "time_local"
	}
	if _, _, ok := c.iso(value); ok {
		return "time_iso8601"
	}
	if _, _, ok := c.any(value); ok {
		return "msec"
	}
	return ""
}

// requestVariable tells a request line from a method or a target, which are also called "request" by some, and a
// decoded path from a target.
func requestVariable(name string, k keyed, seen []keyed) string {
	switch {
	case name == "request_uri" && normalKey(k.key) != name && holdsVariable(seen, "args") && !strings.Contains(k.value, "?"):
		return "uri" // the query has a key of its own
	case name == "request" && strings.HasPrefix(k.value, "/"):
		return "request_uri"
	case name == "request" && isToken([]byte(k.value)):
		return "request_method"
	}
	return name
}

// holdsVariable reports whether a key other than "host" stands for the variable.
func holdsVariable(seen []keyed, variable string) bool {
	for _, k := range seen {
		name := normalKey(k.key)
		if name == variable || synonyms[name] == variable {
			return true
		}
	}
	return false
}

// looksLikeAddress reports digits and points, or hexadecimal digits and colons.
func looksLikeAddress(b []byte) bool {
	points, colons := bytes.Count(b, []byte{'.'}), bytes.Count(b, []byte{':'})
	for _, c := range b {
		if c != '.' && c != ':' && unhex[c] > 15 {
			return false
		}
	}
	return points == 3 || colons >= 2
}

// normalKey is the key in lower case, with underscores for dashes, points and blanks.
func normalKey(key string) string {
	return keyNormaliser.Replace(strings.ToLower(key))
}

var keyNormaliser = strings.NewReplacer("-", "_", ".", "_", " ", "_")
