package parse

import (
	"bytes"
	"strconv"
)

// A namer gives columns their variables. What is told by its form (a time, a request line, an address) is certain;
// what only looks likely is a guess and is noted as one. A column that could be several things stays neutral:
// $word_3, $list_3 or $text_3, the third column.
type namer struct {
	columns []column
	taken   map[string]bool
	guesses []Guess
}

// name names all columns. It returns false without a request or a time.
func (n *namer) name() bool {
	n.byKey()
	n.labels()
	if !n.times() || !n.request() {
		return false
	}
	n.client()
	n.status()
	n.sizes()
	n.durations()
	n.texts()
	n.words()
	n.neutral()
	return true
}

// open are the columns that have no variable yet and pass the test for every value that is not absent, and the number
// of these is not 0.
func (n *namer) open(test func(c *column) bool) []*column {
	var found []*column
	for i := range n.columns {
		if c := &n.columns[i]; c.variable == "" && !c.fixed && test(c) {
			found = append(found, c)
		}
	}
	return found
}

func (n *namer) set(c *column, variable string) {
	c.variable = variable
	n.taken[variable] = true
}

func (n *namer) guess(c *column, variable string) {
	n.set(c, variable)
	example := []byte(nil)
	for _, v := range c.values {
		if example = v; !isAbsent(v) {
			break
		}
	}
	n.guesses = append(n.guesses, Guess{variable, printable(example[:min(len(example), 40)])})
}

// all reports whether the column has values and every one that is not absent passes.
func (c *column) all(test func(v []byte) bool) bool {
	some := false
	for _, v := range c.values {
		if isAbsent(v) {
			continue
		}
		if !test(v) {
			return false
		}
		some = true
	}
	return some
}

// always reports whether no value is absent.
func (c *column) always() bool {
	for _, v := range c.values {
		if isAbsent(v) {
			return false
		}
	}
	return true
}

// share is how many of the values that are not absent pass, from 0 to 1.
func (c *column) share(test func(v []byte) bool) float64 {
	pass, some := 0, 0
	for _, v := range c.values {
		if isAbsent(v) {
			continue
		}
		some++
		if test(v) {
			pass++
		}
	}
	return float64(pass) / float64(max(some, 1))
}

// byKey names columns that have their name written before them, as rt=0.003.
func (n *namer) byKey() {
	var seen []keyed
	for i := range n.columns {
		c := &n.columns[i]
		k := keyed{key: c.key}
		for _, v := range c.values {
			if k.value = string(v); !isAbsent(v) {
				break
			}
		}
		seen = append(seen, k)
	}
	for i := range n.columns {
		c := &n.columns[i]
		if c.key == "" || isAbsent([]byte(seen[i].value)) {
			continue
		}
		variable := variableOfKey(seen[i], seen)
		if normalKey(c.key) == "ua" && c.all(isEndpoint) {
			variable = "upstream_addr" // some write the user agent so, and some the upstream
		}
		if variable == "" || n.taken[variable] || c.kind == columnLocal || c.kind == columnISO {
			continue
		}
		if variableOf(variable).field == fieldRequestTime && normalKey(c.key) != variable {
			n.guess(c, variable)
		} else {
			n.set(c, variable)
		}
	}
}

func (n *namer) times() bool {
	for i := range n.columns {
		switch c := &n.columns[i]; c.kind {
		case columnLocal:
			n.set(c, "time_local")
		case columnISO:
			n.set(c, "time_iso8601")
		}
	}
	if !n.taken["msec"] {
		for _, c := range n.open(func(c *column) bool { return c.kind == columnWord && c.all(isMsec) }) {
			n.set(c, "msec")
			break
		}
	}
	return n.taken["time_local"] || n.taken["time_iso8601"] || n.taken["msec"]
}

// isMsec reports a time such as $msec writes, from 2001 on.
func isMsec(v []byte) bool {
	return len(v) == len("1707246001.123") && v[10] == '.' && allDigits(v[:10]) && allDigits(v[11:])
}

func (n *namer) request() bool {
	if n.taken["request"] || n.taken["request_method"] && n.taken["request_uri"] {
		return true
	}
	for _, c := range n.open(func(c *column) bool { return c.kind != columnWord && c.share(isRequest) >= 0.5 }) {
		n.set(c, "request")
		return true
	}
	methods := n.open(func(c *column) bool { return c.all(knownMethod) })
	targets := n.open(func(c *column) bool {
		return c.share(func(v []byte) bool { return v[0] == '/' || bytes.HasPrefix(v, []byte("http")) }) >= 0.9
	})
	if len(methods) == 0 || len(targets) == 0 {
		return false
	}
	n.set(methods[0], "request_method")
	n.guess(targets[0], "request_uri") // it could be $uri
	return true
}

func isRequest(v []byte) bool {
	_, _, protocol, _ := splitRequest(v)
	return protocol != nil
}

func (n *namer) client() {
	found := n.open(func(c *column) bool { return !c.list && c.all(looksLikeAddress) })
	if len(found) == 0 || n.taken["remote_addr"] {
		return
	}
	if len(found) == 1 || found[0] == &n.columns[0] {
		n.set(found[0], "remote_addr")
	} else {
		n.guess(found[0], "remote_addr")
	}
}

// after sorts those columns to the front that follow the request: there is where nginx users put status and sizes.
func (n *namer) after(columns []*column) []*column {
	var before, behind []*column
	for i, passed := 0, false; i < len(n.columns); i++ {
		c := &n.columns[i]
		passed = passed || c.variable == "request" || c.variable == "request_uri"
		for _, want := range columns {
			if want != c {
				continue
			}
			if passed {
				behind = append(behind, c)
			} else {
				before = append(before, c)
			}
		}
	}
	return append(behind, before...)
}

func (n *namer) status() {
	found := n.after(n.open(func(c *column) bool { return c.always() && c.all(isStatus) }))
	if len(found) == 0 || n.taken["status"] {
		return
	}
	if len(found) == 1 {
		n.set(found[0], "status")
	} else {
		n.guess(found[0], "status")
	}
}

// isStatus reports a status that servers send or that nginx makes up, so that sizes of three digits are told apart.
func isStatus(v []byte) bool {
	n, ok := parseInt(v)
	if !ok || len(v) != 3 {
		return false
	}
	switch {
	case n == 0, n == 9, n >= 100 && n <= 103, n >= 200 && n <= 208, n == 226, n >= 300 && n <= 308:
		return true
	case n >= 400 && n <= 431, n == 440, n == 444, n == 449, n == 450, n == 451, n == 460, n == 463, n >= 494 && n <= 499:
		return true
	}
	return n >= 500 && n <= 511 || n >= 520 && n <= 530 || n == 598 || n == 599
}

// sizes names the sizes of response and request. nginx has a number for both on every line. A request is never
// shorter than its first line with the line end, while a body often is empty.
func (n *namer) sizes() {
	found := n.after(n.open(func(c *column) bool { return c.kind == columnWord && c.always() && c.all(allDigits) }))
	if len(found) == 0 || n.taken["body_bytes_sent"] {
		return
	}
	body := found[0]
	if len(found) > 1 && n.holdsRequest(found[0]) && !n.holdsRequest(found[1]) {
		body = found[1]
		if !n.taken["request_length"] {
			n.guess(found[0], "request_length")
		}
	} else if len(found) > 1 && n.holdsRequest(found[1]) && !n.holdsRequest(found[0]) && !n.taken["request_length"] {
		n.guess(found[1], "request_length")
	}
	n.guess(body, "body_bytes_sent")
}

// holdsRequest reports whether every value is at least the length of the line's request. What was no request has the
// length 0.
func (n *namer) holdsRequest(c *column) bool {
	for i := range n.columns {
		request := &n.columns[i]
		if request.variable != "request" && request.variable != "request_uri" {
			continue
		}
		for j, v := range c.values {
			size, ok := parseInt(v)
			if !ok || isRequest(request.values[j]) && size < int64(len(request.values[j])+len("\r\n\r\n")) {
				return false
			}
		}
	}
	return true
}

// durations names columns of seconds with three decimals. nginx writes $request_time on every line, and nothing else
// on a line is longer; $upstream_response_time is "-" where nginx answered itself, and may be a list.
func (n *namer) durations() {
	found := n.after(n.open(func(c *column) bool { return c.all(isDurations) }))
	var total *column
	for _, c := range found {
		if c.always() && !c.list && (total == nil || c.exceeds(total) && !total.exceeds(c)) {
			total = c
		}
	}
	if total == nil {
		return // "-" in all of them: upstream times perhaps, of which there are four
	}
	for _, c := range found {
		if c != total && !total.exceeds(c) {
			return // neither is the whole
		}
	}
	if !n.taken["request_time"] {
		n.guess(total, "request_time")
	}
	if len(found) == 2 && !n.taken["upstream_response_time"] {
		for _, c := range found {
			if c != total {
				n.guess(c, "upstream_response_time")
			}
		}
	}
}

// exceeds reports whether c is at least the other on every line. nginx takes the two times one after the other, so
// that a millisecond may be missing.
func (c *column) exceeds(other *column) bool {
	for i := range c.values {
		mine, ok1 := parseSecondsList(c.values[i])
		theirs, ok2 := parseSecondsList(other.values[i])
		if !ok1 || !ok2 || theirs > mine+2e6 {
			return false
		}
	}
	return true
}

// isDurations reports seconds with three decimals, or a list of them.
func isDurations(v []byte) bool {
	some := false
	for item := range bytes.FieldsFuncSeq(v, func(r rune) bool { return r == ' ' || r == ',' || r == ':' }) {
		if string(item) == "-" {
			continue
		}
		point := bytes.IndexByte(item, '.')
		if point < 1 || len(item) != point+4 || point > 6 || !allDigits(item[:point]) || !allDigits(item[point+1:]) {
			return false
		}
		some = true
	}
	return some
}

// texts names the columns that clients fill. A few of their values may be anything.
func (n *namer) texts() {
	text := func(test func(v []byte) bool, share float64) []*column {
		return n.open(func(c *column) bool { return c.share(test) >= share })
	}
	give := func(found []*column, variable string) {
		if len(found) > 0 && !n.taken[variable] {
			n.set(found[0], variable)
		}
	}
	give(n.after(text(isAgent, 0.5)), "http_user_agent")
	give(n.after(text(isURL, 0.9)), "http_referer")
	// A bare address may as well be that of the server.
	give(n.after(n.open(func(c *column) bool { return (c.kind == columnText || c.list) && c.share(isAddressList) >= 0.9 })), "http_x_forwarded_for")
}

// isAgent reports a product and its version at the beginning: "Mozilla/5.0 (...", "curl/8.5.0".
func isAgent(v []byte) bool {
	product, version, ok := bytes.Cut(v, []byte{'/'})
	return ok && isToken(product) && hasLetter(product) && len(version) > 0 && isDigit(version[0]) && !isProtocol(v)
}

func isURL(v []byte) bool {
	return bytes.HasPrefix(v, []byte("http://")) || bytes.HasPrefix(v, []byte("https://"))
}

func isAddressList(v []byte) bool {
	for item := range bytes.SplitSeq(v, []byte{','}) {
		if item = bytes.TrimSpace(item); !looksLikeAddress(item) && string(item) != "unknown" {
			return false
		}
	}
	return true
}

// words names the columns that are left and have a form of their own.
func (n *namer) words() {
	for i := range n.columns {
		c := &n.columns[i]
		if c.variable != "" || c.fixed {
			continue
		}
		switch {
		case c.all(isProtocol) && !n.taken["server_protocol"]:
			n.set(c, "server_protocol")
		case c.all(func(v []byte) bool { return string(v) == "http" || string(v) == "https" }) && !n.taken["scheme"]:
			n.set(c, "scheme")
		case c.all(isEndpoint) && !n.taken["upstream_addr"]:
			n.set(c, "upstream_addr")
		case n.isUser(i) && !n.taken["remote_user"]:
			n.set(c, "remote_user")
		case c.kind == columnWord && c.all(isHostName) && !n.taken["host"]:
			n.guess(c, "host")
		}
	}
}

// isUser reports the place of $remote_user: before the time, or after the address and a "-".
func (n *namer) isUser(i int) bool {
	if n.columns[i].kind != columnWord || i == 0 {
		return false
	}
	if i+1 < len(n.columns) && n.columns[i+1].kind == columnLocal {
		return true
	}
	return i > 1 && n.columns[i-1].isDash() && n.columns[i-2].variable == "remote_addr"
}

// isDash reports a column that is "-" on every line.
func (c *column) isDash() bool { return c.same() && string(c.values[0]) == "-" }

// isEndpoint reports an address with a port, or a list of these, or the socket of an upstream.
func isEndpoint(v []byte) bool {
	for item := range bytes.FieldsFuncSeq(v, func(r rune) bool { return r == ' ' || r == ',' }) {
		if string(item) == ":" || string(item) == "-" || bytes.HasPrefix(item, []byte("unix:")) {
			continue
		}
		colon := bytes.LastIndexByte(item, ':')
		if colon < 0 || !allDigits(item[colon+1:]) || !looksLikeAddress(bytes.Trim(item[:colon], "[]")) {
			return false
		}
	}
	return true
}

// isHostName reports a name with a point in it, and letters in its last part.
func isHostName(v []byte) bool {
	for _, c := range v {
		if !isNameByte(c) && c != '.' && c != '-' {
			return false
		}
	}
	point := bytes.LastIndexByte(v, '.')
	return point > 0 && len(v)-point > 2 && hasLetter(v[point+1:point+2])
}

// labels are words that end with a colon and are the same on every line: they belong to the format.
func (n *namer) labels() {
	for i := range n.columns {
		c := &n.columns[i]
		c.fixed = c.same() && len(c.values) > 1 && len(c.values[0]) > 1 && c.values[0][len(c.values[0])-1] == ':'
	}
}

// neutral names what is left, so that it is read and dropped. A "-" between address and user belongs to the format.
func (n *namer) neutral() {
	for i := range n.columns {
		c := &n.columns[i]
		if c.variable != "" || c.fixed {
			continue
		}
		number := strconv.Itoa(i + 1)
		switch {
		case c.isDash() && i+1 < len(n.columns) && n.columns[i+1].variable == "remote_user":
			c.fixed = true
		case c.kind == columnText:
			c.variable = "text_" + number
		case c.list:
			c.variable = "list_" + number
		default:
			c.variable = "word_" + number
		}
	}
}

// same reports whether all values are one word without the sign of a variable.
func (c *column) same() bool {
	first := c.values[0]
	if c.kind != columnWord || len(first) == 0 || bytes.IndexByte(first, '$') >= 0 {
		return false
	}
	for _, v := range c.values {
		if !bytes.Equal(v, first) {
			return false
		}
	}
	return true
}
