// Command inspect measures what reading a large log costs: `ngxreplay inspect` with all its statistics beside tools that
// read the same file, in turn, on one core each, by the operating system's own account of each process.
//
//	go run ./bench/inspect -lines 1000000
//
// Tools that are not on PATH are left out, and named.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"ngxreplay/bench/child"
	"ngxreplay/bench/genlog"
)

func main() {
	lines := flag.Int("lines", 1_000_000, "lines of the log")
	rounds := flag.Int("rounds", 5, "runs of each tool, in turn")
	seed := flag.Uint64("seed", 1, "seed of the log")
	program := flag.String("ngxreplay", "bin/ngxreplay", "the program to measure (make build builds it)")
	flag.Parse()
	if err := run(os.Stdout, *program, *lines, *rounds, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "bench/inspect:", err)
		os.Exit(1)
	}
}

// A contender reads the log once.
type contender struct {
	name string
	args []string
	runs []child.Usage
}

func run(out io.Writer, program string, lines, rounds int, seed uint64) (err error) {
	dir, err := os.MkdirTemp("", "ngxreplay-bench-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	log := filepath.Join(dir, "access.log")
	size, err := genlog.Write(log, lines, seed)
	if err != nil {
		return err
	}
	contenders, missing := contenders(program, log)
	for range rounds {
		for i := range contenders {
			u, err := contenders[i].measure()
			if err != nil {
				return err
			}
			contenders[i].runs = append(contenders[i].runs, u)
		}
	}
	fmt.Fprintf(out, "%d lines, %d MB, %d rounds, medians\n", lines, size/1e6, rounds)
	fmt.Fprintf(out, "%-18s %12s %14s %10s %10s\n", "", "CPU seconds", "Mlines/CPU s", "peak MiB", "× ngxreplay")
	base := contenders[0].median()
	for _, c := range contenders {
		m := c.median()
		fmt.Fprintf(out, "%-18s %12.3f %14.2f %10.1f %10.2f\n", c.name, m.CPU.Seconds(), float64(lines)/1e6/m.CPU.Seconds(),
			float64(m.PeakRSS)/(1<<20), m.CPU.Seconds()/base.CPU.Seconds())
	}
	for _, name := range missing {
		fmt.Fprintf(out, "%-18s not found\n", name)
	}
	return nil
}

// awkProgram only splits on blanks and looks at two fields: the least that a script does with a log.
const awkProgram = `$9 ~ /^2|3/ && $7 !~ /^\/(health|static|favicon)/ {print $7,$6,$1}`

func contenders(program, log string) (found []contender, missing []string) {
	for _, c := range []contender{
		{name: "ngxreplay inspect", args: []string{program, "inspect", log}},
		{name: "gawk", args: []string{"gawk", awkProgram, log}},
		{name: "mawk", args: []string{"mawk", awkProgram, log}},
		{name: "goaccess", args: []string{"goaccess", log, "--no-progress", "--log-format=COMBINED", "-o", filepath.Join(filepath.Dir(log), "goaccess.json")}},
	} {
		if _, err := exec.LookPath(c.args[0]); err != nil {
			missing = append(missing, c.name)
			continue
		}
		found = append(found, c)
	}
	return found, missing
}

func (c *contender) measure() (child.Usage, error) {
	u, err := child.Run([]string{"GOMAXPROCS=1", "LC_ALL=C"}, c.args[0], c.args[1:]...)
	if err != nil {
		err = fmt.Errorf("%s: %w", c.name, err)
	}
	return u, err
}

func (c *contender) median() child.Usage {
	runs := slices.Clone(c.runs)
	slices.SortFunc(runs, func(a, b child.Usage) int { return int(a.CPU - b.CPU) })
	return runs[len(runs)/2]
}
