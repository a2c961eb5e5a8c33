package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"ngxreplay/parse"
	"ngxreplay/replay/route"
	"ngxreplay/replay/route/openapi"
	"ngxreplay/replay/trace"
	"ngxreplay/targets/contract"

	"github.com/spf13/pflag"
)

// routeFlags say how routes are named. run and trace take --routes FILE; on inspect it also shows the routes, and FILE
// may be left out.
type routeFlags struct {
	file    string
	openapi string
	max     int
	show    bool // --routes was given to inspect
}

// learnedRoutes is what --routes without a value means on inspect. A file of that name is ./learned.
const learnedRoutes = "learned"

// maxRoutes bounds --max-routes: every route has histograms of its own.
const maxRoutes = 1000

func (f *routeFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.file, "routes", "", "name routes by the patterns in this `file`, as /user/:id, one a line (default: learned from the traffic)")
	f.registerOthers(flags)
}

// registerInspect registers the flags as inspect has them.
func (f *routeFlags) registerInspect(flags *pflag.FlagSet) {
	flags.StringVar(&f.file, "routes", "", "show every route with its share, why it is named so, and examples; --routes=FILE names them by the patterns in a `file`")
	flags.Lookup("routes").NoOptDefVal = learnedRoutes
	f.registerOthers(flags)
}

func (f *routeFlags) registerOthers(flags *pflag.FlagSet) {
	flags.StringVar(&f.openapi, "openapi", "", "name routes by the paths of this OpenAPI 3 `file` (YAML or JSON)")
	flags.IntVar(&f.max, "max-routes", trace.DefaultRoutes, "learn at most this `number` of routes; the rest is other")
}

// given reports whether the flags ask for other routes than a trace has already.
func (f *routeFlags) given() bool {
	return f.file != "" || f.openapi != "" || f.max != trace.DefaultRoutes
}

// check joins what is wrong with the flags themselves, and reads the table that they give; nil when routes are learned.
// On inspect it sets show.
func (f *routeFlags) check(flags *pflag.FlagSet, inputs []string) (*route.Table, error) {
	patterns := f.file
	if flags.Lookup("routes").NoOptDefVal != "" && flags.Changed("routes") {
		f.show = true
		if patterns == learnedRoutes {
			patterns = ""
			if name := mistakenInput(inputs); name != "" {
				return nil, fmt.Errorf("%s holds route patterns and is no log: write --routes=%s, with the equals sign", name, name)
			}
		}
	}
	switch {
	case patterns != "" && f.openapi != "":
		return nil, errors.New("--routes and --openapi both give the routes: give one of them")
	case f.max < 1 || f.max > maxRoutes:
		return nil, fmt.Errorf("max routes %d: want 1 to %d", f.max, maxRoutes)
	case flags.Changed("max-routes") && (patterns != "" || f.openapi != ""):
		return nil, errors.New("--max-routes bounds the routes that are learned, but --routes or --openapi gives them: leave it out")
	case patterns != "":
		return readTable(patterns, readPatterns)
	case f.openapi != "":
		return readTable(f.openapi, openapi.Patterns)
	}
	return nil, nil
}

// tracedRoutes is the table of the routes that the only input has when it is a trace, so that a part of a trace has the
// names of the whole; nil when there is none.
func tracedRoutes(inputs []string) *route.Table {
	if len(inputs) != 1 || !trace.IsTrace(inputs[0]) {
		return nil
	}
	reader, err := trace.Open(inputs[0])
	if err != nil {
		return nil // a foreign one, or a damaged one, which building from it will tell
	}
	defer reader.Close()
	var patterns []route.Pattern
	for _, r := range reader.Info().Routes {
		if r.Name == route.Other {
			continue
		}
		p, err := route.ParsePattern(r.Name)
		if err != nil {
			return nil // another program's names: they are learned anew
		}
		patterns = append(patterns, p)
	}
	table, err := route.NewTable(patterns)
	if err != nil {
		return nil
	}
	return table
}

// readTable reads the patterns of a file and makes their table.
func readTable(name string, read func(name string) ([]route.Pattern, error)) (*route.Table, error) {
	patterns, err := read(name)
	var path *fs.PathError
	if errors.As(err, &path) {
		return nil, fmt.Errorf("routes: %w", err)
	}
	// What NewTable refuses is told beside what could not be read.
	table, tableErr := route.NewTable(patterns)
	if err := errors.Join(err, tableErr); err != nil {
		return nil, err
	}
	return table, nil
}

func readPatterns(name string) ([]route.Pattern, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return route.ReadPatterns(name, file)
}

// mistakenInput is the input that holds nothing but patterns, as a file does that was meant for --routes; "" when there
// is none.
func mistakenInput(inputs []string) string {
	for _, name := range inputs {
		info, err := os.Stat(name)
		if name == parse.Stdin || err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
			continue
		}
		file, err := os.Open(name)
		if err != nil {
			continue // which is told when it is read as a log
		}
		text, err := io.ReadAll(file)
		_ = file.Close() // it was only read
		if err != nil {
			continue
		}
		if _, err := route.ReadPatterns(name, bytes.NewReader(text)); err == nil {
			return name
		}
	}
	return ""
}

// routeTable is the trace's route table as the targets read it: by path, with the methods seen. Routes that differ by
// their method only are one there.
func routeTable(info *trace.Info) []contract.Route {
	routes := make([]contract.Route, 0, len(info.Routes))
	index := map[string]int{}
	for _, r := range info.Routes {
		name := r.Name
		if p, err := route.ParsePattern(name); err == nil && p.Method != "" {
			p.Method = ""
			name = p.Name()
		}
		i, known := index[name]
		if !known {
			index[name] = len(routes)
			routes = append(routes, contract.Route{Name: name, Methods: r.Methods, Requests: r.Requests})
			continue
		}
		routes[i].Requests += r.Requests
		routes[i].Methods = slices.Compact(slices.Sorted(slices.Values(slices.Concat(routes[i].Methods, r.Methods))))
	}
	slices.SortStableFunc(routes, func(a, b contract.Route) int { return cmp.Compare(b.Requests, a.Requests) })
	return routes
}
