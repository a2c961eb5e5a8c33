//go:build !race

package replay

import (
	"bytes"
	"net"
	"runtime"
	"testing"
)

// A request that is loaded, sent, answered and recorded allocates nothing: what 20,000 more requests allocate is what the
// few chunks and batches need that are in use at a time.
func TestNothingIsAllocatedForARequest(t *testing.T) {
	s := newServer(t, func(_ int, conn *net.TCPConn) {
		buf, answer := make([]byte, 4096), []byte(okAnswer)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			for range bytes.Count(buf[:n], []byte("\r\n\r\n")) {
				if _, err := conn.Write(answer); err != nil {
					return
				}
			}
		}
	})
	measure := func(requests int, closed, told bool) uint64 {
		source := &sameRows{memoryTrace: newTrace(0), all: requests}
		source.row = source.rows[0]
		opts := testOptions
		opts.Closed, opts.Prime = closed, opts.Connections
		outcomes := 0
		if told {
			opts.HashBodies, opts.Outcomes = true, func(Outcome) { outcomes++ }
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		result, err := New(source, Target{Dial: s.dial}, opts).Run(t.Context(), t.Context())
		runtime.ReadMemStats(&after)
		if err != nil || result.Ledger.Responses+result.Ledger.Dropped != int64(requests) || told && outcomes != requests {
			t.Fatal(err, result.Ledger, result.Errors, outcomes)
		}
		return after.Mallocs - before.Mallocs
	}
	for _, c := range []struct{ closed, told bool }{{true, false}, {false, false}, {true, true}, {false, true}} {
		few, many := measure(5000, c.closed, c.told), measure(25_000, c.closed, c.told)
		if more := int64(many) - int64(few); more > 1000 {
			t.Errorf("%+v: 20,000 more requests allocated %d times (%d and %d)", c, more, few, many)
		}
	}
}
