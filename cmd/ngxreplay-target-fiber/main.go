// Command ngxreplay-target-fiber is a system under test for ngxreplay.
package main

import (
	"os"

	"ngxreplay/targets/app"
	"ngxreplay/targets/fiber"
)

func main() { os.Exit(app.Main(fiber.Program())) }
