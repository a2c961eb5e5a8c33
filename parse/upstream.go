package parse

import (
	"iter"
	"time"
)

// An Upstream is one server that nginx tried for a request. Its slices are borrowed like those of the entry.
type Upstream struct {
	Addr   []byte        // nil when the format does not hold it
	Status int           // 0 when absent
	Time   time.Duration // Absent when not logged, or "-"
}

// Upstreams are the servers that nginx tried, in order: the lists of the entry taken apart and put side by side.
func (e *Entry) Upstreams() iter.Seq[Upstream] {
	return func(yield func(Upstream) bool) {
		addr, status, times := e.UpstreamAddr, e.UpstreamStatus, e.UpstreamTimes
		for len(addr) > 0 || len(status) > 0 || len(times) > 0 {
			u := Upstream{Time: Absent}
			var item []byte
			u.Addr, addr = cutList(addr)
			item, status = cutList(status)
			if n, ok := parseInt(item); ok && n <= 999 {
				u.Status = int(n)
			}
			item, times = cutList(times)
			if ns, _, ok := parseSeconds(item); ok {
				u.Time = time.Duration(ns)
			}
			if !yield(u) {
				return
			}
		}
	}
}

// cutList takes the first item from a list: they are joined by ", ", and by " : " where an internal redirect led to
// another group of servers.
func cutList(list []byte) (item, rest []byte) {
	for i := 0; i+1 < len(list); i++ {
		if list[i] == ',' {
			return list[:i], list[min(i+2, len(list)):]
		}
		if hasPrefix(list[i:], " : ") {
			return list[:i], list[i+3:]
		}
	}
	return list, nil
}
