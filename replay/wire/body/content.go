package body

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"
	"text/template"
)

// A text is one template.
type text struct {
	mediaType string
	template  *template.Template
	isJSON    bool
}

// errNotJSON says what to do about it, because the cause is mostly one.
var errNotJSON = errors.New("is no valid JSON; {{json .Path}} quotes what comes from the log")

func (t *text) write(p *page, v *vars) (string, error) {
	if err := t.template.Execute(p, v); err != nil {
		return "", err
	}
	if t.isJSON && !json.Valid(p.Bytes()) {
		return "", errNotJSON
	}
	return t.mediaType, nil
}

// A file is sent as it is.
type file struct {
	mediaType string
	bytes     []byte
}

func (f *file) write(p *page, _ *vars) (string, error) {
	_, err := p.Write(f.bytes)
	return f.mediaType, err
}

// A form is sent URL-encoded, its fields in the order of the rule.
type form []field

type field struct {
	name  string
	value *template.Template
}

func (f form) write(p *page, v *vars) (string, error) {
	var value page
	for i, field := range f {
		value.Reset()
		if err := field.value.Execute(&value, v); err != nil {
			return "", err
		}
		separator := "&"
		if i == 0 {
			separator = ""
		}
		if _, err := fmt.Fprintf(p, "%s%s=%s", separator, url.QueryEscape(field.name), url.QueryEscape(value.String())); err != nil {
			return "", err
		}
	}
	return "application/x-www-form-urlencoded", nil
}

// A parts is a multipart form.
type parts []part

type part struct {
	name      string
	value     *template.Template // or nil for a file
	filename  string
	mediaType string
	bytes     []byte
}

func (ps parts) write(p *page, v *vars) (string, error) {
	w := multipart.NewWriter(p)
	// A boundary of its own for each request would be drawn by chance; this one is repeatable and in no usual file.
	if err := w.SetBoundary(fmt.Sprintf("ngxreplay-%016x-5f3d9c1e", v.N)); err != nil {
		return "", err
	}
	for _, part := range ps {
		out, err := w.CreatePart(part.header())
		if err != nil {
			return "", err
		}
		if part.value != nil {
			err = part.value.Execute(out, v)
		} else {
			_, err = out.Write(part.bytes)
		}
		if err != nil {
			return "", err
		}
	}
	err := w.Close()
	return w.FormDataContentType(), err
}

func (p *part) header() textproto.MIMEHeader {
	escape := strings.NewReplacer("\\", "\\\\", `"`, `\"`, "\r", "%0D", "\n", "%0A").Replace
	disposition := fmt.Sprintf(`form-data; name="%s"`, escape(p.name))
	h := textproto.MIMEHeader{}
	if p.value == nil {
		disposition += fmt.Sprintf(`; filename="%s"`, escape(p.filename))
	}
	h.Set("Content-Disposition", disposition)
	if p.mediaType != "" {
		h.Set("Content-Type", p.mediaType)
	}
	return h
}

// compile reads a template. Fields that do not exist are errors, not "<no value>".
func (w *words) compile(name, source string) (*template.Template, error) {
	t, err := template.New(name).Option("missingkey=error").Funcs(w.functions()).Parse(source)
	if err != nil {
		return nil, plain(err)
	}
	return t, nil
}

// plain is a template's error without the words that say nothing.
func plain(err error) error {
	if message, found := strings.CutPrefix(err.Error(), "template: "); found {
		return errors.New(message)
	}
	return err
}

// sample renders c once, to find what is wrong with it before a replay.
func (rs *Rules) sample(r *rule) error {
	v := &vars{Method: r.method, Route: r.route, Path: "/sample", Query: "a=b", Host: "sample.example", Client: "1", N: 1}
	if _, err := rs.write(r.content, v, 1); err != nil {
		return plain(err)
	}
	return nil
}
