package report

import (
	"slices"
	"testing"
)

// What happened to connections stands in the facts of a target, when it did.
func TestConnectionFacts(t *testing.T) {
	named := func(target *Target) (names []string) {
		for _, f := range targetFacts(target) {
			names = append(names, f.Name)
		}
		return names
	}
	happened := named(&Target{Opened: 9, OpenAtOnce: 3, Reconnected: 1, Doubled: 2})
	for _, name := range []string{"connections opened", "connections doubled", "reconnected"} {
		if !slices.Contains(happened, name) || slices.Contains(named(&Target{}), name) {
			t.Errorf("%s: in %q and not without", name, happened)
		}
	}
}
