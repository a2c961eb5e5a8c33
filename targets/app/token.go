package app

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// tokenLife outlasts any replay; the key dies with the process anyway.
const tokenLife = 7 * 24 * time.Hour

// Tokens mints and checks the tokens of one target: HS256 with a random key that
// never leaves the process. Safe for concurrent use.
type Tokens struct {
	key    []byte
	parser *jwt.Parser
}

// NewTokens draws a key.
func NewTokens() *Tokens {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the process instead
	return &Tokens{
		key: key,
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), // refuses alg:none and RS256 confusion
			jwt.WithExpirationRequired(),
		),
	}
}

// Authorization returns a value for the Authorization header, valid for 7 days
// from now.
func (t *Tokens) Authorization(now time.Time) (string, error) {
	claims := jwt.RegisteredClaims{
		Subject:   "ngxreplay",
		IssuedAt:  jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(now.Add(tokenLife)),
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(t.key)
	return "Bearer " + token, err
}

// Verify checks the value of an Authorization header. It says only that the token
// is refused, not why: the caller is a stranger.
func (t *Tokens) Verify(authorization string) error {
	scheme, token, _ := strings.Cut(authorization, " ")
	if strings.EqualFold(scheme, "bearer") {
		_, err := t.parser.ParseWithClaims(token, &jwt.RegisteredClaims{}, func(*jwt.Token) (any, error) {
			return t.key, nil
		})
		if err == nil {
			return nil
		}
	}
	return &Error{
		Status: http.StatusUnauthorized,
		Text:   "unauthorized: send the authorization that the target printed when it was ready",
	}
}

// Challenge is the value of the WWW-Authenticate header beside a 401.
const Challenge = "Bearer"

// Protected reports whether a path, percent-encoded as sent, needs a token: those
// under /api.
func Protected(path string) bool {
	rest, ok := strings.CutPrefix(path, "/api")
	return ok && (rest == "" || rest[0] == '/')
}
