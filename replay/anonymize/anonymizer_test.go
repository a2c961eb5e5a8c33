package anonymize

import (
	"bytes"
	"encoding/base64"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"ngxreplay/replay/trace"

	"pgregory.net/rapid"
)

var testKey = []byte("0123456789abcdef")

func header(name, value string) trace.Header {
	return trace.Header{Name: []byte(name), Value: []byte(value)}
}

// one applies a rule to one value.
func one(r rule, value string) string {
	return string(New(testKey).replace([]byte(value), r))
}

// Whatever is personal or secret goes; what is not stays, byte by byte.
func TestTargets(t *testing.T) {
	const secret = "hunter2"
	for _, test := range []struct{ in, gone, want string }{
		{in: "/a/b?page=2&sort=asc", want: "/a/b?page=2&sort=asc"},
		{in: "/a%2fb/c%20d?q=%41", want: "/a%2fb/c%20d?q=%41"},
		{in: "/%zz?x=%", want: "/%zz?x=%"},
		{in: "*", want: "*"},
		{in: "/item/3f2504e0-4f89-11d3-9a0c-0305e82c3301/d41d8cd98f00b204e9800998ecf8427e", want: "/item/3f2504e0-4f89-11d3-9a0c-0305e82c3301/d41d8cd98f00b204e9800998ecf8427e"},
		{in: "/a-very-long-title-of-an-article-about-a-thing-2024", want: "/a-very-long-title-of-an-article-about-a-thing-2024"},
		{in: "/search?q=" + strings.Repeat("A", 5000), want: "/search?q=" + strings.Repeat("A", 5000)},
		{in: "/t/0f1e2d3c4b5a69788796a5b4c3d2e1f00123456789abcdef", gone: "0f1e2d3c4b"},
		{in: "/npm/react@18.2.0/umd", want: "/npm/react@18.2.0/umd"},
		{in: "/a?token=hunter2&b=1", gone: secret},
		{in: "/a?user=hunter2&Login=hunter2&%75sername=hunter2&phone=hunter2&ticket=hunter2&_csrf=hunter2", gone: secret},
		{in: "/a?%74oken=hunter2", gone: secret},
		{in: "/a?token=hunter2/hunter2;hunter2?hunter2", gone: secret},
		{in: "/a?b=c;token=x/hunter2", gone: secret},
		{in: "/a;jsessionid=hunter2/b", gone: secret},
		{in: "/a?next=/x?token=hunter2", gone: secret},
		{in: "/a?next=https%3A%2F%2Fh%2Fx%3Ftoken%3Dhunter2%26p%3D1", gone: secret},
		{in: "/a?next=%252Fx%253Ftoken%253Dhunter2", gone: secret},
		{in: "/a#access_token=hunter2", gone: secret},
		{in: "http://bob:hunter2@h.example/x", gone: secret},
		{in: "http://bob:hunter2@h.example/x", gone: "bob"},
		{in: "/u/alice@corp.example/x", gone: "alice"},
		{in: "/u/alice%40corp.example", gone: "alice"},
		{in: "/u?q=mail+alice@corp.example", gone: "alice"},
		{in: "/u?email=alice", gone: "alice"},
		{in: "/from/203.0.113.9?ip=2001:67c::1", gone: "203.0.113.9"},
		{in: "/from/203.0.113.9?ip=2001:67c::1", gone: "67c"},
		{in: "/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib2IifQ.c2lnbmF0dXJl", gone: "eyJzdWIiOiJib2IifQ"},
		{in: "/t/Zm9vYmFyMTIzNDU2Nzg5MEFCQ0RFRkdISktMTU5P/x", gone: "Zm9vYmFy"},
		{in: "/a?" + strings.Repeat("n=", 10_000) + "hunter2", gone: secret},
		{in: "/a?x=" + strings.Repeat("%25", 10_000) + "40hunter2", want: "/a?x=" + strings.Repeat("%25", 10_000) + "40hunter2"},
	} {
		got := one((*Anonymizer).url, test.in)
		if test.gone == "" && got != test.want {
			t.Errorf("%.100s: got %.100s, want it as it was", test.in, got)
		}
		if test.gone != "" && strings.Contains(got, test.gone) {
			t.Errorf("%.100s: %s is still in %.200s", test.in, test.gone, got)
		}
	}
}

// What was percent-encoded is so again: a pseudonym does not let a line break out.
func TestWhatWasEncodedIsEncodedAgain(t *testing.T) {
	got := one((*Anonymizer).url, "/a?x=%0D%0A%20%3Ftoken%3Dhunter2%26y%3D1&z")
	if !strings.HasPrefix(got, "/a?x=%0D%0A%20%3Ftoken%3D") || !strings.HasSuffix(got, "%26y%3D1&z") || strings.Contains(got, "hunter2") {
		t.Error(got)
	}
}

func TestHeaders(t *testing.T) {
	for _, test := range []struct{ name, in, gone, has string }{
		{"x-forwarded-for", "203.0.113.9, 10.1.2.3:443", "203.0.113.9", ", 10."},
		{"x-forwarded-for", "203.0.113.9, 10.1.2.3:443", "10.1.2.3", ":443"},
		{"x-forwarded-for", "999.1.1.1, bob", "bob", ", "},
		{"x-forwarded-for", "unknown, -", "", "unknown, -"},
		{"forwarded", `for="[2001:67c::1]:80";proto=https;host=h.example, for=203.0.113.9`, "67c", `proto=https;host=h.example, for=10.`},
		{"forwarded", `for="[2001:67c::1]:80";proto=https`, "67c", `for="[2001:db8:`},
		{"cf-connecting-ip", "::ffff:203.0.113.9", "203.0.113.9", "::ffff:10."},
		{"cookie", "sid=hunter2hunter2hunter2; theme=dark;flag", "hunter2", "; theme="},
		{"cookie", "sid=hunter2hunter2hunter2; theme=dark;flag", "dark", "sid="},
		{"authorization", "Bearer hunter2", "hunter2", "Bearer "},
		{"authorization", "Basic Ym9iOmh1bnRlcjI=", "Ym9iOmh1bnRlcjI", "Basic "},
		{"authorization", "hunter2 x", "hunter2", ""},
		{"x-api-key", "hunter2", "hunter2", ""},
		{"x-anything", "hunter2", "hunter2", ""},
		{"from", "Bob <bob@corp.example>", "bob@corp", "@example.com>"},
		{"referer", "https://h.example/x?code=hunter2", "hunter2", "https://h.example/x?code="},
		{"user-agent", "Bot/1.2.3.4 (+http://h.example/bot; bob@corp.example)", "bob", "Bot/1.2.3.4 (+http://h.example/bot; user-"},
		{"accept-language", "fa;q=0.5", "", "fa;q=0.5"},
		{"if-none-match", `"5f3e"`, "", `"5f3e"`},
	} {
		got := one(headerRule(test.name), test.in)
		if test.gone != "" && strings.Contains(got, test.gone) || !strings.Contains(got, test.has) {
			t.Errorf("%s: %s: got %s", test.name, test.in, got)
		}
	}
}

// A pseudonym has the shape of what it stands for.
func TestShapes(t *testing.T) {
	if got := one((*Anonymizer).opaque, "alice@corp.example"); !isEmail([]byte(got)) {
		t.Error(got)
	}
	jwt := one((*Anonymizer).opaque, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib2IifQ.c2lnbmF0dXJl")
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 || !isJWT([]byte(jwt)) {
		t.Fatal(jwt)
	}
	for _, part := range parts[:2] {
		if decoded, err := base64.RawURLEncoding.DecodeString(part); err != nil || decoded[0] != '{' {
			t.Errorf("%s: %q, %v", part, decoded, err)
		}
	}
	_, basic, _ := strings.Cut(one(headerRule("authorization"), "Basic Ym9iOmh1bnRlcjI="), " ")
	if decoded, err := base64.StdEncoding.DecodeString(basic); err != nil || !bytes.Contains(decoded, []byte{':'}) {
		t.Errorf("%s: %q, %v", basic, decoded, err)
	}
	for _, n := range []int{1, 15, 16, 31, 32, 33, 100, maxToken, maxToken + 1, 1 << 20} {
		if got := one((*Anonymizer).opaque, strings.Repeat("z", n)); len(got) != min(max(n, minToken), maxToken) {
			t.Errorf("a token of %d bytes becomes one of %d", n, len(got))
		}
	}
	if got := one((*Anonymizer).filler, "a=b\x00"); got != "xxxxx"[:4] {
		t.Error(got)
	}
}

// hostile draws bytes with everything in them that means something to a rule.
func hostile(most int) *rapid.Generator[[]byte] {
	pieces := []string{"/", "?", "&", "=", ";", "#", "%", "%25", "%40", "%2F", "%3D", "%0A", "%20", "@", ".", ":", ",", "[", "]", "://", "a", "token", "bob",
		"eyJ", "1.2.3.4", "::1", "example.com", "\x00", "\xff\xfe", "é", " ", "\"", "Zm9vYmFyMTIzNDU2Nzg5MEFCQ0RFRkdISktMTU5P"}
	return rapid.Map(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, most), func(words []string) []byte {
		return []byte(strings.Join(words, ""))
	})
}

func drawRequest(t *rapid.T) trace.Request {
	r := trace.Request{
		Client:    hostile(4).Draw(t, "client"),
		User:      hostile(4).Draw(t, "user"),
		Target:    hostile(30).Draw(t, "target"),
		Referer:   hostile(30).Draw(t, "referer"),
		UserAgent: hostile(10).Draw(t, "user agent"),
		Body:      hostile(5).Draw(t, "body"),
		Source:    "/var/log/nginx/access.log",
	}
	for _, name := range []string{"x-forwarded-for", "cookie", "authorization", "forwarded", "x-other", "accept"} {
		r.Headers = append(r.Headers, trace.Header{Name: []byte(name), Value: hostile(8).Draw(t, name)})
	}
	return r
}

func clone(r trace.Request) trace.Request {
	for _, field := range []*[]byte{&r.Client, &r.User, &r.Target, &r.Referer, &r.UserAgent, &r.Body} {
		*field = bytes.Clone(*field)
	}
	r.Headers = append([]trace.Header(nil), r.Headers...)
	for i := range r.Headers {
		r.Headers[i].Value = bytes.Clone(r.Headers[i].Value)
	}
	return r
}

// The same key gives the same pseudonyms, whatever came before; the original bytes are left alone; what had no bytes
// that break a request line has none afterwards.
func TestSameKeySamePseudonyms(t *testing.T) {
	used := New(testKey)
	rapid.Check(t, func(t *rapid.T) {
		original := drawRequest(t)
		copied := clone(original)
		first, second := clone(original), original
		used.Request(&first)
		first = clone(first)
		New(testKey).Request(&second)
		if !reflect.DeepEqual(first, second) {
			t.Errorf("%+v\n%+v", first, second)
		}
		for i, field := range [][2][]byte{{original.Target, copied.Target}, {original.Client, copied.Client}, {original.User, copied.User}} {
			if !bytes.Equal(field[0], field[1]) {
				t.Errorf("field %d was written to", i)
			}
		}
		for _, c := range []byte(" \x00\r\n") {
			if bytes.IndexByte(copied.Target, c) < 0 && bytes.IndexByte(second.Target, c) >= 0 {
				t.Errorf("%q has a %q that %q has not", second.Target, c, copied.Target)
			}
		}
		if second.Source != "access.log" {
			t.Error(second.Source)
		}
	})
}

// Two requests of one client stay those of one client, whatever makes a client.
func TestClientsStayClients(t *testing.T) {
	var identities []trace.Identity
	for _, text := range []string{"origin", "address", "user", "cookie:sid", "header:x-other", "header:referer", "header:authorization"} {
		id, err := trace.ParseIdentity(text)
		if err != nil {
			t.Fatal(err)
		}
		identities = append(identities, id)
	}
	a := New(testKey)
	rapid.Check(t, func(t *rapid.T) {
		one, two := drawRequest(t), drawRequest(t)
		for i := range one.Headers { // share some of what identifies
			if rapid.Bool().Draw(t, "shared") {
				two.Headers[i] = one.Headers[i]
			}
		}
		if rapid.Bool().Draw(t, "same") {
			two.Client, two.User, two.UserAgent, two.Referer = one.Client, one.User, one.UserAgent, one.Referer
		}
		var same []bool
		for _, id := range identities {
			same = append(same, id.Client(&one) == id.Client(&two))
		}
		a.Request(&one)
		one = clone(one)
		a.Request(&two)
		for i, id := range identities {
			if same[i] && id.Client(&one) != id.Client(&two) {
				t.Errorf("identity %d: one client became two", i)
			}
		}
	})
}

// Addresses stay addresses of their family, and another key gives other ones.
func TestAddresses(t *testing.T) {
	other := New([]byte("another key, quite another"))
	rapid.Check(t, func(t *rapid.T) {
		var addr netip.Addr
		switch rapid.IntRange(0, 2).Draw(t, "family") {
		case 0:
			addr = netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "v4")))
		case 1:
			addr = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "v6")))
		default:
			v4 := netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "mapped")))
			addr = netip.AddrFrom16(v4.As16())
		}
		got, err := netip.ParseAddr(one((*Anonymizer).node, addr.String()))
		if err != nil || got.Is4() != addr.Is4() || got.Is4In6() != addr.Is4In6() {
			t.Fatalf("%v became %v, %v", addr, got, err)
		}
		network := netip.MustParsePrefix("2001:db8::/32")
		if got.Unmap().Is4() {
			network = netip.MustParsePrefix("10.0.0.0/8")
		}
		if !network.Contains(got.Unmap()) {
			t.Errorf("%v became %v, outside %v", addr, got, network)
		}
	})
	mine, others := map[string]bool{}, 0
	for i := range 1000 {
		addr := []byte(netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)}).String())
		mine[one((*Anonymizer).node, string(addr))] = true
		other.out = other.out[:0]
		if mine[string(other.replace(addr, (*Anonymizer).node))] {
			others++
		}
	}
	if len(mine) < 998 || others > 2 {
		t.Errorf("1000 addresses became %d; %d of another key are among them", len(mine), others)
	}
}

// A request costs no memory but for what parsing an address takes.
func TestAllocations(t *testing.T) {
	a := New(testKey)
	original := trace.Request{
		Client: []byte("203.0.113.9"), Target: []byte("/a/b?token=abc&next=%2Fx%3Fy"), Referer: []byte("https://h.example/?q=1"),
		UserAgent: []byte("Mozilla/5.0 (X11; Linux x86_64)"), Headers: []trace.Header{header("cookie", "a=b; c=d"), header("accept", "*/*")},
	}
	headers := make([]trace.Header, len(original.Headers))
	allocations := testing.AllocsPerRun(100, func() {
		r := original
		r.Headers = headers
		copy(headers, original.Headers)
		a.Request(&r)
	})
	if allocations > 2 {
		t.Errorf("%v allocations a request", allocations)
	}
}

func BenchmarkRequest(b *testing.B) {
	a := New(testKey)
	original := trace.Request{
		Client: []byte("203.0.113.9"), Target: []byte("/api/user/17?page=2&token=abc"), Referer: []byte("https://h.example/?q=1"),
		UserAgent: []byte("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"),
	}
	b.ReportAllocs()
	for b.Loop() {
		r := original
		a.Request(&r)
	}
}
