package trace

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// An Identity says what makes two requests those of one client. The zero value is [DefaultIdentity].
type Identity struct {
	kind identityKind
	name []byte // of the cookie or header
}

type identityKind uint8

const (
	// byOrigin is address, forwarded-for and user agent: one browser behind one proxy.
	byOrigin identityKind = iota
	byAddress
	byUser
	byCookie
	byHeader
)

// DefaultIdentity tells clients apart by address, X-Forwarded-For and user agent.
var DefaultIdentity Identity

// ParseIdentity reads "origin" (the default), "address", "user", "cookie:NAME" or "header:NAME".
func ParseIdentity(text string) (Identity, error) {
	kind, name, named := strings.Cut(text, ":")
	id := Identity{name: []byte(strings.ToLower(name))}
	switch {
	case !named && (kind == "" || kind == "origin"):
	case !named && kind == "address":
		id.kind = byAddress
	case !named && kind == "user":
		id.kind = byUser
	case kind == "cookie" && name != "":
		id.kind, id.name = byCookie, []byte(name) // cookies are told apart by case
	case kind == "header" && name != "":
		id.kind = byHeader
	default:
		return id, fmt.Errorf("client %q: want origin (address, forwarded-for and user agent), address, user, cookie:NAME or header:NAME", text)
	}
	return id, nil
}

// String is what ParseIdentity reads.
func (id Identity) String() string {
	return [...]string{byOrigin: "origin", byAddress: "address", byUser: "user", byCookie: "cookie:", byHeader: "header:"}[id.kind] + string(id.name)
}

// IsZero reports whether id is [DefaultIdentity].
func (id Identity) IsZero() bool { return id.kind == byOrigin }

// MarshalText implements [encoding.TextMarshaler].
func (id Identity) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (id *Identity) UnmarshalText(text []byte) (err error) {
	*id, err = ParseIdentity(string(text))
	return err
}

// Client is the client that sent r: a number that is the same in every process. Where r has no such cookie, header or
// user, address, forwarded-for and user agent count.
func (id Identity) Client(r *Request) uint64 {
	switch value := id.value(r); {
	case id.kind == byAddress:
		return hashWord(hashStart, r.Client)
	case len(value) > 0:
		return hashWord(hashStart+uint64(id.kind), value)
	}
	h := hashWord(hashStart, r.Client)
	h = hashWord(h, r.header(forwardedFor))
	return hashWord(h, r.UserAgent)
}

// LoggedConnection is the client's connection that r came on, as a number that no other connection of any log has. ok is false
// when the log does not number connections.
func (r *Request) LoggedConnection() (connection uint64, ok bool) {
	if r.Connection < 0 {
		return 0, false
	}
	h := hashStart
	for i := 0; i < len(r.Source); i++ {
		h = (h ^ uint64(r.Source[i])) * hashPrime
	}
	var number [8]byte
	binary.LittleEndian.PutUint64(number[:], uint64(r.Connection))
	return hashWord(h, number[:]), true
}

func (id Identity) value(r *Request) []byte {
	switch id.kind {
	case byUser:
		return r.User
	case byCookie:
		return cookie(r.header(cookieHeader), id.name)
	case byHeader:
		switch string(id.name) {
		case "host":
			return r.Host
		case "user-agent":
			return r.UserAgent
		case "referer":
			return r.Referer
		}
		return r.header(id.name)
	}
	return nil
}

var cookieHeader = []byte("cookie")

// header is the value of the first header of that name, in lower case.
func (r *Request) header(name []byte) []byte {
	for _, h := range r.Headers {
		if bytes.Equal(h.Name, name) {
			return h.Value
		}
	}
	return nil
}

// cookie is the value of the cookie of that name in a Cookie header.
func cookie(header, name []byte) []byte {
	for len(header) > 0 {
		var pair []byte
		pair, header, _ = bytes.Cut(header, []byte{';'})
		if key, value, found := bytes.Cut(bytes.TrimSpace(pair), []byte{'='}); found && bytes.Equal(key, name) {
			return value
		}
	}
	return nil
}

// hashStart and hashPrime are those of FNV-1a with 64 bits.
const (
	hashStart uint64 = 0xcbf29ce484222325
	hashPrime uint64 = 0x100000001b3
)

// hashWord takes a word into a hash. Its length is taken in too, so that two words do not run together, and the
// result is mixed, so that a share of clients can be chosen by comparing it.
func hashWord(h uint64, word []byte) uint64 {
	for _, b := range word {
		h = (h ^ uint64(b)) * hashPrime
	}
	return finish(h ^ uint64(len(word))*hashPrime)
}

// finish has all bits of h depend on all of its bits: the finalizer of SplitMix64.
func finish(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
