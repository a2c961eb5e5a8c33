package targets

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"ngxreplay/replay/wire"
)

// A Spec is a target as the user names it.
type Spec struct {
	Name     string
	Endpoint wire.Endpoint // of a target that is running already
	URL      string        // "" for a program that is to be started
	Metrics  string        // URL of its Prometheus metrics, or ""
}

// IsProgram reports whether the target has to be started.
func (s Spec) IsProgram() bool { return s.URL == "" }

var nameGrammar = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// ParseSpec reads NAME, URL, NAME=URL, or NAME=URL,metrics=URL. A URL may be unix:/PATH.
func ParseSpec(text string) (Spec, error) {
	name, rest, named := strings.Cut(text, "=")
	isURL := strings.Contains(name, "://") || strings.HasPrefix(name, "unix:")
	if isURL {
		name, rest, named = "", text, true
	}
	if !named {
		if !nameGrammar.MatchString(text) {
			return Spec{}, fmt.Errorf("target %q: want a name as gin, a URL as http://127.0.0.1:8080, or NAME=URL", text)
		}
		return Spec{Name: text}, nil
	}
	address, options, _ := strings.Cut(rest, ",")
	s := Spec{Name: name, URL: strings.TrimSuffix(address, "/")}
	endpoint, err := wire.ParseEndpoint(address)
	if err != nil {
		return Spec{}, fmt.Errorf("target %q: %w", text, err)
	}
	s.Endpoint = endpoint
	if isURL {
		s.Name = endpoint.Host
		if endpoint.Unix {
			s.Name = path.Base(endpoint.Address)
		}
	} else if !nameGrammar.MatchString(s.Name) {
		return Spec{}, fmt.Errorf("target %q: name %q: want letters, digits, dots and dashes", text, s.Name)
	}
	if options == "" {
		return s, nil
	}
	metrics, found := strings.CutPrefix(options, "metrics=")
	if !found {
		return Spec{}, fmt.Errorf("target %q: option %q: the only one is metrics=URL", text, options)
	}
	if u, err := url.Parse(metrics); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return Spec{}, fmt.Errorf("target %q: metrics %q: want a URL as http://127.0.0.1:9090/metrics", text, metrics)
	}
	s.Metrics = metrics
	return s, nil
}

// ParseSpecs reads all and joins what is wrong with them. Names must differ, because reports go by them.
func ParseSpecs(texts []string) ([]Spec, error) {
	var specs []Spec
	var errs []error
	seen := map[string]bool{}
	for _, text := range texts {
		s, err := ParseSpec(text)
		if err == nil && seen[s.Name] {
			err = fmt.Errorf("target %q: the name %s is taken by another target: use NAME=URL", text, s.Name)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		seen[s.Name] = true
		specs = append(specs, s)
	}
	return specs, errors.Join(errs...)
}
