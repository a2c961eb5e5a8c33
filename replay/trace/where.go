package trace

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"ngxreplay/replay/route"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
)

// whereFields are what an expression can speak of.
type whereFields struct {
	Method      string  `expr:"method"`
	Path        string  `expr:"path"`
	Target      string  `expr:"target"`
	Query       string  `expr:"query"` // without the question mark
	Status      int     `expr:"status"`
	Host        string  `expr:"host"`
	UserAgent   string  `expr:"user_agent"`
	Referer     string  `expr:"referer"`
	Client      string  `expr:"client"`
	User        string  `expr:"user"`
	BodyBytes   int     `expr:"body_bytes"`   // -1: not logged
	RequestTime float64 `expr:"request_time"` // seconds; -1: not logged
}

const whereFieldNames = "method, path, target, query, host, user_agent, referer, client, user (texts), " +
	"status, body_bytes (numbers; -1: not logged), request_time (seconds; -1: not logged)"

// Limits of an expression: it comes from the user, but a slip should not take the machine down.
const (
	maxWhereNodes  = 1000
	maxWhereMemory = 1 << 16 // units of the library: about as many values
)

// A where is a compiled expression. It is not safe for concurrent use.
type where struct {
	program *vm.Program
	machine vm.VM
	fields  whereFields
}

// compileWhere checks an expression with its types. It returns nil for "".
func compileWhere(text string) (*where, error) {
	if text == "" {
		return nil, nil
	}
	program, err := expr.Compile(text, expr.Env(&whereFields{}), expr.AsBool(), expr.MaxNodes(maxWhereNodes),
		expr.DisableBuiltin("now")) // the same log gives the same trace at any time
	if err != nil {
		return nil, fmt.Errorf("where: %s\nfields: %s", strings.TrimSpace(err.Error()), whereFieldNames)
	}
	return &where{program: program, machine: vm.VM{MemoryBudget: maxWhereMemory}}, nil
}

// exclude returns the rule that excludes r, or "". A request for which the expression fails is excluded and counted
// apart.
func (w *where) exclude(r *Request) Rule {
	_, query, _ := bytes.Cut(r.Target, []byte{'?'})
	w.fields = whereFields{
		Method: string(r.Method), Path: string(route.Path(r.Target)), Target: string(r.Target), Query: string(query),
		Status: int(r.Status), Host: string(r.Host), UserAgent: string(r.UserAgent), Referer: string(r.Referer),
		Client: string(r.Client), User: string(r.User), BodyBytes: int(r.BodyBytes), RequestTime: -1,
	}
	if r.RequestTime >= 0 {
		w.fields.RequestTime = float64(r.RequestTime) / float64(time.Second)
	}
	out, err := w.machine.Run(w.program, &w.fields)
	switch keep, ok := out.(bool); {
	case err != nil || !ok:
		return ByWhereError
	case !keep:
		return ByWhere
	}
	return ""
}
