package traffic

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"ngxreplay/replay/route"
	"ngxreplay/replay/trace"
)

// A census says what a trace holds of each class of a mix.
type census struct {
	classes  []int64
	requests int64
	statuses map[int32]int64 // nil when the trace was not read
}

// census counts from what the trace says of itself, when that is enough: when all classes are methods, or all routes,
// and every request is in exactly one count.
func (m Mix) census(info *trace.Info) (census, bool) {
	counts := map[string]int64{}
	kinds := map[kind]bool{}
	for _, c := range m.classes {
		if c.kind != other {
			kinds[c.kind] = true
		}
	}
	switch {
	case len(kinds) != 1:
		return census{}, false
	case kinds[byMethod]:
		maps.Copy(counts, info.Methods)
	case kinds[byRoute]:
		for _, r := range info.Routes {
			counts[r.Name] += r.Requests
		}
	default:
		return census{}, false
	}
	var sum int64
	for _, n := range counts {
		sum += n
	}
	if sum != info.Requests || kinds[byMethod] && counts[route.Other] > 0 { // some methods have no count of their own
		return census{}, false
	}
	c := census{classes: make([]int64, len(m.classes)), requests: info.Requests}
	rest := info.Requests
	for i, class := range m.classes {
		if class.kind != other {
			c.classes[i] = counts[class.value]
			rest -= c.classes[i]
		}
	}
	for i, class := range m.classes {
		if class.kind == other {
			c.classes[i] = rest
		}
	}
	return c, true
}

// count counts by reading.
func (m Mix) count(source Stream) (census, error) {
	c := census{classes: make([]int64, len(m.classes)), statuses: map[int32]int64{}}
	batch := make([]Request, readAhead)
	for {
		n, err := source.Read(batch)
		for _, r := range batch[:n] {
			c.requests++
			c.statuses[r.Recorded.Status]++
			if class := m.class(r.Recorded); class >= 0 {
				c.classes[class]++
			}
		}
		if err == io.EOF {
			return c, nil
		}
		if err != nil {
			return c, err
		}
	}
}

// check refuses classes that have no request, and says what there is.
func (m Mix) check(c census, info *trace.Info) error {
	var errs []error
	for i, class := range m.classes {
		if c.classes[i] > 0 {
			continue
		}
		switch class.kind {
		case byMethod:
			errs = append(errs, fmt.Errorf("mix: no request is %s; the methods are %s", class.name, listed(info.Methods)))
		case byRoute:
			routes := map[string]int64{}
			for _, r := range info.Routes {
				routes[r.Name] += r.Requests
			}
			errs = append(errs, fmt.Errorf("mix: no request is %s; the routes are %s", class.name, listed(routes)))
		case other:
			errs = append(errs, errors.New("mix: no request is other: all fit the classes that are named"))
		default:
			statuses := map[string]int64{}
			for status, n := range c.statuses {
				statuses[fmt.Sprint(status)] += n
			}
			errs = append(errs, fmt.Errorf("mix: no request is %s; the statuses are %s", class.name, listed(statuses)))
		}
	}
	if len(errs) > 0 && c.statuses != nil && len(m.classes) > 1 {
		errs = append(errs, errors.New("mix: a request belongs to the first class that it fits, and a factor of clients below 1 leaves some of them out"))
	}
	return errors.Join(errs...)
}

// maxListed is how many names an error lists.
const maxListed = 10

// listed names what was counted, the most frequent first.
func listed(counts map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var parts []string
	for i, name := range names {
		if counts[name] == 0 {
			continue
		}
		if i == maxListed {
			parts = append(parts, fmt.Sprintf("and %d more", len(names)-i))
			break
		}
		parts = append(parts, fmt.Sprintf("%s (%d)", name, counts[name]))
	}
	return strings.Join(parts, ", ")
}
