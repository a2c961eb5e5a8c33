package genlog

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
)

// A Numbered log holds GET requests only, no two alike: the target of each ends in _s= and its number, from 0, so that a
// server can tell which request came.
type Numbered struct {
	Lines int
	Rate  float64 // arrivals a second in the mean: a Poisson process
	Seed  uint64
}

// Write writes the log, always the same for a seed.
func (n Numbered) Write(out io.Writer) error {
	w := bufio.NewWriterSize(out, 1<<20)
	g := newGenerator(n.Seed)
	at := 0.0 // seconds since start
	for i := range n.Lines {
		if _, err := w.WriteString(g.numbered(i, at)); err != nil {
			return err
		}
		at += g.rng.ExpFloat64() / n.Rate
	}
	return w.Flush()
}

func (g *generator) numbered(i int, at float64) string {
	target, joint := g.target(), "?"
	if strings.Contains(target, "?") {
		joint = "&"
	}
	client := g.clients[g.byClient.Uint64()]
	return g.get(client, time.Unix(start+int64(at), 0).UTC().Format(timeLocal), fmt.Sprintf("%s%s_s=%d", target, joint, i))
}
