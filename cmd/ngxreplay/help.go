package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A topic is a part of a command's help: what its flags are about.
type topic struct {
	title string
	flags []string
}

// topics are in the order in which a user meets them. A flag that stands in none is listed last.
var topics = [...]topic{
	{"Reading logs", []string{"log-format", "escape", "nginx-conf", "parser", "max-malformed", "spill"}},
	{"Choosing requests", []string{"method", "status", "path", "exclude", "where", "skip-noise", "since", "until", "limit", "sample", "shard", "client"}},
	{"Naming routes", []string{"routes", "openapi", "max-routes"}},
	{"When requests arrive", []string{"spread", "max-gap", "seed"}},
	{"Targets", []string{"target", "http", "connections", "timeout", "first-byte-timeout", "max-body", "retry", "max-in-flight", "allow-writes", "resolve", "source", "insecure", "ca", "cert", "key", "sni"}},
	{"When requests leave", []string{"speed", "rate", "pace", "ramp", "duration", "late", "slack", "spin", "threads", "follow", "delay"}},
	{"How many, and which", []string{"amplify", "loop", "mix"}},
	{"What is sent", []string{"host", "header", "cookies", "rewrite", "auth", "bodies", "revalidate", "traceparent"}},
	{"Output", []string{"output", "results", "hash-bodies", "json", "require", "to", "base-url", "anonymize", "anonymize-key"}},
}

// usage prints how a command is used, with its flags by topic.
func usage(cmd *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", cmd.UseLine())
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s [command]\n", cmd.CommandPath())
	}
	if cmd.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprint(&b, "\nCommands:\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				fmt.Fprintf(&b, "  %-12s %s\n", sub.Name(), sub.Short)
			}
		}
	}
	for _, t := range byTopic(cmd.Flags()) {
		fmt.Fprintf(&b, "\n%s:\n%s", t.title, t.flags.FlagUsages())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n\"%s COMMAND --help\" tells more of a command.\n", cmd.CommandPath())
	}
	_, err := fmt.Fprint(cmd.OutOrStderr(), b.String())
	return err
}

// A section is the flags of a command that are about one topic.
type section struct {
	title string
	flags *pflag.FlagSet
}

// byTopic leaves out topics of which the command has no flag.
func byTopic(flags *pflag.FlagSet) []section {
	var sections []section
	told := map[string]bool{}
	for _, t := range topics {
		s := section{t.title, newSection()}
		for _, name := range t.flags {
			if flag := flags.Lookup(name); flag != nil && !flag.Hidden {
				s.flags.AddFlag(flag)
				told[name] = true
			}
		}
		sections = append(sections, s)
	}
	rest := section{"Flags", newSection()}
	flags.VisitAll(func(flag *pflag.Flag) {
		if !told[flag.Name] && !flag.Hidden {
			rest.flags.AddFlag(flag)
		}
	})
	return slices.DeleteFunc(append(sections, rest), func(s section) bool { return !s.flags.HasFlags() })
}

func newSection() *pflag.FlagSet {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.SortFlags = false // they are in the order of the topic
	return flags
}
