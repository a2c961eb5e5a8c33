package body

import (
	"cmp"
	"errors"
	"fmt"
	"mime"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// A spec is a rule as the file has it.
type spec struct {
	Route     string        `yaml:"route"`
	Method    string        `yaml:"method"`
	Path      string        `yaml:"path"`
	JSON      *string       `yaml:"json"`
	Text      *string       `yaml:"text"`
	File      string        `yaml:"file"`
	Form      yaml.MapSlice `yaml:"form"`
	Multipart []partSpec    `yaml:"multipart"`
	Type      string        `yaml:"type"`
}

type partSpec struct {
	Name     string  `yaml:"name"`
	Value    *string `yaml:"value"`
	File     string  `yaml:"file"`
	Filename string  `yaml:"filename"`
	Type     string  `yaml:"type"`
}

// largestFile bounds the file of rules, in bytes.
const largestFile = 4 << 20

// Load reads rules from a YAML file, and everything that they name. Each is rendered once, so that what is wrong is
// said here. Errors are FILE:LINE: what: cause, joined.
func Load(path string) (*Rules, error) {
	source, err := readBounded(path, largestFile)
	if err != nil {
		return nil, fmt.Errorf("bodies: %w", err)
	}
	tree, err := parser.ParseBytes(source, 0)
	if err != nil {
		return nil, located(path, 1, err)
	}
	l := loader{path: path, rules: &Rules{words: newWords()}}
	for _, doc := range tree.Docs {
		list, ok := doc.Body.(*ast.SequenceNode)
		if !ok {
			return nil, fmt.Errorf("%s:1: want a list of rules, each beginning with a dash: - method: POST", path)
		}
		for _, node := range list.Values {
			l.load(node)
		}
	}
	if len(tree.Docs) == 0 {
		return nil, fmt.Errorf("%s:1: holds no rule", path)
	}
	return l.rules, errors.Join(l.errs...)
}

// A loader reads one file of rules.
type loader struct {
	path  string
	rules *Rules
	errs  []error
}

func (l *loader) load(node ast.Node) {
	line := node.GetToken().Position.Line
	var s spec
	if err := yaml.NodeToValue(node, &s, yaml.Strict()); err != nil {
		l.errs = append(l.errs, located(l.path, line, err))
		return
	}
	r := rule{route: s.Route, method: s.Method, path: s.Path}
	key, c, err := l.content(&s)
	r.content = c
	if err == nil {
		err = r.check()
	}
	if err == nil {
		err = l.rules.sample(&r)
	}
	if err != nil {
		l.errs = append(l.errs, fmt.Errorf("%s:%d: %s: %w", l.path, lineOf(node, key, line), cmp.Or(key, "rule"), err))
		return
	}
	l.rules.rules = append(l.rules.rules, r)
}

// content makes the one content of a rule. key is where an error belongs.
func (l *loader) content(s *spec) (key string, c content, err error) {
	keys := s.contents()
	if len(keys) != 1 {
		return "", nil, fmt.Errorf("want one of json, text, form, multipart and file, not %s", cmp.Or(strings.Join(keys, " and "), "none"))
	}
	key = keys[0]
	if s.Type != "" {
		if key == "form" || key == "multipart" {
			return "type", nil, fmt.Errorf("%s has a type of its own", key)
		}
		if err := checkType(s.Type); err != nil {
			return "type", nil, err
		}
	}
	switch key {
	case "json":
		c, err = l.text(key, *s.JSON, cmp.Or(s.Type, "application/json"), true)
	case "text":
		c, err = l.text(key, *s.Text, cmp.Or(s.Type, "text/plain; charset=utf-8"), false)
	case "form":
		c, err = l.form(s.Form)
	case "multipart":
		c, err = l.multipart(s.Multipart)
	case "file":
		var bytes []byte
		bytes, err = l.read(s.File)
		c = &file{mediaType: typeOf(s.Type, s.File), bytes: bytes}
	}
	return key, c, err
}

func checkType(mediaType string) error {
	if _, _, err := mime.ParseMediaType(mediaType); err != nil || strings.ContainsAny(mediaType, "\r\n\x00") {
		return fmt.Errorf("%q: want a media type as application/json", mediaType)
	}
	return nil
}

func (s *spec) contents() []string {
	var keys []string
	for _, k := range []struct {
		name  string
		given bool
	}{{"json", s.JSON != nil}, {"text", s.Text != nil}, {"form", s.Form != nil}, {"multipart", s.Multipart != nil}, {"file", s.File != ""}} {
		if k.given {
			keys = append(keys, k.name)
		}
	}
	return keys
}

func (l *loader) text(name, source, mediaType string, isJSON bool) (content, error) {
	t, err := l.rules.words.compile(name, source)
	return &text{mediaType: mediaType, template: t, isJSON: isJSON}, err
}

func (l *loader) form(items yaml.MapSlice) (content, error) {
	var f form
	for _, item := range items {
		name := fmt.Sprint(item.Key)
		switch item.Value.(type) {
		case []any, yaml.MapSlice, map[string]any:
			return nil, fmt.Errorf("%s: want one value, not a list or a map", name)
		case nil:
			item.Value = ""
		}
		t, err := l.rules.words.compile(name, fmt.Sprint(item.Value))
		if err != nil {
			return nil, err
		}
		f = append(f, field{name, t})
	}
	return f, nil
}

func (l *loader) multipart(specs []partSpec) (content, error) {
	var list parts
	for _, s := range specs {
		p := part{name: s.Name, mediaType: s.Type}
		var err error
		switch {
		case s.Name == "":
			err = errors.New("a part has no name")
		case (s.Value != nil) == (s.File != ""):
			err = fmt.Errorf("%s: want either a value or a file", s.Name)
		case s.Value != nil && s.Filename != "":
			err = fmt.Errorf("%s: filename is for a file", s.Name)
		case s.Value != nil:
			p.value, err = l.rules.words.compile(s.Name, *s.Value)
		default:
			p.filename, p.mediaType = cmp.Or(s.Filename, filepath.Base(s.File)), typeOf(s.Type, s.File)
			p.bytes, err = l.read(s.File)
		}
		if err == nil && s.Type != "" {
			err = checkType(s.Type)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// read reads a file that a rule names, which may be relative to the file of rules.
func (l *loader) read(name string) ([]byte, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(l.path), name)
	}
	return readBounded(name, Largest)
}

func readBounded(name string, most int64) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file", name)
	case info.Size() > most:
		return nil, fmt.Errorf("%s: has %d bytes, at most %d can be used", name, info.Size(), most)
	}
	return os.ReadFile(name)
}

func typeOf(given, file string) string {
	return cmp.Or(given, mime.TypeByExtension(filepath.Ext(file)), "application/octet-stream")
}

// lineOf is the line of a key of a rule, or the rule's.
func lineOf(node ast.Node, key string, line int) int {
	if m, ok := node.(ast.MapNode); ok && key != "" {
		for pairs := m.MapRange(); pairs.Next(); {
			if token := pairs.Key().GetToken(); token.Value == key {
				return token.Position.Line
			}
		}
	}
	return line
}

// located is an error of the YAML package as FILE:LINE: cause, without its picture of the source.
func located(path string, line int, err error) error {
	var detailed yaml.Error
	if !errors.As(err, &detailed) {
		return fmt.Errorf("%s:%d: %w", path, line, err)
	}
	if token := detailed.GetToken(); token != nil {
		line = token.Position.Line
	}
	return fmt.Errorf("%s:%d: %s", path, line, detailed.GetMessage())
}
