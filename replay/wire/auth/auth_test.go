package auth

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"pgregory.net/rapid"
)

func parse(t *testing.T, text string) *Credential {
	t.Helper()
	c, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFixed(t *testing.T) {
	t.Setenv("TOKEN", "abc.def")
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte("open sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"bearer:env:TOKEN":           "Bearer abc.def",
		"bearer:file:" + path:        "Bearer open sesame",
		"basic:aladdin:file:" + path: "Basic YWxhZGRpbjpvcGVuIHNlc2FtZQ==",
	} {
		if got := string(parse(t, text).Append([]byte("x"), 1, time.Time{})); got != "x"+want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// What is refused is refused without telling the secret.
func TestRefusals(t *testing.T) {
	t.Setenv("EMPTY", "")
	t.Setenv("TWO", "a\r\nX: y")
	t.Setenv("KEY", "k")
	f := func(text, want string) {
		t.Helper()
		_, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	f("", "want bearer:")
	f("hunter2-is-the-password", "want bearer:")
	f("bearer:hunter2", "env:NAME or file:PATH")
	f("bearer:literal:hunter2", "env:NAME or file:PATH")
	f("bearer:env:EMPTY", "is empty")
	f("bearer:env:TWO", "line break")
	f("bearer:file:nosuch", "no such file")
	f("basic:joe:hunter2", "env:NAME or file:PATH")
	f("basic:env:KEY", "names no user")
	f("jwt:hunter2:env:KEY", "hs256, hs384 or hs512")
	f("jwt:hs256:hunter2", "env:NAME or file:PATH")
	f("jwt:hs256:it,is,hunter2", "env:NAME or file:PATH")
	f("jwt:hs256:env:KEY,ttl=1s", "ttl")
	f("jwt:hs256:env:KEY,exp=5", "ttl=15m")
	f("jwt:hs256:env:KEY,roles:=[", "no JSON")
	f("jwt:hs256:env:KEY,admin", "want ttl=15m, claim=text")
}

func verify(value string, now time.Time) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	text, found := strings.CutPrefix(value, "Bearer ")
	if !found {
		return nil, fmt.Errorf("no bearer: %q", value)
	}
	_, err := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithTimeFunc(func() time.Time { return now })).
		ParseWithClaims(text, claims, func(*jwt.Token) (any, error) { return []byte("the key"), nil })
	return claims, err
}

func TestClaims(t *testing.T) {
	t.Setenv("KEY", "the key")
	now := time.Unix(1_800_000_000, 0)
	c := parse(t, "jwt:hs256:env:KEY,aud=shop,admin:=true,level:=3")
	claims, err := verify(string(c.Append(nil, 0xbeef, now)), now)
	if err != nil {
		t.Fatal(err)
	}
	if claims["sub"] != "beef" || claims["aud"] != "shop" || claims["admin"] != true || claims["level"] != 3.0 {
		t.Error(claims)
	}
	if claims, err = verify(string(parse(t, "jwt:hs256:env:KEY,sub=me").Append(nil, 1, now)), now); err != nil || claims["sub"] != "me" {
		t.Error(claims, err)
	}
}

// Whenever clients send, in whatever order their requests are written, each token verifies when its request is due, a
// little before, and for a good while after, and is that client's.
func TestTokensAreAlwaysFresh(t *testing.T) {
	t.Setenv("KEY", "the key")
	rapid.Check(t, func(t *rapid.T) {
		c, err := Parse("jwt:hs256:env:KEY,ttl=2m")
		if err != nil {
			t.Fatal(err)
		}
		now := time.Unix(1_800_000_000, 0)
		for range rapid.IntRange(1, 40).Draw(t, "requests") {
			now = now.Add(time.Duration(rapid.Int64Range(int64(-time.Minute), int64(5*time.Minute)).Draw(t, "pause")))
			client := rapid.SampledFrom([]uint64{1, 2, 1 + slots, 1 << 63}).Draw(t, "client")
			value := string(c.Append(nil, client, now))
			for _, at := range []time.Duration{-early / 2, 0, 59 * time.Second} {
				claims, err := verify(value, now.Add(at))
				if err != nil {
					t.Fatalf("%v from when it is due: %v", at, err)
				}
				if claims["sub"] != fmt.Sprintf("%x", client) {
					t.Fatalf("client %x has the token of %v", client, claims["sub"])
				}
			}
		}
	})
}

func TestKeptTokensDoNotAllocate(t *testing.T) {
	t.Setenv("KEY", "the key")
	c := parse(t, "jwt:hs256:env:KEY")
	now := time.Unix(1_800_000_000, 0)
	buf := c.Append(nil, 7, now)
	first := string(buf)
	if n := testing.AllocsPerRun(100, func() { buf = c.Append(buf[:0], 7, now.Add(time.Minute)) }); n != 0 || string(buf) != first {
		t.Errorf("%v allocations, same token: %v", n, string(buf) == first)
	}
}
