package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// A minter mints tokens. It keeps those of a few thousand clients; one whose slot another client took gets a new token.
type minter struct {
	method jwt.SigningMethod
	key    []byte
	claims jwt.MapClaims
	life   time.Duration
	slots  [slots]minted
}

const (
	// slots is how many tokens are kept, of some 300 bytes each.
	slots = 4096
	// early is how long before its request a token is issued, for clocks that differ.
	early = 30 * time.Second
	// defaultLife is how long a token is good for. It is used for half of it.
	defaultLife  = 15 * time.Minute
	shortestLife = time.Minute
)

type minted struct {
	client      uint64
	from, until time.Time // when it may be used
	value       string
}

// parseMinter reads hs256:SECRET with options after commas.
func parseMinter(text string) (*minter, error) {
	name, rest, _ := strings.Cut(text, ":")
	m := &minter{claims: jwt.MapClaims{}, life: defaultLife}
	switch strings.ToLower(name) {
	case "hs256":
		m.method = jwt.SigningMethodHS256
	case "hs384":
		m.method = jwt.SigningMethodHS384
	case "hs512":
		m.method = jwt.SigningMethodHS512
	default:
		return nil, errors.New("want the algorithm first: hs256, hs384 or hs512")
	}
	from, options, _ := strings.Cut(rest, ",")
	key, err := secret(from)
	if err != nil {
		return nil, err // what follows the comma may be a part of a secret
	}
	m.key = []byte(key)
	var errs []error
	if options != "" {
		for option := range strings.SplitSeq(options, ",") {
			errs = append(errs, m.set(option))
		}
	}
	return m, errors.Join(errs...)
}

// set takes one option: ttl=DURATION, claim=text or claim:=json.
func (m *minter) set(option string) error {
	name, text, found := strings.Cut(option, "=")
	name, isJSON := strings.CutSuffix(name, ":")
	switch {
	case !found || name == "":
		return fmt.Errorf("option %q: want ttl=15m, claim=text or claim:=json", option)
	case name == "ttl":
		life, err := time.ParseDuration(text)
		if err != nil || life < shortestLife {
			return fmt.Errorf("ttl %q: want at least %v, as 15m", text, shortestLife)
		}
		m.life = life
	case name == "iat" || name == "exp" || name == "nbf":
		return fmt.Errorf("claim %s: is set for each token; ttl=15m says how long one is good for", name)
	case isJSON:
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return fmt.Errorf("claim %s: %q is no JSON: %w", name, text, err)
		}
		m.claims[name] = value
	default:
		m.claims[name] = text
	}
	return nil
}

// token is the value for a request of client that is due then, with at least half of its life before it.
func (m *minter) token(client uint64, due time.Time) string {
	t := &m.slots[client%slots]
	if t.value == "" || t.client != client || due.Before(t.from) || due.After(t.until) {
		*t = minted{client: client, from: due, until: due.Add(m.life / 2), value: m.mint(client, due)}
	}
	return t.value
}

func (m *minter) mint(client uint64, due time.Time) string {
	claims := jwt.MapClaims{"sub": strconv.FormatUint(client, 16)}
	maps.Copy(claims, m.claims)
	claims["iat"] = due.Add(-early).Unix()
	claims["exp"] = due.Add(m.life).Unix() + 1                           // whole seconds, never fewer than asked for
	signed, _ := jwt.NewWithClaims(m.method, claims).SignedString(m.key) // bytes are a key, and claims were JSON or text
	return "Bearer " + signed
}
