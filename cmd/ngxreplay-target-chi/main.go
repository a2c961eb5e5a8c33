// Command ngxreplay-target-chi is a system under test for ngxreplay.
package main

import (
	"os"

	"ngxreplay/targets/app"
	"ngxreplay/targets/chi"
)

func main() { os.Exit(app.Main(chi.Program())) }
