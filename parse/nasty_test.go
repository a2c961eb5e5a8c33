package parse

import (
	"fmt"
	"strings"
)

// nastyRequests are what nginx is sent by browsers, by programs with faults, and by attackers.
func nastyRequests() []sentRequest {
	var all []sentRequest
	for b := range 256 {
		all = append(all, targetRequest(fmt.Sprintf("/p%s?q=%s", string([]byte{byte(b)}), string([]byte{byte(b)}))))
	}
	for b := range 256 {
		c := string([]byte{byte(b)})
		s := plainRequest("GET", "/", "HTTP/1.1")
		s.agent, s.referer, s.cookie = "a"+c+"z", "http://r/"+c+"x", "session=s"
		s.session = "s"
		s.headers = !strings.Contains("\x00\r\n", c)
		all = append(all, s)
	}
	for _, target := range []string{
		"//", "///a//b", "/../", "/a/../../etc/passwd", "/./a", "/%2F", "/%2f%2e%2e", "/%00", "/%", "/%zz", "/a%20b", "/a+b", "/?", "/??", "/?a=b?c", "/#frag", "/a;b=c", "/a|b", "/^", "/{}", "/<>", "/`",
		"/\"quoted\"", "/\\", "/\\x22", "/\\\"", "/ü", "/日本語?q=ö", "/\xff\xfe", "/caf\xe9", "/?q=%E2%82%AC", "/" + strings.Repeat("a", 1000), "/" + strings.Repeat("%41", 2600), "/?" + strings.Repeat("x=y&", 1900),
		"/:80", "/http://example.com/", "/\" 200 0 \"", "/] [", "/ - - [", "/\",\"status\":500,\"x\":\"", "*", "http://example.com/", "http://example.com", "http://[::1]:80/a?b", "https://h/a//b",
		"/a b", "/a  b", " /", "/ ", "/a HTTP/1.0", "nopath", "?q",
	} {
		all = append(all, targetRequest(target))
	}
	for _, method := range []string{"HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "M_X", "A-B", "FOO", "get", "G\"T", "CONNECT", "TRACE", strings.Repeat("A", 300)} {
		all = append(all, methodRequest(method))
	}
	for _, proto := range []string{"HTTP/1.0", "HTTP/1.2", "HTTP/1.10", "HTTP/2.0", "HTTP/0.9", "HTTP/9.9", "HTTP/1", "HTTP/", "HTTP/1.x", "http/1.1", "FTP/1.0", ""} {
		s := plainRequest("GET", "/proto", proto)
		s.headers = proto == "HTTP/1.0" || proto == "HTTP/1.2" || proto == "HTTP/1.10"
		if !s.headers {
			s.unread()
		}
		all = append(all, s)
	}
	all = append(append(all, headerRequests()...), brokenRequests()...)
	for i := range all {
		if all[i].raw == "" {
			all[i] = all[i].build()
		}
	}
	return all
}

// build writes the bytes from the parts.
func (s sentRequest) build() sentRequest {
	var b strings.Builder
	b.WriteString(s.line + "\r\n")
	for _, h := range [][2]string{{"Host", s.host}, {"User-Agent", s.agent}, {"Referer", s.referer}, {"Cookie", s.cookie}, {"Accept-Language", s.language}, {"X-Forwarded-For", s.forwarded}, {"Content-Type", s.contentType}} {
		if h[1] != absentValue {
			b.WriteString(h[0] + ": " + h[1] + "\r\n")
		}
	}
	b.WriteString("Connection: " + s.transport + "\r\n")
	if s.body != absentValue {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(s.body))
	}
	b.WriteString("\r\n")
	if s.body != absentValue {
		b.WriteString(s.body)
	}
	s.raw = b.String()
	return s
}

// plainRequest is one that nginx can read, with the headers that a browser sends.
func plainRequest(method, target, proto string) sentRequest {
	s := sentRequest{
		line: strings.TrimSuffix(method+" "+target+" "+proto, " "), method: method, target: target, proto: proto, origin: strings.HasPrefix(target, "/"), headers: true,
		agent: "Mozilla/5.0 [X11; Linux]", referer: absentValue, host: "example.com", cookie: absentValue, session: absentValue, body: absentValue,
		language: absentValue, forwarded: absentValue, contentType: absentValue, transport: "close",
	}
	return s
}

// unread marks a request whose line nginx refuses: then it keeps the bytes, and takes nothing from them.
func (s *sentRequest) unread() {
	s.method, s.target, s.proto, s.origin, s.headers = "", "", "", false, false
}

// targetRequest asks for a target as it is given, legal or not.
func targetRequest(target string) sentRequest {
	s := plainRequest("GET", target, "HTTP/1.1")
	s.headers = false // looked at elsewhere
	if i := strings.IndexAny(s.line, "\r\n"); i >= 0 {
		s = s.build()
		s.line = s.line[:i]
		s.unread()
		return s
	}
	s.target = strings.Trim(target, " ") // nginx skips blanks around the target
	s.origin = strings.HasPrefix(s.target, "/")
	return s
}

func methodRequest(method string) sentRequest {
	s := plainRequest(method, "/method", "HTTP/1.1")
	if strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-") != "" || method == "CONNECT" {
		s.unread()
	}
	if strings.Contains("POST PUT PATCH", method) {
		s.body = "a=b&c=\"d\"\x01\xff\\"
	}
	return s
}

// headerRequests are about headers: absent, empty, "-", twice, long.
func headerRequests() []sentRequest {
	var all []sentRequest
	for _, agent := range []string{absentValue, "", "-", "\"", "\\", "\\x22", "日本", strings.Repeat("long ", 700) + "end", "a\tb", "\x1b[31m", "GET / HTTP/1.1", "} <x", "a | b", "x=\"y\" z"} {
		s := plainRequest("GET", "/agent", "HTTP/1.1")
		s.agent, s.referer = agent, agent
		s.cookie, s.session, s.language = "a=1; session=x y; b=2", "x y", "de-CH, de;q=0.9"
		s.forwarded, s.contentType = "5.6.7.8, 9.9.9.9", "text/\"plain\""
		all = append(all, s)
	}
	for _, body := range []string{"", "x", "{\"a\":\"b\\\"c\"}", "a\x00b", strings.Repeat("0123456789", 500)} {
		s := plainRequest("POST", "/body", "HTTP/1.1")
		s.body = body
		all = append(all, s)
	}
	return all
}

// brokenRequests are no requests, or not whole, or several at once.
func brokenRequests() []sentRequest {
	var all []sentRequest
	for _, raw := range []string{
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\xabx", 100), "\x16\x03\x01", "\x00\x01\x02", "\x03\x00\x00/*\xe0Cookie: x", "\x05\x01\x00", "SSH-2.0-Go\r\n", "*1\r\n$4\r\n", "quit\r\n", "\"\"\r\n", "-\r\n",
		"GET\r\n", "GET \r\n", "GET /\r\n", "GET / HTTP/1.1 \x00\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "{\"json\":true}\r\n", "\xff\xff\xff\xff", "\\x16\\x03\r\n", strings.Repeat("A", 900),
	} {
		s := plainRequest("GET", "/", "HTTP/1.1")
		s.unread()
		s.raw = raw
		s.line, _, _ = strings.Cut(raw, "\r\n")
		s.abort = !strings.Contains(raw, "\n")
		all = append(all, s)
	}
	long := plainRequest("GET", "/"+strings.Repeat("b", 9000), "HTTP/1.1")
	long.unread()
	long.prefix = true
	all = append(all, long)
	for cut, raw := range []string{"GET /cut", "GET /cut HTTP/1.1\r\nHost: a", "GET /cut HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\n"} {
		s := plainRequest("GET", "/cut", "HTTP/1.1")
		s.headers, s.abort, s.raw, s.origin = false, true, raw, false
		if cut == 0 {
			s.unread()
			s.line = "GET /cut"
		}
		all = append(all, s)
	}
	first := plainRequest("GET", "/pipe/1", "HTTP/1.1")
	first.transport = "keep-alive"
	second, third := first, plainRequest("HEAD", "/pipe/3", "HTTP/1.1")
	second.line, second.target = "GET /pipe/2 HTTP/1.1", "/pipe/2"
	first, second, third = first.build(), second.build(), third.build()
	first.raw += second.raw + third.raw
	first.following = []sentRequest{second, third}
	all = append(all, first)
	return all
}
