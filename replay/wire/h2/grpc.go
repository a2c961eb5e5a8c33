package h2

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A GRPC is the outcome of a call of gRPC; 0 is an answer that is none.
type GRPC uint8

// The outcomes are gRPC's own statuses, each one higher than its number, and besides: GRPCOther, a status that gRPC does
// not have, and GRPCNone, an answer without one.
const (
	GRPCOK       GRPC = 1
	GRPCOther    GRPC = 18
	GRPCNone     GRPC = 19
	GRPCOutcomes      = int(GRPCNone) + 1
)

var grpcNames = [GRPCOutcomes]string{
	"", "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
	"DATA_LOSS", "UNAUTHENTICATED", "other", "none",
}

// String is the name that gRPC has for it.
func (g GRPC) String() string { return grpcNames[min(int(g), GRPCOutcomes-1)] }

// MarshalText writes the name.
func (g GRPC) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText reads a name.
func (g *GRPC) UnmarshalText(text []byte) error {
	i := slices.Index(grpcNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("no status of gRPC: %q", text)
	}
	*g = GRPC(i)
	return nil
}

// grpcStatusName is the field that tells the outcome of a call.
const grpcStatusName = "Grpc-Status"

// grpcStatus reads the outcome of a call: of the trailers, or what the header of an answer without a body says.
func grpcStatus(request *http.Request, trailer http.Header, inHeader string) GRPC {
	text := cmp.Or(trailer.Get(grpcStatusName), inHeader)
	n, err := strconv.ParseUint(text, 10, 8)
	switch {
	case text == "" && isGRPC(request.Header):
		return GRPCNone
	case text == "":
		return 0
	case err != nil || n >= uint64(GRPCOther-GRPCOK):
		return GRPCOther
	}
	return GRPC(n) + 1
}

func isGRPC(h http.Header) bool {
	for name, values := range h {
		if strings.EqualFold(name, "te") && len(values) > 0 && values[0] == "trailers" {
			return true // which wire.Format sends with calls only
		}
	}
	return false
}
