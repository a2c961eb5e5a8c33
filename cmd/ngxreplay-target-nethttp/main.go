// Command ngxreplay-target-nethttp is a system under test for ngxreplay.
package main

import (
	"os"

	"ngxreplay/targets/app"
	"ngxreplay/targets/nethttp"
)

func main() { os.Exit(app.Main(nethttp.Program())) }
