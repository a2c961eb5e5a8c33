package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"ngxreplay/replay/wire/h2"
)

// ClientHTTP2 names the client that sends over HTTP/2.
const ClientHTTP2 = "net/http, HTTP/2"

// Calls are calls of gRPC by their outcome, as the target told it.
type Calls map[h2.GRPC]int64

// bad is how many calls had another outcome than OK.
func (c Calls) bad() int64 {
	var n int64
	for outcome, calls := range c {
		if outcome != h2.GRPCOK {
			n += calls
		}
	}
	return n
}

// text lists the outcomes in the order of gRPC's numbers.
func (c Calls) text() string {
	var parts []string
	for _, outcome := range slices.Sorted(maps.Keys(c)) {
		name := outcome.String()
		switch outcome {
		case h2.GRPCOther:
			name = "with a status that gRPC does not have"
		case h2.GRPCNone:
			name = "without a status"
		}
		parts = append(parts, count(c[outcome])+tie+name)
	}
	return strings.Join(parts, ", ")
}

// calls tells the outcomes of calls of gRPC, whose HTTP status says nothing of them.
func calls(run *Run) []item {
	var items []item
	for i := range run.Targets {
		t := &run.Targets[i]
		if len(t.GRPC) == 0 {
			continue
		}
		line := cell{Text: t.GRPC.text()}
		if n := t.GRPC.bad(); n > 0 {
			line = cell{fmt.Sprintf("%s; %s not OK", line.Text, count(n)), bad}
		}
		items = append(items, item{excerpt(t.Name, longestLabel), []cell{line}})
	}
	return items
}
