// Package genlog writes large logs for measurements, always the same for a seed.
package genlog

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

// Logs start at this second since 1970, and tell the time as nginx does.
const (
	start     = 1_770_000_000
	timeLocal = "02/Jan/2006:15:04:05 -0700"
)

// Write writes a combined log of that many lines, always the same for a seed: paths, clients and agents with a long
// tail, queries, referers, and one line in a thousand from a scanner. It returns the size in bytes.
func Write(path string, lines int, seed uint64) (size int64, err error) {
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := bufio.NewWriterSize(file, 1<<20)
	g := newGenerator(seed)
	for i := range lines {
		n, err := w.WriteString(g.line(i))
		if err != nil {
			return 0, err
		}
		size += int64(n)
	}
	return size, w.Flush()
}

type generator struct {
	rng                      *rand.Rand
	paths, clients, agents   []string
	byPath, byClient, byUser *rand.Zipf
}

func newGenerator(seed uint64) *generator {
	rng := rand.New(rand.NewPCG(seed, 0))
	g := &generator{rng: rng}
	families := []string{"/product/%d", "/api/v1/orders/%d", "/blog/2026/%02d/a-post-about-things", "/static/app.%08x.js", "/user/%d/settings", "/category/%d/offers.html"}
	for i := range 4000 {
		g.paths = append(g.paths, fmt.Sprintf(families[i%len(families)], rng.IntN(100_000)))
	}
	g.paths[2], g.paths[5], g.paths[9] = "/health", "/favicon.ico", "/"
	for range 20_000 {
		g.clients = append(g.clients, fmt.Sprintf("%d.%d.%d.%d", 1+rng.IntN(223), rng.IntN(256), rng.IntN(256), rng.IntN(256)))
	}
	for range 300 {
		g.agents = append(g.agents, fmt.Sprintf("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.%d.%d Safari/537.36", 90+rng.IntN(60), rng.IntN(7000), rng.IntN(200)))
	}
	g.byPath = rand.NewZipf(rng, 1.1, 8, uint64(len(g.paths)-1))
	g.byClient = rand.NewZipf(rng, 1.05, 50, uint64(len(g.clients)-1))
	g.byUser = rand.NewZipf(rng, 1.1, 8, uint64(len(g.agents)-1))
	return g
}

func (g *generator) line(i int) string {
	at := time.Unix(start+int64(i)/1000, 0).UTC().Format(timeLocal)
	client := g.clients[g.byClient.Uint64()]
	if i%1000 == 999 {
		return fmt.Sprintf("%s - - [%s] \"\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xFC\\x03\\x03\" 400 150 \"-\" \"-\"\n", client, at)
	}
	return g.get(client, at, g.target())
}

func (g *generator) target() string {
	path := g.paths[g.byPath.Uint64()]
	if g.rng.IntN(6) == 0 {
		path += fmt.Sprintf("?q=%x&page=%d", g.rng.Uint64(), g.rng.IntN(40))
	}
	return path
}

func (g *generator) get(client, at, target string) string {
	status := []int{200, 200, 200, 200, 200, 200, 200, 304, 302, 404}[g.rng.IntN(10)]
	referer := "-"
	if g.rng.IntN(10) < 6 {
		referer = "https://www.shop.example" + g.paths[g.byPath.Uint64()]
	}
	return fmt.Sprintf("%s - - [%s] \"GET %s HTTP/1.1\" %d %d \"%s\" \"%s\"\n", client, at, target, status, g.rng.IntN(60_000), referer, g.agents[g.byUser.Uint64()])
}
