package app

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestVerifyOwnKey signs with the target's own key what Verify must refuse all the same.
func TestVerifyOwnKey(t *testing.T) {
	tokens := NewTokens()
	exp := jwt.MapClaims{"exp": time.Now().Add(time.Hour).Unix()}
	sign := func(method jwt.SigningMethod, claims jwt.Claims) string {
		token, err := jwt.NewWithClaims(method, claims).SignedString(tokens.key)
		require.NoError(t, err)
		return "Bearer " + token
	}
	assert.NoError(t, tokens.Verify(sign(jwt.SigningMethodHS256, exp)))
	assert.Error(t, tokens.Verify(sign(jwt.SigningMethodHS512, exp)), "another algorithm")
	assert.Error(t, tokens.Verify(sign(jwt.SigningMethodHS256, jwt.MapClaims{})), "valid for ever")
}
