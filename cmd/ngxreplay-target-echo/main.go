// Command ngxreplay-target-echo is a system under test for ngxreplay.
package main

import (
	"os"

	"ngxreplay/targets/app"
	"ngxreplay/targets/echo"
)

func main() { os.Exit(app.Main(echo.Program())) }
