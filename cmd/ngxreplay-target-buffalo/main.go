// Command ngxreplay-target-buffalo is a system under test for ngxreplay.
package main

import (
	"os"

	"ngxreplay/targets/app"
	"ngxreplay/targets/buffalo"
)

func main() { os.Exit(app.Main(buffalo.Program())) }
