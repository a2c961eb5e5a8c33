package unnamed

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFileHasNoName(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(dir, "test on disk")
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v left behind, %v", left, err)
	}
	if _, err := f.WriteAt([]byte("kept"), 3); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 10)
	if n, err := f.ReadAt(got, 3); string(got[:n]) != "kept" || err != io.EOF {
		t.Errorf("%q, %v", got[:n], err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = f.Write([]byte("x"))
	checkError(t, err, os.ErrClosed, dir)
	_, err = f.ReadAt(got, 0)
	checkError(t, err, os.ErrClosed, dir)
	_, err = Create(filepath.Join(dir, "nowhere"), "test on disk")
	checkError(t, err, os.ErrNotExist, dir)
}

// checkError holds that an error says what for, where, and what to do, and not a name that is gone.
func checkError(t *testing.T, err, cause error, dir string) {
	t.Helper()
	if !errors.Is(err, cause) || !strings.HasPrefix(err.Error(), "test on disk in "+dir) || !strings.Contains(err.Error(), "--spill") ||
		strings.Contains(err.Error(), "ngxreplay-") {
		t.Error(err)
	}
}
