package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// asset is a static file that nginx serves itself.
type asset struct {
	path string // as requested
	size int
}

// assets lists the static files: a few small ones every page needs, many pictures, and two large downloads. Their
// sizes keep the whole traffic below 60 MB.
func assets() []asset {
	list := append(pageAssets(),
		asset{"/index.html", 5120},
		asset{"/favicon.ico", 1150},
		asset{"/robots.txt", 214},
		asset{"/sitemap.xml", 3377},
		asset{"/downloads/size-guide.pdf", 61440},
		asset{"/downloads/manual-2024.pdf", 204800},
		asset{"/video/teaser.mp4", 180224},
	)
	return append(list, pictures()...)
}

// pictures lists those of the front page and of the products.
func pictures() []asset {
	var list []asset
	for i := range 5 {
		list = append(list, asset{fmt.Sprintf("/img/hero/%d.webp", i+1), 31000 + 9000*i})
	}
	for i := range 60 {
		list = append(list, asset{fmt.Sprintf("/img/product/%d-400.jpg", 1000+i), 1500 + (i*7919)%9000})
	}
	return list
}

// pageAssets lists what every page of the shop loads.
func pageAssets() []asset {
	return []asset{
		{"/static/app.3f2a1c.js", 18211},
		{"/static/vendor.91bd07.js", 34560},
		{"/static/site.c07e55.css", 9403},
		{"/static/icons.7a1d90.svg", 2816},
		{"/static/fonts/inter.5be1d2.woff2", 14208},
	}
}

// modified is when every static file was last changed: fixed, so that entity tags do not depend on the run.
func modified() time.Time { return time.Date(2024, 5, 1, 8, 30, 0, 0, time.UTC) }

// etag is the entity tag nginx gives a static file.
func (a asset) etag() string { return fmt.Sprintf("\"%x-%x\"", modified().Unix(), a.size) }

// writeSite puts the static files and the passwords of the administration into work.
func writeSite(work string) error {
	for _, a := range assets() {
		path := filepath.Join(work, "html", filepath.FromSlash(a.path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, filler(a.size), 0o644); err != nil {
			return err
		}
		if err := os.Chtimes(path, modified(), modified()); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(work, "htpasswd"), []byte("alice:{PLAIN}wonderland\nops team:{PLAIN}night shift\n"), 0o644)
}

// filler returns n bytes of text.
func filler(n int) []byte {
	text := []byte("the quick brown fox jumps over the lazy dog 0123456789\n")
	return bytes.Repeat(text, n/len(text)+1)[:n]
}
