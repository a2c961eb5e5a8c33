package nginxconf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tufanbarisyildirim/gonginx/config"
	"github.com/tufanbarisyildirim/gonginx/parser"

	"ngxreplay/parse"
)

const (
	maxFiles = 1000    // of one configuration
	maxSize  = 4 << 20 // of one file
	maxTotal = 32 << 20
	maxDepth = 100 // of blocks in blocks, and of includes
)

// Load reads a configuration and all that it includes. An error names the file, and the line where the parser knows
// it.
func Load(path string) (*Config, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("nginx configuration: %w", err)
	}
	l := loader{config: &Config{Path: path, dir: filepath.Dir(abs)}}
	if err := l.file(path); err != nil {
		return nil, fmt.Errorf("nginx configuration: %w", err)
	}
	return l.config, nil
}

// A loader walks through the files of a configuration.
type loader struct {
	config *Config
	open   []string // the files that are being read, the outermost first
	files  int
	size   int
}

// file reads one file. A file that includes itself is refused, as nginx refuses it.
func (l *loader) file(path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if slices.Contains(l.open, abs) {
		return fmt.Errorf("%s includes itself, by way of %s", path, strings.Join(l.open, ", "))
	}
	if l.files++; l.files > maxFiles || len(l.open) >= maxDepth {
		return fmt.Errorf("%s: more than %d files, or includes %d deep: give the file with the log_format itself", path, maxFiles, maxDepth)
	}
	text, err := l.read(path)
	if err != nil {
		return err
	}
	parsed, err := parser.NewStringParser(text, parser.WithSkipValidDirectivesErr(), parser.WithSkipComments()).Parse()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	l.open = append(l.open, abs)
	defer func() { l.open = l.open[:len(l.open)-1] }()
	return l.directives(path, parsed.Block)
}

// read bounds what a file can do to the parser, which takes it whole and descends into its blocks.
func (l *loader) read(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no regular file", path)
	}
	if l.size += int(min(info.Size(), maxTotal)); info.Size() > maxSize || l.size > maxTotal {
		return "", fmt.Errorf("%s: too large: a file may have %d bytes, and all together %d", path, maxSize, maxTotal)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if len(data) > maxSize {
		return "", fmt.Errorf("%s: too large", path)
	}
	depth := 0
	for i, c := range data {
		switch c {
		case 0:
			return "", fmt.Errorf("%s: a NUL byte at offset %d: this is no configuration", path, i)
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth > maxDepth {
			return "", fmt.Errorf("%s: blocks more than %d deep", path, maxDepth)
		}
	}
	return string(data), nil
}

// directives takes what it needs from a block, in the order in which nginx would.
func (l *loader) directives(path string, block config.IBlock) error {
	for _, d := range block.GetDirectives() {
		where := Position{path, d.GetLine()}
		var err error
		switch d.GetName() {
		case "log_format":
			l.format(where, d)
		case "access_log":
			l.log(where, d)
		case "include":
			err = l.include(where, d)
		}
		if err != nil {
			return err
		}
		if inner := d.GetBlock(); inner != nil {
			if err := l.directives(path, inner); err != nil {
				return err
			}
		}
	}
	return nil
}

// format takes a log_format directive. What is wrong with one matters only when a log uses it.
func (l *loader) format(where Position, d config.IDirective) {
	words := words(d)
	if len(words) == 0 {
		return
	}
	name := unquote(words[0])
	for i, w := range words[1:] {
		if w != "" && w[0] != '"' && w[0] != '\'' && !strings.HasPrefix(w, "escape=") {
			words[i+1] = `"` + w + `"` // nginx takes words without quotes too
		}
	}
	f := Format{Name: name, Where: where}
	compiled, err := parse.Compile(name, "log_format "+strings.Join(words, " ")+";", parse.EscapeDefault)
	if err != nil {
		f.Err = fmt.Errorf("%s: %w", where, err)
	} else {
		f.Format = compiled
	}
	l.config.Formats = append(l.config.Formats, f)
}

// log takes an access_log directive: a path, and perhaps a format and options such as buffer=32k.
func (l *loader) log(where Position, d config.IDirective) {
	words := words(d)
	if len(words) == 0 || words[0] == "off" {
		return
	}
	log := AccessLog{Path: unquote(words[0]), Format: combined, Where: where}
	if len(words) > 1 && !strings.Contains(words[1], "=") {
		log.Format = unquote(words[1])
	}
	l.config.Logs = append(l.config.Logs, log)
}

// include reads the files of an include directive. A pattern may match nothing; a name may not.
func (l *loader) include(where Position, d config.IDirective) error {
	words := words(d)
	if len(words) != 1 {
		return fmt.Errorf("%s: include takes one file or pattern", where)
	}
	pattern := l.config.absolute(unquote(words[0]))
	names := []string{pattern}
	if strings.ContainsAny(pattern, "*?[") {
		var err error
		if names, err = filepath.Glob(pattern); err != nil {
			return fmt.Errorf("%s: include %s: %w", where, pattern, err)
		}
		names = slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(filepath.Base(name), ".") })
	}
	for _, name := range names {
		if err := l.file(name); err != nil {
			var deeper *includeError
			if errors.As(err, &deeper) {
				return err // it names its place
			}
			return &includeError{where, err}
		}
	}
	return nil
}

// An includeError is what is wrong with an included file, and where it was included.
type includeError struct {
	where Position
	err   error
}

func (e *includeError) Error() string { return fmt.Sprintf("%s: include: %v", e.where, e.err) }
func (e *includeError) Unwrap() error { return e.err }

// words are the parameters of a directive as they stand in the file, quotes included.
func words(d config.IDirective) []string {
	var out []string
	for _, p := range d.GetParameters() {
		out = append(out, p.GetValue())
	}
	return out
}

// unquote takes the quotes from a name or a path.
func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
