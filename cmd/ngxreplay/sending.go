package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"ngxreplay/replay/wire"
	"ngxreplay/replay/wire/auth"
	"ngxreplay/replay/wire/body"
	"ngxreplay/report"

	"github.com/spf13/pflag"
)

// sendingFlags say how requests differ from the logged ones.
type sendingFlags struct {
	rewrites    []string
	cookies     string
	traceparent bool
	revalidate  bool
	auth        string
	bodies      string
}

func (f *sendingFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.rewrites, "rewrite", nil, "replace in request targets, as `'REGEX=>REPLACEMENT'`: '^/v1/=>/v2/' (repeatable, in order)")
	flags.StringVar(&f.cookies, "cookies", "logged", "logged sends the logged Cookie header, drop leaves it `out`")
	flags.BoolVar(&f.traceparent, "traceparent", false, "send a W3C traceparent with every request, so that its trace can be found at the target")
	flags.BoolVar(&f.revalidate, "revalidate", false, "send If-None-Match: * with requests that production answered with 304")
	flags.StringVar(&f.auth, "auth", "", "send an Authorization of this `kind`: bearer:env:TOKEN, basic:USER:file:PATH, or jwt:hs256:env:SECRET[,claim=text...] with a fresh token for each client")
	flags.StringVar(&f.bodies, "bodies", "", "make bodies that the log does not hold by the rules of this YAML `file`")
}

// sending is sendingFlags, checked.
type sending struct {
	flags    *sendingFlags
	rewrites []wire.Rewrite
	auth     *auth.Credential
	bodies   *body.Rules
}

func (f *sendingFlags) check(headers []wire.Header) (sending, error) {
	s := sending{flags: f}
	var errs []error
	for _, text := range f.rewrites {
		rewrite, err := wire.ParseRewrite(text)
		errs = append(errs, err)
		s.rewrites = append(s.rewrites, rewrite)
	}
	if f.cookies != "logged" && f.cookies != "drop" {
		errs = append(errs, fmt.Errorf("cookies %q: want logged or drop", f.cookies))
	}
	var err error
	if f.auth != "" {
		s.auth, err = auth.Parse(f.auth)
		errs = append(errs, err)
		for _, h := range headers {
			if strings.EqualFold(h.Name, "authorization") {
				errs = append(errs, errors.New("--auth and --header Authorization both say who sends: give one of them"))
			}
		}
	}
	if f.bodies != "" {
		s.bodies, err = body.Load(f.bodies)
		errs = append(errs, err)
	}
	return s, errors.Join(errs...)
}

// wireFormat says how requests are written for a target.
func (s *runSettings) wireFormat(target string, endpoint wire.Endpoint) wire.Format {
	format := wire.Format{
		Host:         cmp.Or(s.flags.host, endpoint.Host),
		OverrideHost: s.flags.host != "",
		Header:       s.header,
		Rewrites:     s.sending.rewrites,
		DropCookies:  s.sending.flags.cookies == "drop",
		Auth:         s.sending.auth,
		Revalidate:   s.sending.flags.revalidate,
		Bodies:       s.sending.bodies,
		Seed:         s.build.Seed,
		Made:         new(wire.Made),
		HTTP2:        s.options.HTTP2,
	}
	if s.sending.flags.traceparent {
		format.Traces = wire.NewTraceSeed(s.build.Seed, target)
	}
	return format
}

// needsClients reports whether requests have to be told apart by who sends them.
func (s *sending) needsClients() bool { return s.auth != nil || s.bodies != nil }

// config echoes what was asked for. Secrets are not in the flags: they name where one is.
func (f *sendingFlags) config() report.Sending {
	return report.Sending{
		Rewrites: f.rewrites, DropCookies: f.cookies == "drop", Traceparent: f.traceparent, Revalidate: f.revalidate,
		Auth: f.auth, Bodies: f.bodies,
	}
}

// madeNotes say which bodies were not those of production.
func madeNotes(m *wire.Made, http2 bool) []string {
	var notes []string
	if n := m.Calls.Load(); n > 0 && !http2 {
		notes = append(notes, fmt.Sprintf("%d requests are calls of gRPC, which goes over HTTP/2 only: give --http 2 to have them answered", n))
	}
	if n := m.Filled.Load(); n > 0 {
		text := fmt.Sprintf("%d bodies that the log does not hold are filler of the logged size; log $request_body or give --bodies for real ones", n)
		if cut := m.Shortened.Load(); cut > 0 {
			text += fmt.Sprintf("; %d of them are cut to %d bytes", cut, body.Largest)
		}
		notes = append(notes, text)
	}
	if n := m.Failed.Load(); n > 0 {
		notes = append(notes, fmt.Sprintf("%d bodies could not be made by --bodies and are filler", n))
	}
	return notes
}
