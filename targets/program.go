package targets

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"ngxreplay/targets/contract"
)

// A Program is a target that can be started here.
type Program struct {
	Name string `json:"name"`
	Path string `json:"path"`
}

// Places are the directories where target programs are looked for: beside the running program, then on PATH.
func Places() []string {
	var places []string
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		places = append(places, filepath.Dir(self))
	}
	return append(places, filepath.SplitList(os.Getenv("PATH"))...)
}

// List returns the programs in places, sorted by name. A program hides those of the same name in later places.
func List(places []string) []Program {
	var programs []Program
	seen := map[string]bool{}
	for _, dir := range places {
		matches, _ := filepath.Glob(filepath.Join(dir, contract.ProgramPrefix+"*")) // the pattern is valid
		for _, path := range matches {
			name := strings.TrimPrefix(filepath.Base(path), contract.ProgramPrefix)
			if found, err := exec.LookPath(path); err == nil && !seen[name] && nameGrammar.MatchString(name) {
				seen[name] = true
				programs = append(programs, Program{name, found})
			}
		}
	}
	slices.SortFunc(programs, func(a, b Program) int { return strings.Compare(a.Name, b.Name) })
	return programs
}

// ErrNotFound is wrapped by Find when no program has the name.
var ErrNotFound = errors.New("no such target")

// Find returns the program of that name.
func Find(name string, places []string) (Program, error) {
	programs := List(places)
	var names []string
	for _, p := range programs {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return Program{}, fmt.Errorf("target %s: %w: no %s* program beside ngxreplay or on PATH; build them with make build, or give a URL",
			name, ErrNotFound, contract.ProgramPrefix)
	}
	return Program{}, fmt.Errorf("target %s: %w: there are %s; or give a URL", name, ErrNotFound, strings.Join(names, ", "))
}
