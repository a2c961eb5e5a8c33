package main

import (
	"testing"

	"github.com/spf13/pflag"
)

// Each flag of the larger commands stands under one topic.
func TestEveryFlagHasATopic(t *testing.T) {
	seen := map[string]string{}
	for _, topic := range topics {
		for _, name := range topic.flags {
			if other, ok := seen[name]; ok {
				t.Errorf("--%s stands under %q and %q", name, other, topic.title)
			}
			seen[name] = topic.title
		}
	}
	root := (&terminal{}).rootCommand()
	used := map[string]bool{"help": true}
	for _, command := range []string{"run", "trace", "inspect"} {
		cmd, _, err := root.Find([]string{command})
		if err != nil {
			t.Fatal(err)
		}
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			used[flag.Name] = true
			if seen[flag.Name] == "" && flag.Name != "help" {
				t.Errorf("%s --%s stands under no topic", command, flag.Name)
			}
		})
	}
	for name := range seen {
		if !used[name] {
			t.Errorf("--%s stands under a topic and is no flag", name)
		}
	}
}
