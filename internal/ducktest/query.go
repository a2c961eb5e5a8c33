// Package ducktest asks DuckDB, for tests: another program's reading of the Parquet files that we write.
package ducktest

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Query runs SQL statements and returns the rows of the last one. Large numbers are texts.
func Query(t *testing.T, sql ...string) [][]any {
	t.Helper()
	dir := filepath.Join(moduleRoot(t), "replay", "trace", "testdata", "duckdb")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		t.Fatalf("DuckDB is not installed: %v: make deps installs it", err)
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{filepath.Join(dir, "query.mjs")}, sql...)...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		t.Fatalf("%s: %s", strings.Join(sql, "; "), exit.Stderr)
	case err != nil:
		t.Fatalf("%v: make deps installs node", err)
	}
	var rows [][]any
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// moduleRoot is the folder of go.mod: tests run in that of their package.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			t.Fatalf("no go.mod above %s", dir)
		}
	}
}
