package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		if i >= len(gotLines) || i >= len(wantLines) || gotLines[i] != wantLines[i] {
			t.Fatalf("%s:%d differs (go test ./report -update writes it anew)\n got %q\nwant %q",
				file, i+1, at(gotLines, i), at(wantLines, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(end)"
}

func textOf(t *testing.T, run *Run, opts TextOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteText(&b, run, opts); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func htmlOf(t *testing.T, run *Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteHTML(&b, run); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGoldens(t *testing.T) {
	for _, width := range []int{80, 100, 160} {
		name := fmt.Sprintf("run-%d.txt", width)
		t.Run(name, func(t *testing.T) {
			golden(t, name, []byte(textOf(t, sampleRun(), TextOptions{Width: width})))
		})
	}
	t.Run("color", func(t *testing.T) {
		golden(t, "run-color.txt", []byte(textOf(t, sampleRun(), TextOptions{Color: true})))
	})
	t.Run("html", func(t *testing.T) { golden(t, "run.html", []byte(htmlOf(t, sampleRun()))) })
	t.Run("one target", func(t *testing.T) {
		golden(t, "one.txt", []byte(textOf(t, oneTarget(), TextOptions{})))
	})
}

// oneTarget is the simplest run: nothing to compare, nothing lost.
func oneTarget() *Run {
	run := sampleRun()
	run.Targets = run.Targets[:1]
	run.Targets[0].Routes = run.Targets[0].Routes[:1]
	run.Assertions, run.Comparisons, run.Notes, run.Verdict = nil, nil, nil, Pass
	return run
}
