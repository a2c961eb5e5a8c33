package anonymize

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"path/filepath"

	"ngxreplay/replay/secret"
	"ngxreplay/replay/trace"
)

// MinKey is the least length of a key, in bytes.
const MinKey = 16

// An Anonymizer replaces values by pseudonyms. It is not safe for concurrent use.
type Anonymizer struct {
	mac     hash.Hash
	secrets *secret.Matcher
	out     []byte          // the pseudonyms of the current request
	decoded []byte          // a stack of values without their percent-encoding
	rules   map[string]rule // of the headers seen, by their names as they came
	depth   int             // how many URLs within URLs we are in

	// Scratch of digest, here because what is handed to an interface would otherwise be allocated.
	input [1 + 16]byte
	sum   [sha256.Size]byte
}

// New returns an Anonymizer whose pseudonyms depend on key, which is to be kept secret and has at least [MinKey] bytes.
func New(key []byte) *Anonymizer {
	return &Anonymizer{mac: hmac.New(sha256.New, key), secrets: secret.NewMatcher(), rules: map[string]rule{}}
}

// Request replaces the fields of r. The bytes that they had are left alone; the new ones belong to the Anonymizer and
// are valid until the next call.
func (a *Anonymizer) Request(r *trace.Request) {
	a.out = a.out[:0]
	r.Client = a.replace(r.Client, (*Anonymizer).node)
	r.User = a.replace(r.User, (*Anonymizer).opaque)
	r.Target = a.replace(r.Target, (*Anonymizer).url)
	r.Referer = a.replace(r.Referer, (*Anonymizer).url)
	r.UserAgent = a.replace(r.UserAgent, (*Anonymizer).text)
	r.Body = a.replace(r.Body, (*Anonymizer).filler)
	for i := range r.Headers {
		h := &r.Headers[i]
		h.Value = a.replace(h.Value, a.header(h.Name))
	}
	if r.Source != "" {
		r.Source = filepath.Base(r.Source)
	}
}

// maxRules bounds how many headers are remembered: beyond it their rules are found anew each time.
const maxRules = 1000

func (a *Anonymizer) header(name []byte) rule {
	if r, ok := a.rules[string(name)]; ok {
		return r
	}
	r := headerRule(string(name))
	if len(a.rules) < maxRules {
		a.rules[string(name)] = r
	}
	return r
}

// A rule appends what is to stand for a value to a.out.
type rule func(a *Anonymizer, value []byte)

// replace returns what stands for a field. Nil and empty fields stay what they are.
func (a *Anonymizer) replace(field []byte, r rule) []byte {
	if len(field) == 0 {
		return field
	}
	start := len(a.out)
	r(a, field)
	return a.out[start:len(a.out):len(a.out)]
}

// keep is the rule for values that identify nobody.
func (a *Anonymizer) keep(value []byte) { a.out = append(a.out, value...) }

// filler is the rule for bodies: their size and nothing else.
func (a *Anonymizer) filler(value []byte) {
	for range value {
		a.out = append(a.out, 'x')
	}
}
