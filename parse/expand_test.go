package parse

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// inDir makes files in a folder of their own and goes there.
func inDir(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func checkExpand(t *testing.T, names, files string, skipped ...Skipped) {
	t.Helper()
	got, err := Expand(strings.Fields(names))
	if err != nil {
		t.Errorf("%s: %v", names, err)
	}
	if strings.Join(got.Files, " ") != files {
		t.Errorf("%s:\n got %s\nwant %s", names, strings.Join(got.Files, " "), files)
	}
	if !slices.Equal(got.Skipped, skipped) {
		t.Errorf("%s: skipped %q, want %q", names, got.Skipped, skipped)
	}
}

// A rotated set comes in the order of its age, however it was named.
func TestExpandRotated(t *testing.T) {
	names := []string{"a.log.10.gz", "a.log.9.gz", "a.log.2.gz", "a.log.1", "a.log", "b.log-20231231.gz", "b.log-20240101-1200", "b.log-20240102", "b.log", "c.log-2024-01-02.zst", "c.log"}
	files := map[string]string{}
	for _, name := range names {
		files[name] = lineGET
	}
	inDir(t, files)
	want := strings.Join(names, " ")
	checkExpand(t, "a.log b.log c.log a.log.1 a.log.2.gz a.log.9.gz a.log.10.gz b.log-20240102 b.log-20240101-1200 b.log-20231231.gz c.log-2024-01-02.zst", want)
	checkExpand(t, "c.log* a.log* b.log* a.log", want)
	checkExpand(t, "?.log*", want)
	checkExpand(t, "{a,b,c}.log{,[.-]*}", want)
	checkExpand(t, ".", want)
	checkExpand(t, "./a.log a.log", "a.log")
	checkExpand(t, "- a.log -", "- a.log")
}

// What a directory holds beside logs is named with a reason.
func TestExpandDir(t *testing.T) {
	inDir(t, map[string]string{
		"d/access.log": lineGET, "d/access.log.2.gz": string(gzipped(t, lineGET)), "d/error.log": "x", "d/.access.log.swp": "x", "d/notes.txt": "x", "d/core.log": "\x7fELF\x00\x01",
		"d/cut.log.gz": "\x1f\x8b\x08", "d/old/access.log": lineGET, "d/nul.log": strings.Repeat("\x00", 5000) + lineGET, "d/empty.log": "",
	})
	if err := os.Symlink("access.log", "d/current.log"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("missing", "d/dangling.log"); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", "d/socket.log")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	checkExpand(t, "d", "d/access.log.2.gz d/access.log d/empty.log d/nul.log",
		Skipped{"d/.access.log.swp", "a hidden file"},
		Skipped{"d/core.log", "binary"},
		Skipped{"d/current.log", "the same file as another name given"},
		Skipped{"d/cut.log.gz", "unexpected EOF"},
		Skipped{"d/dangling.log", "no such file or directory"},
		Skipped{"d/error.log", "an error log by its name"},
		Skipped{"d/notes.txt", "not named like a log (*log*, *access*)"},
		Skipped{"d/old", "a directory: name it to read the logs in it"},
		Skipped{"d/socket.log", "no regular file"},
	)
	checkExpand(t, "d/**/acc*g", "d/access.log d/old/access.log")
	checkExpand(t, "d/*.txt d/error.log", "d/error.log d/notes.txt") // who names a file wants it
}

func TestExpandErrors(t *testing.T) {
	inDir(t, map[string]string{"a.log": lineGET, "empty/x.txt": ""})
	listener, err := net.Listen("unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	got, err := Expand([]string{"missing.log", "a.log", "*.gz", "[", "empty", "socket", "/dev/null"})
	if !slices.Equal(got.Files, []string{"a.log"}) {
		t.Errorf("%q", got.Files)
	}
	want := `open log: stat missing.log: no such file or directory
open log: "*.gz" matches no file: check the pattern, and that the shell left it whole
open log: pattern "[": syntax error in pattern
open log: empty: no log in this directory among 1 files: name the files, as empty/*
open log: socket is a socket: name a file
open log: /dev/null is a device: name a file, or - for standard input`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
