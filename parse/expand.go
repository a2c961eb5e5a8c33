package parse

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Inputs are the logs that some names stand for.
type Inputs struct {
	// Files can be given to [Open]. Those of a rotated set stand together, the oldest first. Their order does not
	// depend on that of the names.
	Files []string
	// Skipped are files found in a directory or by a pattern that are no logs or cannot be read.
	Skipped []Skipped
}

// Skipped is a file that was found and not taken, and why.
type Skipped struct{ Name, Reason string }

// Expand finds the logs that names stand for: files, "-" for standard input, patterns (*, ?, [a-z], {a,b} and ** for
// any folders) and directories, which stand for the logs directly in them. A file named twice, also by way of a link,
// is read once.
//
// The error joins what is wrong with the names themselves; Inputs hold what the others stand for.
func Expand(names []string) (Inputs, error) {
	x := expansion{seen: map[string]bool{}}
	var errs []error
	for _, name := range names {
		if err := x.add(name); err != nil {
			errs = append(errs, err)
		}
	}
	slices.SortFunc(x.inputs.Files, compareRotated)
	x.dropLinks()
	slices.SortFunc(x.inputs.Skipped, func(a, b Skipped) int { return compareRotated(a.Name, b.Name) })
	return x.inputs, errors.Join(errs...)
}

// An expansion collects the logs of all names.
type expansion struct {
	inputs Inputs
	seen   map[string]bool
}

func (x *expansion) add(name string) error {
	if name == Stdin {
		x.take(name)
		return nil
	}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return x.addDir(name)
	case err == nil:
		if err := checkFile(name); err != nil {
			return err
		}
		x.take(filepath.Clean(name))
		return nil
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(name, "*?[{"):
		return x.addPattern(name)
	}
	return fmt.Errorf("open log: %w", err)
}

func (x *expansion) take(name string) {
	if !x.seen[name] {
		x.seen[name] = true
		x.inputs.Files = append(x.inputs.Files, name)
	}
}

func (x *expansion) skip(name, reason string) {
	if !x.seen[name] {
		x.seen[name] = true
		x.inputs.Skipped = append(x.inputs.Skipped, Skipped{name, reason})
	}
}

// addDir takes the logs that lie directly in a directory.
func (x *expansion) addDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	before := len(x.inputs.Files)
	for _, entry := range entries {
		name := filepath.Join(dir, entry.Name())
		if reason := notLog(name, true); reason != "" {
			x.skip(name, reason)
		} else {
			x.take(name)
		}
	}
	if len(x.inputs.Files) == before {
		return fmt.Errorf("open log: %s: no log in this directory among %d files: name the files, as %s", dir, len(entries), filepath.Join(dir, "*"))
	}
	return nil
}

// addPattern takes what a pattern matches. The user chose the names, so only their content is judged.
func (x *expansion) addPattern(pattern string) error {
	matches, err := doublestar.FilepathGlob(pattern)
	if err != nil {
		return fmt.Errorf("open log: pattern %q: %w", pattern, err)
	}
	if len(matches) == 0 {
		return fmt.Errorf("open log: %q matches no file: check the pattern, and that the shell left it whole", pattern)
	}
	for _, name := range matches {
		if reason := notLog(name, false); reason != "" {
			x.skip(name, reason)
		} else {
			x.take(name)
		}
	}
	return nil
}

// dropLinks keeps the first name of each file, because a log read twice would double its traffic.
func (x *expansion) dropLinks() {
	var infos []os.FileInfo
	kept := x.inputs.Files[:0]
	for _, name := range x.inputs.Files {
		info, err := os.Stat(name)
		if name == Stdin || err != nil {
			kept = append(kept, name) // opening it tells what is wrong
			continue
		}
		same := slices.IndexFunc(infos, func(other os.FileInfo) bool { return os.SameFile(info, other) })
		if same >= 0 {
			x.inputs.Skipped = append(x.inputs.Skipped, Skipped{name, "the same file as another name given"})
			continue
		}
		infos, kept = append(infos, info), append(kept, name)
	}
	x.inputs.Files = kept
}

// notLog says why a file that was found is not taken, or nothing. byName also judges the name.
func notLog(name string, byName bool) string {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return errors.Unwrap(err).Error()
	case info.IsDir():
		return "a directory: name it to read the logs in it"
	case !info.Mode().IsRegular():
		return "no regular file"
	}
	if byName {
		if reason := NotLogName(name); reason != "" {
			return reason
		}
	}
	return notText(name)
}

// NotLogName says why a file in a directory is no access log, judged by its name, or nothing.
func NotLogName(name string) string {
	base := strings.ToLower(filepath.Base(name))
	switch {
	case strings.HasPrefix(base, "."):
		return "a hidden file"
	case strings.Contains(base, "error"):
		return "an error log by its name"
	case !strings.Contains(base, "log") && !strings.Contains(base, "access"):
		return "not named like a log (*log*, *access*)"
	}
	return ""
}

// notText says why the content of a file is no log.
func notText(name string) string {
	s, err := Open(name)
	if err != nil {
		for unwrapped := err; unwrapped != nil; unwrapped = errors.Unwrap(unwrapped) {
			err = unwrapped
		}
		return err.Error()
	}
	defer s.Close()
	head, _ := s.buf.Peek(headSize)
	if bytes.IndexByte(bytes.TrimLeft(head, "\x00"), 0) >= 0 {
		return "binary"
	}
	return ""
}

// headSize is how many bytes are looked at to tell a binary file.
const headSize = 1 << 10

// compareRotated orders logs by name and those of one rotated set by age, the oldest first:
//
//	access.log-20240101.gz access.log-20240102 access.log.10.gz access.log.9 access.log.1 access.log
func compareRotated(a, b string) int {
	sa, sb := splitRotated(a), splitRotated(b)
	return cmp.Or(
		strings.Compare(sa.stem, sb.stem),
		cmp.Compare(sa.age, sb.age),
		strings.Compare(a, b),
	)
}

// A rotated name is that of the live log, and how old it is: smaller is older, 0 is the live log.
type rotated struct {
	stem string
	age  int64
}

// splitRotated takes the marks of rotation from a name: the suffix of the compression, and a number or a date.
func splitRotated(name string) rotated {
	for _, suffix := range []string{".gz", ".zst", ".bz2", ".xz"} {
		name = strings.TrimSuffix(name, suffix)
	}
	end := len(name)
	for end > 0 && (isDigit(name[end-1]) || name[end-1] == '-' && end < len(name) && isDigit(name[end])) {
		end--
	}
	number := strings.ReplaceAll(name[end:], "-", "")
	n, ok := parseInt([]byte(number))
	switch {
	case !ok || end == 0:
		return rotated{stem: name}
	case len(number) < 6 && name[end-1] == '.': // access.log.2 is older than access.log.1
		return rotated{name[:end-1], -n}
	case len(number) >= 6: // a date, perhaps with the time of day
		for range 18 - len(number) {
			n *= 10
		}
		return rotated{strings.TrimRight(name[:end], ".-_"), n - 1e18}
	}
	return rotated{stem: name}
}
