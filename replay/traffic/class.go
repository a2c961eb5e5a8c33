package traffic

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ngxreplay/replay/pace"
	"ngxreplay/replay/trace"
)

// A Mix is how much of the traffic which class of requests is to be. The zero value leaves the traffic as it is.
type Mix struct{ classes []class }

// A class is a part of the traffic: the requests of a method, a route or a status.
type class struct {
	name   string // as it was asked for
	kind   kind
	value  string // the method or route
	status int32  // 5 for 5xx
	weight pace.Weight
}

type kind uint8

const (
	byMethod kind = iota
	byRoute
	byStatus
	byStatusClass
	other
)

const mixForm = "want CLASS=WEIGHT,... where a class is a method (GET), route:NAME, status:404, status:5xx, or other"

// ParseMix reads "GET=7,POST=2,route:/api/order=3,status:5xx=0.5,other=1". A request belongs to the first class that
// it fits, and to other when it fits none; requests of no class are left out. It joins everything that is wrong.
func ParseMix(text string) (Mix, error) {
	var m Mix
	var errs []error
	for part := range strings.SplitSeq(text, ",") {
		c, err := parseClass(strings.TrimSpace(part))
		if err == nil && slices.ContainsFunc(m.classes, func(o class) bool { return o.name == c.name }) {
			err = fmt.Errorf("%s is there twice", c.name)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		m.classes = append(m.classes, c)
	}
	if len(errs) > 0 {
		return Mix{}, fmt.Errorf("mix: %w; %s", errors.Join(errs...), mixForm)
	}
	if _, err := m.draws(); err != nil {
		return Mix{}, err
	}
	return m, nil
}

func parseClass(text string) (c class, err error) {
	equals := strings.LastIndexByte(text, '=') // a route may hold one
	if equals < 1 {
		return c, fmt.Errorf("%q is no class with a weight", text)
	}
	c.name = text[:equals]
	if c.weight, err = pace.ParseWeight(text[equals+1:]); err != nil {
		return c, fmt.Errorf("%s: %w", c.name, err)
	}
	word, value, _ := strings.Cut(c.name, ":")
	switch {
	case word == "route" && value != "":
		c.kind, c.value = byRoute, value
	case word == "status" && len(value) == 3 && value[0] >= '0' && value[0] <= '9':
		if strings.EqualFold(value[1:], "xx") {
			c.kind, c.status = byStatusClass, int32(value[0]-'0')
			break
		}
		status, err := strconv.ParseUint(value, 10, 16)
		if err != nil {
			return c, fmt.Errorf("%s: not a status", c.name)
		}
		c.kind, c.status = byStatus, int32(status)
	case c.name == "other":
		c.kind = other
	case !strings.ContainsAny(c.name, ":/ "):
		c.kind, c.value = byMethod, c.name
	default:
		return c, fmt.Errorf("%s: no such class", c.name)
	}
	return c, nil
}

// IsZero reports whether m leaves the traffic as it is.
func (m Mix) IsZero() bool { return len(m.classes) == 0 }

// String is m as [ParseMix] reads it.
func (m Mix) String() string {
	var parts []string
	for _, c := range m.classes {
		parts = append(parts, c.name+"="+c.weight.String())
	}
	return strings.Join(parts, ",")
}

func (m Mix) draws() (*pace.Mix, error) {
	var weights []pace.Weight
	for _, c := range m.classes {
		weights = append(weights, c.weight)
	}
	return pace.NewMix(weights)
}

// class is the index of the class of r, or -1.
func (m Mix) class(r *trace.Request) int {
	rest := -1
	for i := range m.classes {
		c := &m.classes[i]
		if c.kind == other {
			rest = i
		} else if c.fits(r) {
			return i
		}
	}
	return rest
}

func (c *class) fits(r *trace.Request) bool {
	switch c.kind {
	case byMethod:
		return string(r.Method) == c.value
	case byRoute:
		return r.Route == c.value
	case byStatus:
		return r.Status == c.status
	case byStatusClass:
		return r.Status/100 == c.status
	}
	return false
}
