package app

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"ngxreplay/targets/contract"
)

// ReadTable reads routes.json. No content can harm a target: names and methods
// are checked where they meet a router, in [Service.Register].
func ReadTable(path string) (contract.Table, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return contract.Table{}, err
	}
	var t contract.Table
	if err := json.Unmarshal(text, &t); err != nil {
		return contract.Table{}, fmt.Errorf("%s: not a route table: %w", path, err)
	}
	return t, nil
}

// sortedRoutes returns the routes, the most requested first: when a router cannot hold
// two routes, the one with more traffic wins. The file is sorted already; a table
// written by hand need not be.
func sortedRoutes(t contract.Table) []contract.Route {
	routes := slices.Clone(t.Routes)
	slices.SortStableFunc(routes, func(a, b contract.Route) int {
		switch {
		case a.Requests > b.Requests:
			return -1
		case a.Requests < b.Requests:
			return 1
		}
		return 0
	})
	return routes
}

// ValidMethod reports whether a logged method may be offered to a router. nginx
// itself accepts only capital letters, "-" and "_" in a method.
func ValidMethod(method string) bool {
	return method != "" && len(method) <= 32 && strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}
