package export

import (
	"fmt"
	"strings"

	"ngxreplay/replay/trace"
)

// ammo writes requests as phantom (of Yandex.Tank) and pandora's type raw read them: a line with the size and a tag,
// the route, then the bytes. They have no times: the tank has a schedule of its own.
type ammo struct {
	target
	message message
}

func newAmmo(t target) Writer { return &ammo{target: t} }

func (w *ammo) Write(r *trace.Request) error {
	m := &w.message
	m.fill(&w.wire, r)
	fmt.Fprintf(w.out, "%d %s\n", len(m.raw), ammoTag(r.Route))
	w.out.Write(m.raw)
	return w.out.WriteByte('\n') // the error is that of any of the three
}

// ammoTag is a route without what ends a tag, or means something in one to the tank.
func ammoTag(route string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || r == '|' || r == '#' {
			return '_'
		}
		return r
	}, route)
}

func (w *ammo) Close() error { return w.out.Flush() }
