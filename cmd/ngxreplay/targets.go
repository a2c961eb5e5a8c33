package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"

	"ngxreplay/targets"

	"github.com/spf13/cobra"
)

func (t *terminal) targetsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "targets",
		Short: "list the targets that can be started here",
		Long: `List the targets that can be started here: the programs ngxreplay-target-NAME beside ngxreplay or on PATH.
Any of these names is good for --target; so is the URL of a server that is running.`,
		Example: `  ngxreplay targets
  ngxreplay targets serve gin                                 start one by hand, Ctrl-C ends it
  ngxreplay targets serve gin -- --listen 127.0.0.1:8080      with flags of its own`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError(fmt.Errorf("unknown argument %q: to start a target, use ngxreplay targets serve %s", args[0], args[0]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return t.listTargets(asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON")
	cmd.AddCommand(&cobra.Command{
		Use:   "serve NAME [-- FLAGS...]",
		Short: "start a target by hand",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError(errors.New("no target: name one (ngxreplay targets lists them)"))
			}
			return nil
		},
		ValidArgsFunction: completeTargets,
		RunE:              func(cmd *cobra.Command, args []string) error { return serveTarget(args[0], args[1:]) },
	})
	return cmd
}

func (t *terminal) listTargets(asJSON bool) error {
	programs := targets.List(targets.Places())
	if asJSON {
		if programs == nil {
			programs = []targets.Program{}
		}
		return json.NewEncoder(t.out).Encode(programs)
	}
	if len(programs) == 0 {
		fmt.Fprintln(t.err, "ngxreplay: no ngxreplay-target-* program beside ngxreplay or on PATH; make build builds six of them")
	}
	for _, p := range programs {
		if _, err := fmt.Fprintf(t.out, "%-10s %s\n", p.Name, p.Path); err != nil {
			return err
		}
	}
	return nil
}

// serveTarget becomes the target program: its output, its signals and its exit status are those of the caller.
func serveTarget(name string, flags []string) error {
	program, err := targets.Find(name, targets.Places())
	if err != nil {
		return usageError(err)
	}
	err = syscall.Exec(program.Path, append([]string{program.Path}, flags...), os.Environ())
	return fmt.Errorf("start %s: %w", program.Path, err)
}

func completeTargets(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, p := range targets.List(targets.Places()) {
		names = append(names, p.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
