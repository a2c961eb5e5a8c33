package main

import (
	"os"
	"testing"

	"ngxreplay/targets/app"
	"ngxreplay/targets/chi"
	"ngxreplay/targets/nethttp"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain puts ngxreplay and two of its targets on PATH, as programs that are this test binary.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"ngxreplay":                main,
		"ngxreplay-target-nethttp": func() { os.Exit(app.Main(nethttp.Program())) },
		"ngxreplay-target-chi":     func() { os.Exit(app.Main(chi.Program())) },
		"ngxreplay-target-broken":  brokenTarget,
	})
}

// brokenTarget says why it cannot start.
func brokenTarget() {
	os.Stderr.WriteString("starting\nconfig.yaml: no such file\n")
	os.Exit(7)
}
