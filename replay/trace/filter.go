package trace

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
)

// A Filter is what the user wants of the traffic. The zero value keeps everything.
type Filter struct {
	// Since and Until bound the logged time: Since <= time < Until. Zero is no bound.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`

	Methods   []string `json:"methods,omitempty"`    // keep these only
	Statuses  []string `json:"statuses,omitempty"`   // keep these only: "200", or "2xx"
	Paths     []string `json:"paths,omitempty"`      // keep paths that match one of these globs; ** crosses slashes
	Excludes  []string `json:"excludes,omitempty"`   // drop paths that match one of these globs
	SkipNoise bool     `json:"skip_noise,omitempty"` // drop health checks, favicons and static files

	// Sample is the share of clients to keep, in (0, 1]; 0 keeps all. Shard K of N keeps the clients of the K-th of N
	// parts, from 1; 0 of 0 keeps all. Both keep whole clients, which Identity tells apart. Seed draws the sample; the
	// parts do not depend on it.
	Sample   float64  `json:"sample,omitempty"`
	Shard    Shard    `json:"shard,omitzero"`
	Identity Identity `json:"client,omitzero"`
	Seed     uint64   `json:"seed,omitempty"`

	// Where is an expression over the fields of a request that must hold; "" always does.
	Where string `json:"where,omitempty"`
}

// IsZero reports whether f keeps everything. Identity and Seed alone leave nothing out.
func (f *Filter) IsZero() bool {
	return f.Since.IsZero() && f.Until.IsZero() && len(f.Methods)+len(f.Statuses)+len(f.Paths)+len(f.Excludes) == 0 &&
		!f.SkipNoise && f.Sample == 0 && f.Shard == (Shard{}) && f.Where == ""
}

// A Rule is the part of a filter that excluded a request.
type Rule string

const (
	BySince  Rule = "since"
	ByUntil  Rule = "until"
	ByMethod Rule = "method"
	ByStatus Rule = "status"
	ByPath   Rule = "path"

	ByExclude Rule = "exclude"
	ByNoise   Rule = "noise"
	ByShard   Rule = "shard"
	BySample  Rule = "sample"
	ByWhere   Rule = "where"
	// ByWhereError counts the requests for which the expression has no answer, as int(query) has none for a text.
	ByWhereError Rule = "where-error"
	ByLimit      Rule = "limit"
)

// Validate joins everything that is wrong with f.
func (f *Filter) Validate() error {
	var errs []error
	for _, s := range f.Statuses {
		if !isStatus(s) {
			errs = append(errs, fmt.Errorf("status %q: want a number as 404, or a class as 4xx", s))
		}
	}
	for _, glob := range slices.Concat(f.Paths, f.Excludes) {
		if !doublestar.ValidatePattern(glob) {
			errs = append(errs, fmt.Errorf("path glob %q: not a valid pattern (try /api/**)", glob))
		}
	}
	for _, m := range f.Methods {
		if m == "" || strings.ContainsAny(m, " /") {
			errs = append(errs, fmt.Errorf("method %q: want a method as GET", m))
		}
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until) {
		errs = append(errs, fmt.Errorf("since %s is not before until %s", f.Since.Format(time.RFC3339), f.Until.Format(time.RFC3339)))
	}
	if !(f.Sample >= 0 && f.Sample <= 1) {
		errs = append(errs, fmt.Errorf("sample %g: want a share of the clients, above 0 and at most 100%%", f.Sample))
	}
	if f.Shard != (Shard{}) && (f.Shard.Number < 1 || f.Shard.Number > f.Shard.Of) {
		errs = append(errs, fmt.Errorf("shard %s: want K/N with K from 1 to N", f.Shard))
	}
	_, err := compileWhere(f.Where)
	return errors.Join(append(errs, err)...)
}

func isStatus(s string) bool {
	if len(s) != 3 || s[0] < '0' || s[0] > '9' {
		return false
	}
	if strings.EqualFold(s[1:], "xx") {
		return s[0] <= '5'
	}
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}
