// Package auth makes the value of the Authorization header: a fixed one, or a JSON web token for each client that is
// always fresh. Secrets come from the environment or from files, never from the command line, which every user of a
// machine can read.
package auth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// A Credential makes the values of Authorization. It is for one goroutine at a time.
type Credential struct {
	fixed  string  // the value, or ""
	minter *minter // of tokens, or nil
}

// Syntax says what Parse reads.
const Syntax = "bearer:SECRET, basic:USER:SECRET or jwt:hs256:SECRET[,ttl=15m][,claim=text][,claim:=json], where SECRET is env:NAME or file:PATH"

// Parse reads the syntax of --auth, and the secret that it names.
func Parse(text string) (*Credential, error) {
	kind, rest, _ := strings.Cut(text, ":")
	switch kind {
	case "bearer":
		token, err := secret(rest)
		if err != nil {
			return nil, fmt.Errorf("auth bearer: %w", err)
		}
		return &Credential{fixed: "Bearer " + token}, nil
	case "basic":
		return parseBasic(rest)
	case "jwt":
		m, err := parseMinter(rest)
		if err != nil {
			return nil, fmt.Errorf("auth jwt: %w", err)
		}
		return &Credential{minter: m}, nil
	}
	return nil, errors.New("auth: want " + Syntax) // the text may be a secret
}

func parseBasic(text string) (*Credential, error) {
	user, from, _ := strings.Cut(text, ":")
	if user == "" || user == "env" || user == "file" {
		return nil, errors.New("auth basic: names no user: want basic:USER:env:NAME or basic:USER:file:PATH")
	}
	password, err := secret(from)
	if err != nil {
		return nil, fmt.Errorf("auth basic: %w", err)
	}
	return &Credential{fixed: "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}, nil
}

// Append appends the value for a request of client that is due then.
func (c *Credential) Append(dst []byte, client uint64, due time.Time) []byte {
	if c.minter != nil {
		return append(dst, c.minter.token(client, due)...)
	}
	return append(dst, c.fixed...)
}

// longestSecret bounds what is sent with every request, in bytes.
const longestSecret = 16 << 10

// secret reads env:NAME or file:PATH. Its errors do not hold what might be a secret.
func secret(from string) (string, error) {
	kind, name, found := strings.Cut(from, ":")
	var value string
	switch {
	case found && kind == "env" && name != "":
		value = os.Getenv(name)
	case found && kind == "file" && name != "":
		text, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		value = strings.TrimRight(string(text), "\r\n")
	default:
		return "", errors.New("want the secret as env:NAME or file:PATH: on the command line every user of this machine could read it")
	}
	switch {
	case value == "":
		return "", fmt.Errorf("%s %s is empty", kind, name)
	case strings.ContainsAny(value, "\r\n\x00"):
		return "", fmt.Errorf("%s %s holds a line break or NUL", kind, name)
	case len(value) > longestSecret:
		return "", fmt.Errorf("%s %s has %d bytes, at most %d can be sent", kind, name, len(value), longestSecret)
	}
	return value, nil
}
