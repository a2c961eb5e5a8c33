//go:build !race

package wire

import (
	"strings"
	"testing"
)

func TestReadingDoesNotAllocate(t *testing.T) {
	answers := []string{
		nginxAnswer + strings.Repeat("x", 200),
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	}
	var r Reading
	r.HashBodies()
	for _, text := range answers {
		whole := []byte(text)
		for _, at := range []int{len(whole), 30, len(whole) - 3} {
			allocs := testing.AllocsPerRun(1000, func() {
				r.Begin(false, 0)
				done, err := r.Feed(whole[:at])
				if err == nil && !done {
					done, err = r.Feed(whole[at:])
				}
				if _, hashed := r.BodyHash(); err != nil || !done || !hashed {
					t.Fatal(done, err)
				}
			})
			if allocs > 0.1 { // the collector may empty the pool of judges
				t.Errorf("%.20q in %d: %v allocations", text, at, allocs)
			}
		}
	}
}
