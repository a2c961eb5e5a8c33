package anonymize

import (
	"encoding/base64"
	"encoding/hex"
	"net/netip"
)

// A kind keeps pseudonyms of different shapes apart.
type kind byte

const (
	kindToken kind = 't'
	kindEmail kind = 'e'
	kindIPv4  kind = '4'
	kindIPv6  kind = '6'
)

// digest is the keyed hash of value, valid until the next one.
func (a *Anonymizer) digest(k kind, value []byte) []byte {
	a.mac.Reset()
	a.input[0] = byte(k)
	a.mac.Write(a.input[:1])
	a.mac.Write(value)
	return a.mac.Sum(a.sum[:0])
}

// The lengths of tokens, in bytes. A pseudonym shorter than minToken could stand for two values; one longer than
// maxToken is longer than any server takes.
const (
	minToken  = 16
	hexToken  = 32
	maxToken  = 8192
	hexInMail = 16
)

// token appends a pseudonym as long as value, within bounds: hexadecimal digits, and filler beyond them.
func (a *Anonymizer) token(value []byte) {
	end := len(a.out) + min(max(len(value), minToken), maxToken)
	a.hex(kindToken, value, min(end-len(a.out), hexToken))
	for len(a.out) < end {
		a.out = append(a.out, 'x')
	}
}

// hex appends digits of the hash of value.
func (a *Anonymizer) hex(k kind, value []byte, digits int) {
	start := len(a.out)
	a.out = hex.AppendEncode(a.out, a.digest(k, value)[:(digits+1)/2])
	a.out = a.out[:start+digits]
}

// email appends an address at a domain that exists for examples only.
func (a *Anonymizer) email(value []byte) {
	a.out = append(a.out, "user-"...)
	a.hex(kindEmail, value, hexInMail)
	a.out = append(a.out, "@example.com"...)
}

// jwt appends what can be read as a JSON Web Token, with a signature that fits no key.
func (a *Anonymizer) jwt(value []byte) {
	a.out = append(a.out, "eyJhbGciOiJIUzI1NiJ9."...) // {"alg":"HS256"}
	start := len(a.out)
	a.out = append(a.out, `{"sub":"`...)
	a.hex(kindToken, value, hexToken)
	a.out = append(a.out, `"}`...)
	a.encodeFrom(start, base64.RawURLEncoding)
	a.out = append(a.out, '.')
	a.hex(kindToken, value, 2*len(a.sum)-hexToken)
}

// encodeFrom encodes what stands in a.out from start on.
func (a *Anonymizer) encodeFrom(start int, encoding *base64.Encoding) {
	mark := len(a.decoded)
	a.decoded = append(a.decoded, a.out[start:]...)
	a.out = encoding.AppendEncode(a.out[:start], a.decoded[mark:])
	a.decoded = a.decoded[:mark]
}

// address appends an address of the same family: 10.0.0.0/8 for IPv4, 2001:db8::/32, which is for documentation, for
// IPv6.
func (a *Anonymizer) address(addr netip.Addr) {
	if addr.Is4() || addr.Is4In6() {
		if addr.Is4In6() {
			a.out = append(a.out, "::ffff:"...)
		}
		bytes := addr.Unmap().As4()
		copy(a.input[1:], bytes[:])
		sum := a.digest(kindIPv4, a.input[1:1+len(bytes)])
		a.out = netip.AddrFrom4([4]byte{10, sum[0], sum[1], sum[2]}).AppendTo(a.out)
		return
	}
	bytes := addr.As16()
	copy(a.input[1:], bytes[:])
	sum := a.digest(kindIPv6, a.input[1:])
	pseudonym := [16]byte{0x20, 0x01, 0x0d, 0xb8}
	copy(pseudonym[4:], sum)
	a.out = netip.AddrFrom16(pseudonym).AppendTo(a.out)
}

// opaque appends what stands for a value that is personal or secret as a whole, in its shape.
func (a *Anonymizer) opaque(value []byte) {
	switch {
	case len(value) == 0:
	case isJWT(value):
		a.jwt(value)
	case isEmail(value):
		a.email(value)
	default:
		a.token(value)
	}
}

// node is the rule for the address of a client, possibly with a port.
func (a *Anonymizer) node(value []byte) {
	text := string(value)
	switch text {
	case "", "-", "unknown", "unix:":
		a.keep(value)
		return
	}
	if addr, err := netip.ParseAddr(text); err == nil {
		a.address(addr)
		return
	}
	if addr, err := netip.ParseAddrPort(text); err == nil {
		if addr.Addr().Is4() {
			a.address(addr.Addr())
		} else {
			a.out = append(a.out, '[')
			a.address(addr.Addr())
			a.out = append(a.out, ']')
		}
		a.out = append(a.out, text[lastColon(text):]...)
		return
	}
	if n := len(text); n > 2 && text[0] == '[' && text[n-1] == ']' {
		if addr, err := netip.ParseAddr(text[1 : n-1]); err == nil {
			a.out = append(a.out, '[')
			a.address(addr)
			a.out = append(a.out, ']')
			return
		}
	}
	a.token(value)
}

func lastColon(text string) int {
	i := len(text) - 1
	for text[i] != ':' {
		i--
	}
	return i
}
