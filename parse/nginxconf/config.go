package nginxconf

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"ngxreplay/parse"
)

// A Config is what a configuration says of access logs.
type Config struct {
	Path    string // of the file given to Load
	Formats []Format
	Logs    []AccessLog

	dir string // what paths are relative to
}

// A Format is a log_format directive. "combined", which nginx has built in, is not among them.
type Format struct {
	Name string
	// Format is nil when the directive cannot be used for a replay; Err says why.
	Format *parse.Format
	Err    error
	Where  Position
}

// An AccessLog is an access_log directive.
type AccessLog struct {
	Path   string // as written; may hold variables, and may begin with "syslog:"
	Format string // the name; "combined" when none is given
	Where  Position
}

// A Position is where a directive stands. Its line is that of the semicolon, from 1.
type Position struct {
	File string
	Line int
}

// String returns "file:line".
func (p Position) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// combined is the name of the format that needs no log_format.
const combined = "combined"

// Format finds a format by its name. The error lists the names there are.
func (c *Config) Format(name string) (*parse.Format, error) {
	var names []string
	for i := len(c.Formats) - 1; i >= 0; i-- { // the last definition of a name holds
		f := &c.Formats[i]
		if f.Name != name {
			names = append(names, f.Name)
			continue
		}
		if f.Err != nil {
			return nil, f.Err
		}
		return f.Format, nil
	}
	if name == combined {
		f, _ := parse.Lookup(combined)
		return f, nil
	}
	return nil, fmt.Errorf("%s: no log_format %q: it defines %s", c.Path, name, strings.Join(append(names, combined), ", "))
}

// FormatFor finds the format of a log by its path: that of the access_log directive with the same path, or else with
// the same file name. Marks of rotation and compression (access.log.2.gz) are left out. When that finds nothing, a
// configuration with one format for all its logs still answers.
func (c *Config) FormatFor(path string) (*parse.Format, error) {
	var matches []AccessLog
	for _, same := range []func(string) bool{
		func(log string) bool { return sameLog(c.absolute(log), absolute(path)) },
		func(log string) bool { return sameLog(filepath.Base(log), filepath.Base(path)) },
		func(string) bool { return true },
	} {
		for _, log := range c.Logs {
			if same(log.Path) {
				matches = append(matches, log)
			}
		}
		if len(matches) > 0 {
			break
		}
	}
	if len(matches) == 0 {
		if len(c.Formats) == 1 {
			return c.Format(c.Formats[0].Name)
		}
		return c.Format(combined) // what nginx does without access_log
	}
	for _, other := range matches[1:] {
		if other.Format != matches[0].Format {
			return nil, fmt.Errorf("%s: the format of %s is not clear: %s writes %s as %s, and %s writes %s as %s: name the format",
				c.Path, path, matches[0].Where, matches[0].Path, matches[0].Format, other.Where, other.Path, other.Format)
		}
	}
	f, err := c.Format(matches[0].Format)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", matches[0].Where, err)
	}
	return f, nil
}

// Err joins what is wrong with the formats that cannot be used.
func (c *Config) Err() error {
	var errs []error
	for _, f := range c.Formats {
		errs = append(errs, f.Err)
	}
	return errors.Join(errs...)
}

// absolute makes the path of a directive absolute. nginx takes it relative to its prefix, which mostly is the folder
// of the configuration.
func (c *Config) absolute(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(c.dir, path)
}

func absolute(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return abs
}

// sameLog reports whether name is the log, or one of its rotated set.
func sameLog(log, name string) bool {
	rest, ok := strings.CutPrefix(name, log)
	if !ok {
		return false
	}
	for _, suffix := range []string{".gz", ".zst", ".bz2", ".xz"} {
		rest = strings.TrimSuffix(rest, suffix)
	}
	return strings.Trim(rest, "0123456789.-_") == ""
}
